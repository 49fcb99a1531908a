"""Settings: read once, checked whole, frozen; the only reader of the environment.

A wrong setting stops the start, and one message lists every fault.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, final

from bridge_patch.adapters.sd_notify import NAMES as TOLD_BY_SYSTEMD
from bridge_patch.app.credentials import FOLDER_NAME, UNSTATED, read_credentials
from bridge_patch.app.envfile import EnvFile, read_env_file
from bridge_patch.app.faults import Fault, SettingsError, found_name, found_value, quoted
from bridge_patch.app.limit_settings import SPELT
from bridge_patch.app.nearmiss import near_miss
from bridge_patch.app.setting_table import (
    DEMO_LOG_NAME,
    JOURNAL_NAME,
    LEASE_TTL_SEC,
    ROWS,
    ExitsProcess,
    LogFormat,
    MarketFeed,
    Requirement,
    Row,
    Settings,
    SignalName,
    VenueName,
)
from bridge_patch.domain.errors import InvalidValueError

__all__ = [
    "DEMO_LOG_NAME",
    "JOURNAL_NAME",
    "LEASE_TTL_SEC",
    "ROWS",
    "ExitsProcess",
    "Loaded",
    "LogFormat",
    "MarketFeed",
    "Requirement",
    "Row",
    "Settings",
    "SettingsError",
    "SignalName",
    "VenueName",
    "load_settings",
    "read_settings",
    "told_by_systemd",
]

_KNOWN: Final = {row.name: row for row in ROWS}
#: The limits' own words, where they differ from the settings'.
_LIMIT_NAMES: Final = {limit: name.upper() for limit, name in SPELT.items()}
#: Where orders meet a market that is not of our making.
_REAL: Final = frozenset({VenueName.BINANCE, VenueName.BINANCE_DEMO})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """Checked settings, and where each value came from."""

    settings: Settings
    origins: Mapping[str, str]


def load_settings(
    env: Mapping[str, str] | None = None, env_file: Path | None = None
) -> Settings:
    """Return checked settings, or raise SettingsError with every fault.

    `env` is the process's environment where it is None. A setting may stand in the
    environment, in `env_file`, or in both with the same value; elsewhere the default holds.
    A secret may also be a credential of systemd's, where the others say none, or the same.
    """
    return read_settings(env, env_file).settings


def read_settings(
    env: Mapping[str, str] | None = None, env_file: Path | None = None
) -> Loaded:
    """As load_settings, and tell where each value came from."""
    environment = os.environ if env is None else env
    file = read_env_file(env_file) if env_file else EnvFile((), ())
    faults = [str(fault) for fault in file.faults]
    faults += _unknown_names(environment, file, str(env_file))
    texts, origins, conflicts = _gather(environment, file, str(env_file))
    faults += conflicts
    faults += _take_credentials(environment.get(FOLDER_NAME), texts, origins)
    values: dict[str, Any] = {}
    unsure = set(file.misread)
    for row in ROWS:
        try:
            value = _parse(row, texts[row.name], origins[row.name])
        except InvalidValueError as e:
            faults.append(str(e))
            unsure.add(row.name)
            value = row.form.read(row.default)
        values[row.name.lower()] = value
    settings = Settings(**values)
    faults += _contradictions(settings, unsure)
    if faults:
        raise SettingsError(tuple(faults))
    return Loaded(settings=settings, origins=origins)


def told_by_systemd() -> Mapping[str, str]:
    """Return what systemd told this process of its socket and watchdog, if anything."""
    return {name: os.environ[name] for name in TOLD_BY_SYSTEMD if name in os.environ}


def _unknown_names(env: Mapping[str, str], file: EnvFile, path: str) -> list[str]:
    """Fault every unknown name in the file, and near-misses in the environment.

    Values are not shown: a misspelt name may stand before a secret, or be one.
    """
    places = [(a.name, f"line {a.line} of {path}") for a in file.assignments]
    names = [*places, *((name, "the environment") for name in sorted(env))]
    faults = []
    for name, where in names:
        meant = near_miss(name, _KNOWN)
        if name in _KNOWN or (where == "the environment" and not meant):
            continue
        fault = Fault(
            name=quoted(name)[1:-1] if meant else found_name(name),
            expected="the name of a setting",
            found=f"an unknown one in {where}",
            remedy=f"write {meant}, or remove it" if meant else "remove it",
        )
        faults.append(str(fault))
    return faults


def _gather(
    env: Mapping[str, str], file: EnvFile, path: str
) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """Return each setting's text and origin, and what environment and file disagree on."""
    texts = {row.name: row.default for row in ROWS}
    origins = dict.fromkeys(texts, "default")
    conflicts = []
    for name in texts.keys() & env.keys():
        texts[name], origins[name] = env[name], "environment"
    for a in file.assignments:
        if a.name not in texts:
            continue
        if a.name in env and env[a.name] != a.value:
            secret = _KNOWN[a.name].form.secret
            said = "another value" if secret else found_value(env[a.name])
            fault = Fault(
                name=a.name,
                expected="one value",
                found=f"{said} in the environment and another in line {a.line} of {path}",
                remedy="say it once",
            )
            conflicts.append(str(fault))
        texts[a.name], origins[a.name] = a.value, f"{path}:{a.line}"
    return texts, origins, conflicts


def _take_credentials(
    folder: str | None, texts: dict[str, str], origins: dict[str, str]
) -> list[str]:
    """Put systemd's credentials in their places; list what they contradict."""
    if not folder:
        return []
    values, unread = read_credentials(Path(folder))
    faults = [str(fault) for fault in unread]
    for name, value in values.items():
        if texts[name] not in {UNSTATED, value}:
            fault = Fault(
                name=name,
                expected="one value",
                found=f"one in the credential and another ({origins[name]})",
                remedy=f"write {name}={UNSTATED} and keep the credential",
            )
            faults.append(str(fault))
        texts[name], origins[name] = value, f"credential {name.lower()}"
    return faults


def _parse(row: Row, text: str, origin: str) -> object:
    try:
        if text:
            return row.form.read(text)
    except ValueError:
        pass
    found = "a value that is not shown" if row.form.secret else found_value(text)
    fault = Fault(
        name=row.name,
        expected=row.form.expected,
        found=f"{found if text else 'an empty value'} ({origin})",
        remedy=_remedy(row, text),
    )
    raise InvalidValueError(str(fault))


def _remedy(row: Row, text: str) -> str:
    if not text:
        return f"write one, or remove the name for the default {row.default}"
    if "#" in text:
        return "write the value alone, a comment needs a line of its own"
    if text != text.strip():
        return "remove the spaces around it"
    if row.form.remedy:
        return row.form.remedy
    if text.lower() in row.form.choices:
        return f"write {row.name}={text.lower()}"
    return f"write it as in {row.name}={row.default}"


def _contradictions(settings: Settings, unsure: set[str]) -> list[str]:
    """List settings that exclude each other, leaving out those that could not be read."""
    try:
        settings.limits()
    except InvalidValueError as e:
        texts = [_with_setting_names(text) for text in str(e).split("; ")]
    else:
        texts = []
    if settings.venue in _REAL and settings.market_feed is MarketFeed.REPLAY:
        texts.append(
            f"VENUE={settings.venue} must not be judged by recorded prices,"
            " MARKET_FEED=replay"
        )
    texts += _same_ports(settings)
    return [
        f"{text}: change one of them"
        for text in texts
        if not unsure & set(re.findall(r"[A-Z0-9_]+", text))
    ]


def _same_ports(settings: Settings) -> list[str]:
    names = ("METRICS_PORT_ENGINE", "METRICS_PORT_EXECUTION", "METRICS_PORT_EXITS")
    ports = [int(getattr(settings, name.lower())) for name in names]
    return [
        f"{one} and {two} must differ, were {ports[i]}"
        for i, one in enumerate(names)
        for j, two in enumerate(names)
        if i < j and ports[i] == ports[j] != 0
    ]


def _with_setting_names(text: str) -> str:
    for limit, name in _LIMIT_NAMES.items():
        text = re.sub(rf"\b{limit}\b", name, text)
    return re.sub(r"\b[a-z]+(_[a-z0-9]+)+\b", lambda m: m[0].upper(), text)

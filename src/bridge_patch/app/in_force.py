"""The settings that a run was judged under, read back from what it journaled of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from bridge_patch.app.limit_settings import SPELT
from bridge_patch.app.setting_table import ROWS
from bridge_patch.domain.events import RunStarted
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.money import ZERO

#: The limits' own words, where the setting is not the same word in upper case.
SETTING_OF: Final = MappingProxyType({limit: s.upper() for limit, s in SPELT.items()})
#: Settings that are in milliseconds themselves; other times are set in seconds.
_IN_MS: Final = frozenset(row.name for row in ROWS if row.name.endswith("_MS"))
#: What a venue must be called to be nobody's money; any other name is taken for real.
SIMULATED: Final = frozenset({"paper", "simulator", "binance-demo"})


def in_force(limits: str) -> Mapping[str, str]:
    """Return settings as a run's limits state them, by their names, in their units.

    >>> in_force("mark_age_max_ms=2000")["MARK_AGE_MAX_SEC"]
    '2'
    """
    found = {}
    for line in limits.splitlines():
        limit, _, value = line.partition("=")
        name = SETTING_OF.get(limit, limit.upper())
        if name.endswith("_MS") and name not in _IN_MS and value.isdecimal():
            name, value = f"{name[:-3]}_SEC", _plain(Decimal(value) / 1000)
        found[name] = value.lower() if value in {"True", "False"} else value
    return found


def number(settings: Mapping[str, str], name: str) -> Decimal:
    """Return a setting that is a number; zero where the run did not state it."""
    return Decimal(settings.get(name, "0"))


def fail_open_of(run: RunStarted | None) -> str:
    """Return the sentence that every screen of a fail-open run carries, else nothing."""
    if run is None or in_force(run.limits).get("GOVERNOR_FAIL_OPEN") != "true":
        return ""
    where = "LIVE" if run.mode is Mode.LIVE else "SHADOW"
    return (
        f"GOVERNOR_FAIL_OPEN=true in this {where} run: the confidence floor and an"
        " intent's own risk budget only warn"
    )


def is_simulated(run: RunStarted) -> bool:
    """Tell whether a run's live orders are nobody's money."""
    return run.venue in SIMULATED


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}" if value else f"{ZERO}"

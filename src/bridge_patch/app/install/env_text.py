"""The env file that is shipped: every setting uncommented, below what explains it."""

from __future__ import annotations

import textwrap
from collections.abc import Collection
from types import MappingProxyType
from typing import Final

from bridge_patch.app.credentials import CREDENTIALS as SECRETS
from bridge_patch.app.install.places import CREDENTIALS, STATE
from bridge_patch.app.settings import ROWS, Row

#: What services of systemd need otherwise than a run by hand, and nothing else.
DEPLOYED: Final = MappingProxyType(
    {
        "MARKET_FEED": "live",
        "EXITS_PROCESS": "separate",
        "STATE_DIR": STATE,
        "METRICS_PORT_ENGINE": "9464",
        "METRICS_PORT_EXECUTION": "9465",
        "METRICS_PORT_EXITS": "9466",
    }
)
_CREDENTIAL_OF: Final = MappingProxyType({name: file for file, name in SECRETS.items()})
_HEAD: Final = """\
# BRIDGE-PATCH settings, for systemd's EnvironmentFile= or --env-file.
# Every setting stands here with its default; docs/settings.md explains them.
# One NAME=value per line; a comment needs a line of its own.
"""
_COMMENT_WIDTH: Final = 88


def env_file(names: Collection[str] | None = None) -> str:
    """Return the shipped env file, or of it the settings that are named, without a head."""
    rows = [row for row in ROWS if names is None or row.name in names]
    head = _HEAD if names is None else ""
    return head + "".join(f"\n{_comment(row)}{row.name}={shipped(row)}\n" for row in rows)


def shipped(row: Row) -> str:
    """Return a setting's value in the shipped env file."""
    return DEPLOYED.get(row.name, row.default)


def _comment(row: Row) -> str:
    unit = f" [{row.unit}]" if row.unit else ""
    meaning = row.meaning[0].upper() + row.meaning[1:]
    text = f"{meaning}{unit}. Write {row.form.expected}."
    if row.name in DEPLOYED:
        text += f" By hand the default is {row.default}."
    if file := _CREDENTIAL_OF.get(row.name):
        text += f" Leave none here, and write it into {CREDENTIALS}/{file}."
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, _COMMENT_WIDTH - 2))

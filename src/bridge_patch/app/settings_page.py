"""Writes the table in `docs/settings.md` and the shipped env file from the settings.

`python -m bridge_patch.app.settings_page` in the project's root writes both again.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Final

from bridge_patch.app.settings import ROWS, Row

PAGE: Final = Path("docs/settings.md")
ENV_FILE: Final = Path("deploy/bridge-patch.env")
_BEGIN: Final = (
    "<!-- settings: begin, written by python -m bridge_patch.app.settings_page -->\n"
)
_END: Final = "<!-- settings: end -->\n"

_HEAD: Final = """\
# BRIDGE-PATCH settings, for systemd's EnvironmentFile= or --env-file.
# Every setting stands here with its default; docs/settings.md explains them.
# One NAME=value per line; a comment needs a line of its own.
"""
_COMMENT_WIDTH: Final = 88


def settings_table() -> str:
    """Return a table that lists every setting once, with the markers around it."""
    rows = ["| name | default | value | unit | meaning |", "|---|---|---|---|---|"]
    for row in ROWS:
        cells = (f"`{row.name}`", f"`{row.default}`", row.form.expected)
        rows.append(f"| {' | '.join((*cells, row.unit or '–', row.meaning))} |")
    return _BEGIN + "\n".join(rows) + "\n" + _END


def env_file() -> str:
    """Return the shipped env file: every setting uncommented, a comment above it."""
    return _HEAD + "".join(f"\n{_comment(row)}{row.name}={row.default}\n" for row in ROWS)


def page_with_table(page: str) -> str:
    """Return the page with its table, between the markers, as the settings are now."""
    before, _, rest = page.partition(_BEGIN)
    return before + settings_table() + rest.partition(_END)[2]


def write(root: Path) -> None:
    """Write both files below `root`."""
    page = root / PAGE
    page.write_text(page_with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
    (root / ENV_FILE).parent.mkdir(exist_ok=True)
    (root / ENV_FILE).write_text(env_file(), encoding="utf-8")


def _comment(row: Row) -> str:
    unit = f" [{row.unit}]" if row.unit else ""
    meaning = row.meaning[0].upper() + row.meaning[1:]
    text = f"{meaning}{unit}. Write {row.form.expected}."
    return "".join(f"# {line}\n" for line in textwrap.wrap(text, _COMMENT_WIDTH - 2))


if __name__ == "__main__":
    write(Path())

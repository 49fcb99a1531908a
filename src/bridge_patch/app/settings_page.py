"""Writes the table in `docs/settings.md`, and what stands in `deploy/`, from the code.

`python -m bridge_patch.app.settings_page` in the project's root writes all of it again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bridge_patch.app.install.env_text import env_file
from bridge_patch.app.install.units import UNITS, unit_text
from bridge_patch.app.settings import ROWS

PAGE: Final = Path("docs/settings.md")
ENV_FILE: Final = Path("deploy/bridge-patch.env")
_BEGIN: Final = (
    "<!-- settings: begin, written by python -m bridge_patch.app.settings_page -->\n"
)
_END: Final = "<!-- settings: end -->\n"


def settings_table() -> str:
    """Return a table that lists every setting once, with the markers around it."""
    rows = ["| name | default | value | unit | meaning |", "|---|---|---|---|---|"]
    for row in ROWS:
        cells = (f"`{row.name}`", f"`{row.default}`", row.form.expected)
        rows.append(f"| {' | '.join((*cells, row.unit or '–', row.meaning))} |")
    return _BEGIN + "\n".join(rows) + "\n" + _END


def deployed() -> dict[Path, str]:
    """Return what is shipped beside the program: env file and units."""
    units = {Path(f"deploy/{unit.name}.service"): unit_text(unit) for unit in UNITS}
    return {ENV_FILE: env_file()} | units


def page_with_table(page: str) -> str:
    """Return the page with its table, between the markers, as the settings are now."""
    before, _, rest = page.partition(_BEGIN)
    return before + settings_table() + rest.partition(_END)[2]


def write(root: Path) -> None:
    """Write the page and the shipped files below `root`."""
    page = root / PAGE
    page.write_text(page_with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
    for path, text in deployed().items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path())

"""Writes `docs/museum.md`: every incident, and the test that keeps it from coming back.

`python -m tests.museum.page` in the project's root writes it again.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/museum.md"
TITLES = Path(__file__).parent / "titles.toml"
EXEMPT = ROOT / "tests/museum_exempt.toml"
#: The incidents themselves; they lie beside the project where it is made, and not in it.
INCIDENTS = ROOT.parent / "shared/reference/incidents.md"

HEAD = """\
# The museum

Each row is a failure that a real system had, and what holds here instead.
The test beside it fails when the fault is put back; its docstring begins with the row's id.
Rows without one say why, or which step brings it; some have a test and wait for a part.

`make docs` writes this page from those docstrings, from `tests/museum/titles.toml` and from
`tests/museum_exempt.toml`.
"""


@dataclass(frozen=True, kw_only=True)
class Witness:
    """A test whose docstring begins with a row's id."""

    row: str
    name: str
    file: str


@dataclass(frozen=True, kw_only=True)
class Excuse:
    """Why a row has no test, or (`rest`) why its test does not show all of it yet.

    `step` names the work that brings the test; without one the row never applies here.
    """

    row: str
    reason: str
    step: str = ""
    rest: bool = False


def titles() -> Mapping[str, Mapping[str, str]]:
    """Every row's title by its id, within its group."""
    return tomllib.loads(TITLES.read_text(encoding="utf-8"))


def excuses() -> tuple[Excuse, ...]:
    """What the exemption list says; a row that comes later has to name its step."""
    found = []
    for row in tomllib.loads(EXEMPT.read_text(encoding="utf-8"))["row"]:
        unknown = row.keys() - {"id", "reason", "later", "step", "rest"}
        assert not unknown, f"{row['id']}: {unknown}"
        assert row.get("later", False) == ("step" in row), f"{row['id']}: later, or no step"
        found.append(
            Excuse(
                row=row["id"],
                reason=row["reason"],
                step=row.get("step", ""),
                rest=row.get("rest", False),
            )
        )
    return tuple(found)


def witnesses() -> tuple[Witness, ...]:
    """Every test that names a row, in the order of files and lines."""
    return tuple(
        test for path in sorted(ROOT.glob("tests/**/test_*.py")) for test in _tests_in(path)
    )


def _tests_in(path: Path) -> Iterator[Witness]:
    text = path.read_text(encoding="utf-8")
    if '"""M-' not in text:
        return
    for node in ast.parse(text).body:
        if not isinstance(node, ast.FunctionDef) or not node.name.startswith("test_"):
            continue
        if named := re.match(r"(M-\d+): ", ast.get_docstring(node) or ""):
            file = path.relative_to(ROOT).as_posix()
            yield Witness(row=named[1], name=node.name, file=file)


def faults(
    rows: Mapping[str, str], found: Sequence[Witness], excused: Sequence[Excuse]
) -> list[str]:
    """What is wrong between the rows (id to test name), the tests and the exemptions."""
    told = []
    for row, name in rows.items():
        tested = any(t.row == row and t.name == name for t in found)
        mine = [e for e in excused if e.row == row]
        if len(mine) > 1:
            told.append(f"{row} is excused {len(mine)} times")
        if not tested and not mine:
            told.append(f"{row} has neither {name} nor a reason")
        if not tested and any(e.rest for e in mine):
            told.append(f"{row} waits for the rest of a test that does not exist")
        if tested and any(not (e.rest and e.step) for e in mine):
            told.append(f"{row} has its test and is excused")
    named = {(t.row, t.name) for t in found}
    told += [f"{row} is not a row" for row, _ in sorted(named) if row not in rows]
    told += [f"{e.row} is not a row" for e in excused if e.row not in rows]
    told += [f"{e.row} has no reason" for e in excused if len(e.reason) < 20]
    names = {name: row for row, name in rows.items()}
    told += [
        f"{t.name} says {t.row} and is {names[t.name]}"
        for t in found
        if names.get(t.name, t.row) != t.row
    ]
    return told


def page() -> str:
    """The whole page."""
    found, excused = witnesses(), {e.row: e for e in excuses()}
    parts, counts = [], {"tested": 0, "later": 0, "never": 0}
    for group, rows in titles().items():
        lines = [f"\n## {group}\n", "| id | what holds | shown by |", "|---|---|---|"]
        for row, title in rows.items():
            mine, excuse = [t for t in found if t.row == row], excused.get(row)
            kind = "tested" if mine else "later" if excuse and excuse.step else "never"
            counts[kind] += 1
            lines.append(f"| {row} | {title} | {_shown(mine, excuse)} |")
        parts.append("\n".join(lines))
    tally = (
        f"\nOf {sum(counts.values())} rows {counts['tested']} have their test,"
        f" {counts['later']} come with a later step,"
        f" and {counts['never']} has no place here.\n"
    )
    return HEAD + tally + "\n".join(parts) + "\n"


def _shown(mine: Sequence[Witness], excuse: Excuse | None) -> str:
    """The tests of a row, the one in the museum first, and what is still to come."""
    files = sorted(mine, key=lambda t: not t.file.startswith("tests/museum/"))
    cells = [f"`{t.file}::{t.name}`" for t in files]
    if excuse is not None:
        when = f"later, with “{excuse.step}”: " if excuse.step else "does not apply: "
        cells.append(("the rest " if excuse.rest else "") + when + excuse.reason)
    return "<br>".join(cells)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

"""The museum itself: no row is forgotten, and every document names tests that exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.museum.page import (
    INCIDENTS,
    PAGE,
    ROOT,
    Excuse,
    Witness,
    excuses,
    faults,
    page,
    titles,
    witnesses,
)

AGAIN = "run `python -m tests.museum.page` in the root and read what changed"
ROW = re.compile(r"^\| (M-\d+) \|.*\| `(test_\w+)` \|$", re.MULTILINE)
GOOD = {"M-01": "test_a", "M-02": "test_b", "M-03": "test_c"}
TESTED = (
    Witness(row="M-01", name="test_a", file="tests/test_a.py"),
    Witness(row="M-01", name="test_more", file="tests/test_a.py"),
    Witness(row="M-03", name="test_c", file="tests/test_a.py"),
)
LATER = Excuse(row="M-02", reason="there is no such thing yet", step="A later step")
REST = Excuse(row="M-03", reason="half of it is not there", step="A later step", rest=True)


def named_tests() -> set[str]:
    """Every test function there is, by its name and by file::name."""
    names = set()
    for path in ROOT.glob("tests/**/test_*.py"):
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                names |= {node.name, f"{file}::{node.name}"}
    return names


def test_every_museum_row_has_a_test_or_a_reason() -> None:
    """M-110: fixes were announced that nobody committed; named tests did not exist.

    Without the incidents beside the project their ids are those of the titles, and the
    test of a row is whichever names it.
    """
    assert faults(GOOD, TESTED, (LATER, REST)) == []
    ids = [row for group in titles().values() for row in group]
    named = {t.row: t.name for t in reversed(witnesses())}
    assert (
        faults({row: named.get(row, "test_none") for row in ids}, witnesses(), excuses())
        == []
    )

    exist, texts = named_tests(), [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    for text in texts:
        cited = re.findall(r"`((?:tests/[\w/]+\.py::)?test_\w+)`", text.read_text())
        assert [name for name in cited if name not in exist] == [], text.name

    if not INCIDENTS.exists():
        pytest.skip(
            "the incidents are not beside this project: compared by the titles only"
        )
    rows = dict(ROW.findall(INCIDENTS.read_text(encoding="utf-8")))
    assert [*rows] == ids
    assert faults(rows, witnesses(), excuses()) == []


@pytest.mark.parametrize(
    ("found", "excused", "told"),
    [
        (TESTED, (), "M-02 has neither test_b nor a reason"),
        (TESTED[1:], (LATER,), "M-01 has neither test_a nor a reason"),
        (TESTED, (LATER, LATER), "M-02 is excused 2 times"),
        (TESTED, (LATER, Excuse(row="M-01", reason="x" * 20)), "M-01 has its test"),
        (TESTED, (Excuse(row="M-02", reason="no"),), "M-02 has no reason"),
        (TESTED, (LATER, Excuse(row="M-99", reason="x" * 20)), "M-99 is not a row"),
        (TESTED[:2], (LATER, REST), "M-03 waits for the rest"),
        (
            (*TESTED, Witness(row="M-98", name="test_z", file="tests/test_a.py")),
            (LATER,),
            "M-98 is not a row",
        ),
        (
            (*TESTED, Witness(row="M-03", name="test_a", file="tests/test_a.py")),
            (LATER,),
            "test_a says M-03 and is M-01",
        ),
    ],
)
def test_each_fault_of_the_museum_is_told(
    found: tuple[Witness, ...], excused: tuple[Excuse, ...], told: str
) -> None:
    """Guards the test above: every way in which it can be wrong is seen."""
    assert any(text.startswith(told) for text in faults(GOOD, found, excused))


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), AGAIN

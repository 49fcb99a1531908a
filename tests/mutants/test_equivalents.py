"""The list of accepted mutants is as short as the truth."""

import pytest

from tests.mutants import equivalents
from tests.mutants.package import sources
from tests.mutants.planting import mutants_of

ENTRY = """
[[equivalent]]
file = "x.py"
function = "f"
was = "a > b"
now = "a >= b"
reason = "they are never equal"
"""
MADE = mutants_of("x.py", "def f(a, b) -> bool:\n    return h(a > b)\n")
KEY = ("x.py", "f", "h(a > b)", "h(a >= b)", 1)


def test_every_listed_mutant_is_still_made() -> None:
    """What `make mutants` would find only after many minutes."""
    made = [m for file, text in sources().items() for m in mutants_of(file, text)]
    listed = equivalents.load(equivalents.LIST.read_text())

    assert equivalents.faults(listed, made, {}) == []


def test_an_entry_names_a_mutant_and_its_reason() -> None:
    reasons = equivalents.load(ENTRY)

    assert reasons == {("x.py", "f", "a > b", "a >= b", 1): "they are never equal"}


def test_an_entry_of_no_mutant_is_a_fault() -> None:
    (fault,) = equivalents.faults(equivalents.load(ENTRY), MADE, {})

    assert fault == "listed, but not made any more: x.py f: a > b -> a >= b"


def test_an_entry_that_a_test_notices_is_a_fault() -> None:
    assert [m.key for m in MADE if m.key == KEY] == [KEY]
    assert equivalents.faults([KEY], MADE, {}) == []
    (fault,) = equivalents.faults([KEY], MADE, {KEY: "test_x.py::test_y"})

    assert fault.startswith("listed, but noticed by test_x.py::test_y: x.py f:")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ENTRY + ENTRY, "listed twice"),
        (ENTRY.replace("they are never equal", " "), "no reason"),
        (ENTRY + 'why = "so"\n', "why?"),
    ],
)
def test_a_list_that_says_less_than_it_must_is_refused(text: str, said: str) -> None:
    with pytest.raises(equivalents.BadListError, match=said):
        equivalents.load(text)

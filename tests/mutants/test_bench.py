"""Tests that are likely to notice go first, and what is shown says where to look."""

import ast

from tests.mutants import equivalents
from tests.mutants.bench import Bench, Seen
from tests.mutants.package import PACKAGE, Planted
from tests.mutants.planting import mutants_of
from tests.mutants.report import as_entry, survivor

SOURCE = "def f(a, b) -> bool:\n    c = h(a)\n    return g(a > b)\n"
(MUTANT,) = [m for m in mutants_of("x.py", SOURCE) if ">=" in m.now]
SEEN = Seen(
    seconds={"a.py::slow": 3, "a.py::quick": 1, "b.py::near": 2, "c.py::far": 0.5},
    failed=[],
    tests_at={"x.py": {3: ["a.py::slow", "b.py::near"], 2: ["a.py::quick"]}},
)


def test_who_runs_the_line_goes_first_and_nobody_is_left_out() -> None:
    bench = Bench(SEEN)

    assert bench.near(MUTANT) == ["b.py::near", "a.py::slow"]
    assert bench.all(MUTANT) == [*bench.near(MUTANT), "c.py::far", "a.py::quick"]


def test_what_no_test_runs_is_put_to_all_of_them() -> None:
    (table,) = mutants_of("x.py", "RULES = (one,)\n")

    assert set(Bench(SEEN).near(table)) == set(SEEN.seconds)


def test_who_has_noticed_something_near_goes_before_the_quick() -> None:
    bench = Bench(SEEN)
    bench.note(MUTANT, "a.py::slow")

    assert bench.near(MUTANT)[0] == "a.py::slow"


def test_a_survivor_is_shown_where_it_stands() -> None:
    assert survivor(MUTANT, SOURCE, "src") == (
        "src/x.py:3 in f (bound)\n        return g(a > b)\n  - g(a > b)\n  + g(a >= b)"
    )


def test_a_survivor_as_an_entry_is_one_that_the_list_takes_with_a_reason() -> None:
    entry = as_entry(MUTANT).replace('reason = ""', 'reason = "known"')

    assert equivalents.load(entry) == {MUTANT.key: "known"}


def test_only_the_planted_module_is_found_and_it_has_the_fault() -> None:
    planted = Planted(ast.parse("ALLOW = 'planted'"), "votes.py")
    spec = planted.find_spec(f"{PACKAGE}.votes", None)

    assert planted.find_spec(f"{PACKAGE}.weigh", None) is None
    assert spec
    assert spec.loader
    names: dict[str, object] = {}
    exec(spec.loader.get_code(spec.name), names)  # type: ignore[attr-defined]  # noqa: S102
    assert names["ALLOW"] == "planted"

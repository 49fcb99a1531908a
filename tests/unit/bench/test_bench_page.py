"""The page of results: written by the benchmarks, never typed; nothing is timed here."""

import json
import re
from dataclasses import asdict, replace
from datetime import date

import pytest

from bench.measuring import Figure, Outcome, lines_of, outcome_of
from bench.page import (
    BEGIN,
    END,
    PAGE,
    machine_text,
    measured_text,
    names,
    page_with,
    section,
    sections_of,
    told_by,
)

TODAY = date(2026, 1, 31)
MET = Outcome(
    name="subject / reference",
    ratio=2.0,
    wanted="at most",
    goal=3.0,
    figures=(Figure("subject", 2.0, "µs", "goal 3"), Figure("reference", 1.0, "µs")),
)


def test_the_page_has_one_row_for_every_benchmark() -> None:
    """A new benchmark that nobody ran for the page would be missed by nobody else."""
    page = PAGE.read_text(encoding="utf-8")
    measured = page.partition(BEGIN)[2].partition(END)[0]
    rows = re.findall(r"^\| `(bench_\w+)` \|", measured, re.MULTILINE)

    assert tuple(rows) == names()
    for name in names():
        assert re.search(
            rf"^`\.venv/bin/python -m bench\.{name}[` ]", measured, re.MULTILINE
        )
        assert f"`{name}`" in page.partition(BEGIN)[0]


def test_everything_between_the_markers_is_written_by_the_page() -> None:
    """A word that somebody adds there would be gone after the next run."""
    page = PAGE.read_text(encoding="utf-8")

    assert page_with(page, measured_text(sections_of(page))) == page


def test_the_middle_run_is_shown_between_the_lowest_and_the_highest() -> None:
    runs = [replace(MET, ratio=ratio) for ratio in (2.5, 3.5, 1.5)]
    found = section("bench_it", runs, today=TODAY)

    row = "| `bench_it` | subject / reference | at most 3 | 2.500 | 1.500 to 3.500 |"
    assert found.row == f"{row} 2026-01-31, 3 times | **met 2 of 3** |\n"
    assert "\n".join(lines_of(runs[0])) in found.figures


@pytest.mark.parametrize(("ratio", "word"), [(2.0, "met"), (4.0, "**missed**")])
def test_a_miss_is_not_to_be_overlooked(ratio: float, word: str) -> None:
    found = section("bench_it", [replace(MET, ratio=ratio)], today=TODAY)

    assert found.row.endswith(f" | {word} |\n")


def test_the_figures_say_how_when_and_on_what_they_were_measured() -> None:
    found = section("bench_it", [MET], today=TODAY, arguments=("--late", "8"))

    command = "`.venv/bin/python -m bench.bench_it --late 8`"
    assert found.figures.startswith(f"{command} (2026-01-31, once; {machine_text()})\n\n")
    assert "| 2026-01-31, once, `--late 8` |" in found.row


def test_what_was_not_run_again_stays_as_it_was() -> None:
    first = {name: section(name, [MET], today=TODAY) for name in ("bench_a", "bench_b")}
    page = page_with(f"{BEGIN}{END}", measured_text(first))
    again = section("bench_b", [MET, MET, MET], today=date(2026, 2, 1))
    page = page_with(page, measured_text(sections_of(page) | {"bench_b": again}))

    assert sections_of(page) == {"bench_a": first["bench_a"], "bench_b": again}


def test_a_benchmark_that_cannot_run_here_says_why_and_is_no_outcome() -> None:
    told = told_by("bench_it", "skipped: no server\n")

    assert told == "bench_it was skipped: no server"
    assert told_by("bench_it", json.dumps(asdict(MET))) == MET


def test_a_page_without_results_says_nothing_of_any() -> None:
    assert sections_of(f"{BEGIN}{END}") == {}
    assert "bench_" not in measured_text({})


def test_what_stands_outside_the_markers_stays() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"

    assert page_with(page, "new\n") == f"before\n{BEGIN}new\n{END}after\n"
    with pytest.raises(ValueError, match="must have the markers"):
        page_with("no markers", "new\n")


def test_an_outcome_told_as_json_is_the_same_again() -> None:
    assert outcome_of(json.dumps(asdict(MET) | {"met": MET.is_met})) == MET


def test_the_machine_is_described_and_not_named() -> None:
    words = r"\d+ processors \(\w+\), \w+, \w+ [\d.]+\S*"

    assert re.fullmatch(words, machine_text())

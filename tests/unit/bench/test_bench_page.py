"""The page of results: written by the benchmarks, never typed; nothing is timed here."""

import json
import re
from dataclasses import asdict, replace
from datetime import date

import pytest

from bench.measuring import Figure, Outcome, lines_of, outcome_of
from bench.page import BEGIN, END, PAGE, machine_text, measured_text, names, page_with

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
        assert f"`.venv/bin/python -m bench.{name}`" in measured
        assert f"`{name}`" in page.partition(BEGIN)[0]


def test_the_middle_run_is_shown_between_the_lowest_and_the_highest() -> None:
    runs = [replace(MET, ratio=ratio) for ratio in (2.5, 3.5, 1.5)]
    text = measured_text({"bench_it": runs}, machine="a machine")

    assert text.startswith("a machine\n\n| benchmark |")
    row = "| `bench_it` | subject / reference | at most 3 | 2.500 | 1.500 to 3.500 |"
    assert f"{row} **met 2 of 3** |\n" in text
    assert "\n".join(lines_of(runs[0])) in text


@pytest.mark.parametrize(("ratio", "word"), [(2.0, "met"), (4.0, "**missed**")])
def test_a_miss_is_not_to_be_overlooked(ratio: float, word: str) -> None:
    text = measured_text({"bench_it": [replace(MET, ratio=ratio)]}, machine="")

    assert f" | {word} |\n" in text


def test_what_stands_outside_the_markers_stays() -> None:
    page = f"before\n{BEGIN}old\n{END}after\n"

    assert page_with(page, "new\n") == f"before\n{BEGIN}new\n{END}after\n"
    with pytest.raises(ValueError, match="must have the markers"):
        page_with("no markers", "new\n")


def test_an_outcome_told_as_json_is_the_same_again() -> None:
    assert outcome_of(json.dumps(asdict(MET) | {"met": MET.is_met})) == MET


def test_the_machine_is_described_and_not_named() -> None:
    words = r"2026-01-31, \d+ processors \(\w+\), \w+, \w+ [\d.]+\S*; every .+ ran once\."

    assert re.fullmatch(words, machine_text(date(2026, 1, 31), 1))

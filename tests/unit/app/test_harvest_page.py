"""The page about exits: what is between its markers is what the command writes."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bridge_patch.app.harvest.crash_text import crashes_text
from bridge_patch.app.harvest.page import (
    CRASHES,
    EVALUATION,
    begin,
    end,
    page_with,
    part_of,
    write_page,
)
from bridge_patch.app.harvest.picture import picture
from bridge_patch.app.harvest.text import PICTURE_NAME, evaluation_text
from bridge_patch.domain.errors import InvalidValueError
from tests.unit.app import harvest_samples as samples

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs/harvest.md"


def shape(text: str) -> list[str]:
    """What does not depend on figures: headings, and the heads of tables."""
    lines = text.splitlines()
    tables = [
        line
        for line, after in zip(lines, [*lines[1:], ""], strict=True)
        if line.startswith("| ") and set(after) <= set("|-: ") and after
    ]
    return [*(line for line in lines if line.startswith("#")), *tables]


def rows(text: str, head: str) -> list[list[str]]:
    """The cells of the table whose head begins so."""
    lines = text.splitlines()
    (first,) = [n for n, line in enumerate(lines) if line.startswith(head)]
    found = []
    for line in lines[first + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


@pytest.mark.parametrize(
    ("part", "made"),
    [
        (EVALUATION, evaluation_text(samples.EVALUATION)),
        (CRASHES, crashes_text(samples.ATTEMPTS)),
    ],
)
def test_the_page_has_the_form_that_the_command_writes(part: str, made: str) -> None:
    """Its figures take minutes to find: `make harvest` does, this only reads."""
    written = part_of(PAGE.read_text(encoding="utf-8"), part)

    assert shape(written) == shape(made)
    for table in shape(made):
        if table.startswith("|"):
            assert all(len(row) == table.count("|") - 1 for row in rows(written, table))


def test_the_page_calls_significant_what_its_own_intervals_say_is() -> None:
    written = part_of(PAGE.read_text(encoding="utf-8"), EVALUATION)
    found = rows(written, "| market | mode | less |")

    assert len(found) == 12
    for *_, interval, _block, word in found:
        low, high = (float(end_.replace("−", "-")) for end_ in interval.split(" to "))
        expected = "better" if low > 0 else "worse" if high < 0 else "not significant"
        if low and high:  # an end that was rounded to zero leaves it open
            assert word.strip("*") == expected


def test_the_page_says_that_nothing_was_liquidated_and_nothing_left_open() -> None:
    found = rows(part_of(PAGE.read_text(encoding="utf-8"), CRASHES), "| crash | entries |")

    assert found
    assert {tuple(row[9:12]) for row in found} == {("0", "0", "0")}


def test_the_picture_is_there_needs_nothing_and_runs_nothing() -> None:
    drawn = (PAGE.with_name(PICTURE_NAME)).read_text(encoding="utf-8")
    root = ET.fromstring(drawn)  # noqa: S314 - our own file
    names = {element.tag.rpartition("}")[2] for element in root.iter()}

    assert names <= {"svg", "style", "rect", "line", "circle", "text", "g", "title"}
    assert "prefers-color-scheme: dark" in drawn
    assert "url(" not in drawn
    assert "@import" not in drawn


def test_the_picture_marks_what_is_better_worse_or_neither() -> None:
    """Three times the six comparisons: the market, and its two symbols."""
    drawn = picture(samples.EVALUATION)
    titles = re.findall(r"<title>(.*?)</title>", drawn)

    assert len(titles) == 18
    assert sum(title.endswith(": worse") for title in titles) == 3
    assert sum(title.endswith(": better") for title in titles) == 3
    assert "BTCUSDT, swing less hold to time: −2.5 bp, −4.0 to −1.0: worse" in titles


def test_a_comparison_of_too_few_has_no_interval_and_says_so() -> None:
    few = replace(samples.EVALUATION.pooled[0], interval=None)
    found = replace(samples.EVALUATION, pooled=(few, *samples.EVALUATION.pooled[1:]))

    assert "| – | too few |" in evaluation_text(found)
    assert "too few" in picture(found)
    assert "Of the 5 intervals for a whole market" in evaluation_text(found)


def test_a_part_is_put_between_its_markers_and_nothing_else_is_touched(
    tmp_path: Path,
) -> None:
    page = tmp_path / "page.md"
    head, tail = "# Mine\n\n", "\nand mine too\n"
    page.write_text(f"{head}{begin(CRASHES)}old\n{end(CRASHES)}{tail}", encoding="utf-8")

    write_page(page, {CRASHES: "new\n"}, "<svg/>\n")

    text = page.read_text(encoding="utf-8")
    assert text == f"{head}{begin(CRASHES)}new\n{end(CRASHES)}{tail}"
    assert part_of(page_with(text, CRASHES, "newer\n"), CRASHES) == "newer\n"
    assert (tmp_path / PICTURE_NAME).read_text(encoding="utf-8") == "<svg/>\n"


@pytest.mark.parametrize("text", [None, "# no markers\n", begin(CRASHES)])
def test_a_page_that_has_no_place_for_it_is_left_alone(
    tmp_path: Path, text: str | None
) -> None:
    page = tmp_path / "page.md"
    if text is not None:
        page.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidValueError, match="--page must"):
        write_page(page, {CRASHES: "new\n"}, None)

    assert (page.read_text(encoding="utf-8") if page.exists() else None) == text


def test_the_crashes_are_told_entry_by_entry_and_stop_by_stop() -> None:
    told = crashes_text(samples.ATTEMPTS)
    outcome = rows(told, "| crash | entries |")

    assert [row[1:6] for row in outcome] == [
        ["as it runs", "1", "1", "0", "0"],
        ["past the sizer", "3", "0", "1", "2"],
    ]
    assert outcome[1][6:] == ["5x to 5x", "1", "1", "0", "0", "0", "36 %", "−4.7 %"]
    assert "`Governor: SHOCK`, `sizer: VOLATILITY_OUT_OF_RANGE`" in told
    assert "| 2.1085 | 2.1066 | 9.0 |" in told

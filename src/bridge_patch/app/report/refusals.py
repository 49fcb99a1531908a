"""Refusals by reason: bars over time, and a table with what each reason means."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final

from bridge_patch.app.report import figures
from bridge_patch.app.report.markup import Markup, join, tag, text
from bridge_patch.app.report.material import Decided, Material
from bridge_patch.app.report.plot import Frame, Size, both, titled
from bridge_patch.app.report.scales import DAY_MS, Scale, ticks
from bridge_patch.domain.events import Verdict
from bridge_patch.governor.reasons import MEANINGS, Reason

WIDE: Final = Size(
    name="wide", width=1040, height=270, left=46, right=16, across=12, upward=6
)
NARROW: Final = Size(
    name="narrow", width=358, height=230, left=38, right=10, across=5, upward=5
)
#: Reasons that have a look of their own; the rest is drawn together.
NAMED_MAX: Final = 8
OTHER: Final = "other reasons"
#: Days that one bar may stand for, the first that gives few enough bars.
_BAR_DAYS: Final = (1, 7, 28, 91, 364)
_BARS_MAX: Final = 62
#: The highest bar ends below the frame: at the frame it would look cut off.
_ROOM: Final = 1.05


def ranked(material: Material) -> list[tuple[str, int]]:
    """Return every reason that refused something, the most frequent first."""
    total: Counter[str] = Counter()
    for phase in material.phases:
        total.update(phase.refusals)
    return sorted(total.items(), key=lambda each: (-each[1], each[0]))


def over_time(material: Material) -> Markup:
    """Return the picture: one bar per day, or per week where there are many."""
    refused = [one for one in material.decided if one.verdict is Verdict.REJECT]
    named = [code for code, _ in ranked(material)[:NAMED_MAX]]
    days = days_of(material)
    bars = _counted(refused, named, days)
    most = max((sum(bar.values()) for bar in bars.values()), default=1)
    length = days * DAY_MS
    start, end = material.start_ms // length, material.end_ms // length + 1

    def draw(size: Size) -> Markup:
        x = Scale(start * length, end * length, size.left, size.inner_right)
        frame = Frame(size, x, Scale(0, most * _ROOM, size.inner_bottom, size.top))
        marks = [
            (tick, figures.short(tick)) for tick in ticks(0, most * _ROOM, size.upward)
        ]
        whole = [mark for mark in marks if float(mark[0]).is_integer()]
        return frame.drawn(
            "Refusals over time, stacked by reason",
            frame.upward(whole),
            frame.over_time(),
            *(
                _bar(frame, number * length, length, bars.get(number, Counter()), named)
                for number in range(start, end)
            ),
        )

    return both(draw, WIDE, NARROW)


def days_of(material: Material) -> int:
    """Return how many days one bar stands for."""
    span = material.end_ms - material.start_ms
    for days in _BAR_DAYS:
        if span / (days * DAY_MS) <= _BARS_MAX:
            return days
    return _BAR_DAYS[-1]


def legend(material: Material) -> Markup:
    """Return what each colour of the bars stands for."""
    found = ranked(material)
    parts = [
        tag(
            "li",
            tag("i", class_=f"swatch r{number}"),
            text(f"{code} {figures.grouped(count)}"),
        )
        for number, (code, count) in enumerate(found[:NAMED_MAX])
    ]
    if rest := sum(count for _, count in found[NAMED_MAX:]):
        parts.append(
            tag(
                "li", tag("i", class_="swatch rx"), text(f"{OTHER} {figures.grouped(rest)}")
            )
        )
    return tag("ul", *parts, class_="legend")


def table(material: Material) -> Markup:
    """Return every reason with its count in each phase and its meaning."""
    head = [tag("th", text("reason, and what it means"))]
    head += [tag("th", text(phase.mode), class_="number") for phase in material.phases]
    rows = [tag("tr", *head)]
    for number, (code, _) in enumerate(ranked(material)):
        look = f"r{number}" if number < NAMED_MAX else "rx"
        swatch, word = tag("i", class_=f"swatch {look}"), tag("code", text(code))
        said = tag("span", text(meaning(code)))
        cells = [tag("td", swatch, word, Markup(" "), said, class_="reason")]
        for index, phase in enumerate(material.phases):
            figure = f"refused.{index}.{code}"
            count = figures.grouped(phase.refusals[code])
            cells.append(tag("td", text(count), class_="number", data_figure=figure))
        rows.append(tag("tr", *cells))
    return tag("table", *rows, class_="compact")


def meaning(code: str) -> str:
    """Return what a reason means; a word of a later version means nothing here."""
    try:
        return MEANINGS[Reason(code)]
    except ValueError:
        return "a reason this version does not know"


def _counted(
    refused: Sequence[Decided], named: Sequence[str], days: int
) -> dict[int, Counter[str]]:
    bars: dict[int, Counter[str]] = defaultdict(Counter)
    for one in refused:
        look = one.code if one.code in named else OTHER
        bars[one.at_ms // (days * DAY_MS)][look] += 1
    return bars


def _bar(
    frame: Frame, start_ms: int, length_ms: int, counts: Counter[str], named: Sequence[str]
) -> Markup:
    left, right = frame.x.at(start_ms), frame.x.at(start_ms + length_ms)
    gap = min(2.0, (right - left) / 4)
    below, parts = 0, []
    for number, code in enumerate([*named, OTHER]):
        count = counts[code]
        if count == 0:
            continue
        top, foot = frame.y.at(below + count), frame.y.at(below)
        when = figures.day(start_ms)
        if length_ms > DAY_MS:
            when = f"{when} to {figures.day(start_ms + length_ms - 1)}"
        parts.append(
            tag(
                "rect",
                titled(f"{when}: {code}, {count} of {counts.total()} refused"),
                x=left + gap / 2,
                y=top,
                width=right - left - gap,
                height=max(foot - top, 0.5),
                class_=f"r{number}" if code != OTHER else "rx",
            )
        )
        below += count
    return join(parts)

"""Pictures over time: what the accounts were worth, and how far below their peak."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Final, final

from bridge_patch.app.report import figures
from bridge_patch.app.report.markup import NOTHING, Markup, join, tag, text
from bridge_patch.app.report.material import Material, Phase, Role, Standing
from bridge_patch.app.report.plot import Frame, Size, apart, both, titled
from bridge_patch.app.report.scales import Scale, ticks
from bridge_patch.app.report.words import LABELS, mode_words
from bridge_patch.domain.events import LatchSet, TradingState
from bridge_patch.evidence.books import Point, drawdown

WIDE: Final = Size(
    name="wide", width=1040, height=330, left=56, right=120, top=22, across=12, upward=7
)
NARROW: Final = Size(
    name="narrow", width=358, height=270, left=44, right=12, top=22, across=5, upward=5
)
#: How many pixels one answer to the pointer covers.
_PROBE: Final = 8.0
#: The strip under a plot that shows when the Governor held the account.
_STRIP: Final = 5.0
#: The least room at the right edge that a label fits into.
_LABEL_ROOM: Final = 60
#: What a letter of a phase's name needs.
_LETTER: Final = 8.0


@final
@dataclass(frozen=True, slots=True)
class _Run:
    """A line's points in one phase: between two phases it is interrupted."""

    role: Role
    phase: Phase
    points: Sequence[Point]

    def value_at(self, at_ms: float) -> Decimal:
        """Return the last value up to a moment."""
        index = bisect_right(self.points, at_ms, key=attrgetter("at_ms"))
        return self.points[max(index - 1, 0)].value


def equity(material: Material) -> Markup:
    """Return the picture of what each account was worth."""
    runs = _runs(material, lambda standing: standing.stretch.points)
    values = [float(point.value) for run in runs for point in run.points]
    low, high = _roomy(min(values), max(values))

    def draw(size: Size) -> Markup:
        frame = _frame(material, size, low, high)
        marks = ((tick, figures.short(tick)) for tick in ticks(low, high, size.upward))
        return frame.drawn(
            "Equity over time, one line per account",
            _ground(frame, material),
            frame.upward(marks, unit="USD"),
            frame.over_time(),
            *(_line(frame, run) for run in runs),
            _strip(frame, material),
            _ends(frame, runs, figures.usd),
            _probes(frame, runs, figures.usd),
        )

    return both(draw, WIDE, NARROW)


def fall(material: Material, limit_pct: Decimal | None) -> Markup:
    """Return the picture of how far each account was below its peak of the phase."""
    runs = _runs(material, lambda standing: tuple(drawdown(standing.stretch.points)))
    deepest = max(float(point.value) for run in runs for point in run.points)
    high = max(deepest * 1.05, 1.0, float(limit_pct or 0) * 1.1)

    def draw(size: Size) -> Markup:
        frame = _frame(material, size, high, 0.0)
        marks = [(tick, f"{figures.short(tick)} %") for tick in ticks(0, high, size.upward)]
        return frame.drawn(
            "Fall from the peak over time, one line per account",
            _ground(frame, material),
            frame.upward(marks),
            frame.over_time(),
            *(_line(frame, run) for run in runs),
            _limit(frame, limit_pct),
            _ends(frame, runs, figures.percent),
            _probes(frame, runs, figures.percent),
        )

    return both(draw, WIDE, NARROW)


def _runs(
    material: Material, points_of: Callable[[Standing], Sequence[Point]]
) -> list[_Run]:
    return [
        _Run(standing.role, standing.phase, points_of(standing))
        for standing in material.standings
    ]


def _roomy(low: float, high: float) -> tuple[float, float]:
    """Return ends with a little room, never the same one twice."""
    room = max((high - low) * 0.05, abs(high) * 0.005, 1.0)
    return (max(low - room, 0.0) if low >= 0 else low - room), high + room


def _frame(material: Material, size: Size, low: float, high: float) -> Frame:
    start, end = material.start_ms, max(material.end_ms, material.start_ms + 60_000)
    x = Scale(start, end, size.left, size.inner_right)
    if low > high:
        return Frame(size, x, Scale(high, low, size.top, size.inner_bottom))
    return Frame(size, x, Scale(low, high, size.inner_bottom, size.top))


def _ground(frame: Frame, material: Material) -> Markup:
    """Shade the phases in turn, and name them."""
    parts = []
    for phase in material.phases:
        begun = frame.x.at(phase.start_ms)
        name = mode_words(phase)
        parts.append(
            frame.band(phase.start_ms, phase.end_ms, f"phase {phase.mode}", title=name)
        )
        room = frame.x.at(phase.end_ms) - begun
        words = name if room > _LETTER * len(name) else phase.mode
        if room > _LETTER * len(words):
            place = {"x": begun, "y": frame.size.top - 7}
            parts.append(tag("text", text(words.upper()), **place, class_="tag"))
    return join(parts)


def _line(frame: Frame, run: _Run) -> Markup:
    places = [(frame.x.at(p.at_ms), frame.y.at(float(p.value))) for p in run.points]
    end = frame.x.at(run.phase.end_ms)
    if places and places[-1][0] < end:
        places.append((end, places[-1][1]))
    return frame.path(places, f"line {run.role}")


def _ends(frame: Frame, runs: Sequence[_Run], said: Callable[[Decimal], str]) -> Markup:
    """Write the last value behind each line, where there is room for it."""
    if frame.size.right < _LABEL_ROOM or not runs:
        return NOTHING
    last = [run for run in runs if run.phase is runs[-1].phase]
    wanted = [frame.y.at(float(run.points[-1].value)) + 4 for run in last]
    x = frame.size.inner_right + 8
    parts = []
    for run, y in zip(last, apart(wanted, 26, frame.size.inner_bottom - 4), strict=True):
        parts.append(tag("text", text(LABELS[run.role]), x=x, y=y, class_=f"is {run.role}"))
        value = said(run.points[-1].value)
        parts.append(tag("text", text(value), x=x, y=y + 12, class_="small"))
    return join(parts)


def _probes(frame: Frame, runs: Sequence[_Run], said: Callable[[Decimal], str]) -> Markup:
    """Lay stripes over the plot that tell the pointer what stands there."""
    size, parts = frame.size, []
    count = int((size.inner_right - size.left) // _PROBE)
    width = (size.inner_right - size.left) / count
    for number in range(count):
        at_ms = frame.x.low + (number + 0.5) / count * (frame.x.high - frame.x.low)
        found = [run for run in runs if run.phase.start_ms <= at_ms <= run.phase.end_ms]
        told = (f"{LABELS[run.role]}: {said(run.value_at(at_ms))}" for run in found)
        words = "; ".join([f"{figures.moment(int(at_ms))} UTC", *told])
        parts.append(
            tag(
                "rect",
                titled(words),
                x=size.left + number * width,
                y=size.top,
                width=width,
                height=size.inner_bottom - size.top,
            )
        )
    return tag("g", *parts, class_="probe")


def _limit(frame: Frame, limit_pct: Decimal | None) -> Markup:
    if limit_pct is None:
        return NOTHING
    size, y = frame.size, frame.y.at(float(limit_pct))
    words = f"limit {figures.short(float(limit_pct))} %"
    if size.right >= _LABEL_ROOM:
        words += ": trading halts"
    return join(
        [
            tag("line", x1=size.left, x2=size.inner_right, y1=y, y2=y, class_="limit"),
            # Below: a phase begins at its peak, so that the curves come from above.
            tag("text", text(words), x=size.left + 6, y=y + 13, class_="over"),
        ]
    )


def _strip(frame: Frame, material: Material) -> Markup:
    """Draw, on the axis, when the account was REDUCING or HALTED, and why."""
    parts = []
    for latch, until_ms in held(material):
        x = frame.x.at(latch.at_ms)
        parts.append(
            tag(
                "rect",
                titled(
                    f"{latch.state} from {figures.moment(latch.at_ms)} to"
                    f" {figures.moment(until_ms)} UTC: {latch.cause}: {latch.why}"
                ),
                x=x,
                y=frame.size.inner_bottom - _STRIP,
                width=max(frame.x.at(until_ms) - x, 1.5),
                height=_STRIP,
                class_=latch.state.lower(),
            )
        )
    return join(parts)


def held(material: Material) -> Iterator[tuple[LatchSet, int]]:
    """Yield each time the guarded account was held, and until when."""
    for phase in material.phases:
        mine = [
            latch
            for latch in material.latches
            if latch.book is phase.governed
            and phase.start_ms <= latch.at_ms <= phase.end_ms
        ]
        ends = [latch.at_ms for latch in mine[1:]] + [phase.end_ms]
        for latch, until_ms in zip(mine, ends, strict=False):
            if latch.state is not TradingState.RUNNING:
                yield latch, until_ms

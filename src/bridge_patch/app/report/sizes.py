"""Pictures of what was asked against what was allowed, on logarithmic axes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import sqrt
from typing import Final, TypeAlias, final

from bridge_patch.app.report import figures
from bridge_patch.app.report.markup import Markup, join, tag, text
from bridge_patch.app.report.material import Decided
from bridge_patch.app.report.plot import Frame, Size, both, path_of, titled
from bridge_patch.app.report.scales import Scale, decades, rounded_out
from bridge_patch.app.report.words import VERDICTS
from bridge_patch.domain.events import Verdict

WIDE: Final = Size(
    name="wide",
    width=512,
    height=420,
    left=56,
    right=14,
    top=12,
    bottom=72,
    across=8,
    upward=8,
)
NARROW: Final = Size(
    name="narrow",
    width=358,
    height=330,
    left=52,
    right=10,
    top=10,
    bottom=70,
    across=6,
    upward=6,
)
#: Pixels of a cell; what falls into one is drawn as one mark.
_CELL: Final = 6.0
#: How far under the plot the refused ones stand, and how high that strip is.
_STRIP_GAP: Final = 22.0
_STRIP_HEIGHT: Final = 26.0
#: What the axes can show, in USD; what lies beyond stands at the edge.
_LEAST: Final = Decimal(1)
_MOST: Final = Decimal(10) ** 9
_ORDER: Final = (Verdict.REJECT, Verdict.ACCEPT, Verdict.CLAMP)

Pair: TypeAlias = tuple[Decimal, Decimal | None]


@final
@dataclass(slots=True)
class _Cell:
    """Marks that fall together: how many, and the sums of their values."""

    count: int = 0
    asked: float = 0.0
    allowed: float = 0.0

    def add(self, asked: float, allowed: float) -> None:
        self.count += 1
        self.asked += asked
        self.allowed += allowed


def margins(decided: Sequence[Decided]) -> Markup:
    """Return the picture of margins."""
    return _picture(decided, "margin", lambda one: (one.asked_usd, one.margin_usd))


def notionals(decided: Sequence[Decided]) -> Markup:
    """Return the picture of exposures."""
    return _picture(
        decided, "notional", lambda one: (one.asked_notional_usd, one.notional_usd)
    )


def _picture(
    decided: Sequence[Decided],
    noun: str,
    values_of: Callable[[Decided], tuple[Decimal | None, Decimal | None]],
) -> Markup:
    pairs: dict[Verdict, list[Pair]] = defaultdict(list)
    for one in decided:
        asked, allowed = values_of(one)
        if asked is not None:
            pairs[one.verdict].append((asked, allowed))
    low, high = _ends(pairs)

    def draw(size: Size) -> Markup:
        frame = Frame(
            size,
            Scale(low, high, size.left, size.inner_right, log=True),
            Scale(low, high, size.inner_bottom, size.top, log=True),
        )
        marks = [(value, figures.short(value)) for value in decades(low, high, size.across)]
        return frame.drawn(
            f"{noun} asked against {noun} allowed, logarithmic axes",
            frame.upward(marks),
            frame.across(marks),
            _strip(frame),
            _diagonal(frame),
            *(_marks(frame, verdict, pairs[verdict], noun) for verdict in _ORDER),
            _titles(frame, noun),
        )

    return both(draw, WIDE, NARROW)


def _ends(pairs: dict[Verdict, list[Pair]]) -> tuple[float, float]:
    """Return round ends about what was allowed; where nothing was, about what was asked."""
    allowed = [
        value
        for verdict, several in pairs.items()
        if verdict is not Verdict.REJECT
        for pair in several
        for value in pair
        if value is not None
    ]
    asked = [pair[0] for several in pairs.values() for pair in several]
    seen = [_shown(value) for value in allowed or asked] or [10.0, 1000.0]
    low, high = rounded_out(min(seen) * 0.9, max(seen) * 1.1)
    return low, max(high, low * 10)


def _marks(frame: Frame, verdict: Verdict, pairs: Sequence[Pair], noun: str) -> Markup:
    """Return one mark for each cell that holds something, larger where it holds more."""
    cells: dict[tuple[int, int], _Cell] = defaultdict(_Cell)
    for asked, allowed in pairs:
        place = _place(frame, verdict, asked, allowed)
        key = int(place[0] // _CELL), int(place[1] // _CELL)
        cells[key].add(_shown(asked), _shown(allowed or asked))
    parts = []
    for _, cell in sorted(cells.items()):
        mean, left = cell.asked / cell.count, cell.allowed / cell.count
        x, y = _place(frame, verdict, Decimal(mean), Decimal(left))
        words = f"{cell.count} {VERDICTS[verdict]}; {noun} asked {_about(mean, cell)}"
        if verdict is not Verdict.REJECT:
            words += f", allowed {_about(left, cell)}"
        radius = min(2.0 + sqrt(cell.count) * 0.5, 6.0)
        parts.append(_mark(verdict, x, y, radius, words))
    return tag("g", *parts, class_=f"mark {verdict.lower()}")


def _place(
    frame: Frame, verdict: Verdict, asked: Decimal, allowed: Decimal | None
) -> tuple[float, float]:
    x = frame.x.at(_shown(asked))
    if verdict is Verdict.REJECT or allowed is None:
        return x, frame.size.inner_bottom + _STRIP_GAP + _STRIP_HEIGHT / 2
    return x, frame.y.at(_shown(allowed))


def _shown(value: Decimal) -> float:
    return float(min(max(value, _LEAST), _MOST))


def _about(value: float, cell: _Cell) -> str:
    about = "about " if cell.count > 1 else ""
    return f"{about}{figures.grouped(round(Decimal(value)))} USD"


def _mark(verdict: Verdict, x: float, y: float, r: float, words: str) -> Markup:
    """Return a mark whose shape alone tells the verdict."""
    title = titled(words)
    match verdict:
        case Verdict.ACCEPT:
            return tag("circle", title, cx=x, cy=y, r=r)
        case Verdict.CLAMP:
            corners = [(x - r, y - r), (x + r, y - r), (x, y + r)]
            return tag("path", title, d=f"{path_of(corners)}Z")
        case Verdict.REJECT:
            strokes = [(x - r, y - r), (x + r, y + r)], [(x - r, y + r), (x + r, y - r)]
            return tag("path", title, d="".join(path_of(one) for one in strokes))


def _diagonal(frame: Frame) -> Markup:
    ends = [(frame.x.start, frame.y.start), (frame.x.end, frame.y.end)]
    return tag("path", d=path_of(ends), class_="same")


def _strip(frame: Frame) -> Markup:
    size = frame.size
    return tag(
        "rect",
        x=size.left,
        y=size.inner_bottom + _STRIP_GAP,
        width=size.inner_right - size.left,
        height=_STRIP_HEIGHT,
        class_="strip",
    )


def _titles(frame: Frame, noun: str) -> Markup:
    size = frame.size
    strip_y = size.inner_bottom + _STRIP_GAP + _STRIP_HEIGHT
    return join(
        [
            tag("text", text(f"{noun} allowed, USD"), x=size.left + 8, y=size.top + 14),
            tag("text", text("refused"), x=size.left - 6, y=strip_y - 9, class_="end"),
            tag(
                "text",
                text(f"{noun} asked, USD"),
                x=size.inner_right,
                y=strip_y + 18,
                class_="end plain",
            ),
        ]
    )

"""The picture of the evaluation: every interval, by market, symbol and mode."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.app.harvest.rows import BASELINES, Comparison, Evaluation
from bridge_patch.app.harvest.text import signed
from bridge_patch.app.report.markup import Markup, coordinate, join, tag, text
from bridge_patch.app.report.plot import titled
from bridge_patch.app.report.scales import Scale, ticks
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Symbol
from bridge_patch.evidence.paired import Interval
from bridge_patch.services.exit_trials import Way

_WIDTH: Final = 960.0
_LEFT: Final = 118.0
_MARGIN: Final = 14.0
_GAP: Final = 22.0
_ROW: Final = 26.0
#: A legend and the names of the modes stand above the first market.
_TOP: Final = 64.0
_HEAD: Final = 30.0
_AXIS: Final = 34.0
#: How far each baseline's line is from the middle of its row.
_APART: Final = 5.0
_PANEL: Final = (_WIDTH - _LEFT - _GAP * len(HarvestMode)) / len(HarvestMode)
#: Colours and weights of the report, in both schemes.
_STYLE: Final = """
svg { --paper: #ffffff; --ink: #1b2026; --quiet: #57606a; --rule: #d5dae0;
  --better: #1a5fb4; --worse: #b3380a; --none: #7b8490; }
@media (prefers-color-scheme: dark) { svg { --paper: #12161b; --ink: #e6e9ed;
  --quiet: #9aa5b1; --rule: #343c46; --better: #78b0ff; --worse: #ff9a5c;
  --none: #8d97a3; } }
.paper { fill: var(--paper); }
text { fill: var(--ink); font: 12.5px system-ui, -apple-system, "Segoe UI",
  "Liberation Sans", sans-serif; }
.quiet { fill: var(--quiet); font-size: 11.5px; } .strong { font-weight: 600; }
.mid { text-anchor: middle; } .end { text-anchor: end; }
.grid { stroke: var(--rule); } .zero { stroke: var(--quiet); stroke-width: 1.2; }
.whisker { stroke-width: 2; } .whole .whisker { stroke-width: 3; }
.better { stroke: var(--better); fill: var(--better); }
.worse { stroke: var(--worse); fill: var(--worse); }
.none { stroke: var(--none); fill: var(--none); }
.hollow { fill: var(--paper); stroke-width: 1.8; }
"""


@final
@dataclass(frozen=True, slots=True)
class _Group:
    """One market's rows: all of it first, then each symbol."""

    market: str
    compared: Sequence[Comparison]

    @property
    def rows(self) -> tuple[Symbol | None, ...]:
        """What has a line of its own, in order."""
        return tuple(dict.fromkeys(one.symbol for one in self.compared))

    def reach_bp(self, mode: HarvestMode) -> float:
        """Return the farthest that a mode's interval is from zero, and a little more."""
        inside = [one.interval for one in self.compared if one.mode is mode]
        found = [interval for interval in inside if interval is not None]
        return max((max(-each.low, each.high) for each in found), default=1.0) * 1.08

    @property
    def height(self) -> float:
        """What the market takes of the picture."""
        return _HEAD + _ROW * len(self.rows) + _AXIS


def picture(found: Evaluation) -> str:
    """Return the picture as an SVG file that needs nothing else."""
    compared = (*found.pooled, *found.by_symbol)
    groups = [
        _Group(market, [one for one in compared if one.market == market])
        for market in found.markets
    ]
    height, parts, top = _TOP + sum(one.height for one in groups), [_legend()], _TOP
    for group in groups:
        parts += [_group(group, top)]
        top += group.height
    size = coordinate(_WIDTH), coordinate(height)
    drawn = tag(
        "svg",
        tag("style", Markup(_STYLE)),
        tag("rect", width=_WIDTH, height=height, class_="paper"),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {size[0]} {size[1]}",
        width=size[0],
        height=size[1],
        role="img",
        aria_label="Each harvest mode less each baseline, with its 95 % interval",
    )
    return f"{drawn}\n"


def _legend() -> Markup:
    """Say what the marks are, and name the modes over their panels."""
    y, parts, x = 18.0, [], _LEFT
    for baseline in BASELINES:
        words = f"less {baseline}"
        parts += [
            tag("line", x1=x, x2=x + 30, y1=y, y2=y, class_="whisker none"),
            _mark(baseline, x + 15, y, "none"),
            tag("text", text(words), x=x + 38, y=y + 4),
        ]
        x += 38 + 6.6 * len(words) + 22
    for class_, words in (
        ("better", "better"),
        ("worse", "worse"),
        ("none", "not significant"),
    ):
        parts += [
            tag("line", x1=x, x2=x + 22, y1=y, y2=y, class_=f"whisker {class_}"),
            tag("text", text(words), x=x + 29, y=y + 4),
        ]
        x += 29 + 6.6 * len(words) + 18
    for mode, left in _panels():
        middle = left + _PANEL / 2
        parts.append(
            tag("text", text(f"{mode}, bp"), x=middle, y=_TOP - 12, class_="mid strong")
        )
    return join(parts)


def _panels() -> Iterator[tuple[HarvestMode, float]]:
    """Yield each mode with the left end of its panel."""
    for index, mode in enumerate(HarvestMode):
        yield mode, _LEFT + index * (_PANEL + _GAP)


def _group(group: _Group, top: float) -> Markup:
    first = top + _HEAD
    bottom = first + _ROW * len(group.rows)
    parts = [tag("text", text(group.market), x=_MARGIN, y=top + 16, class_="quiet strong")]
    for index, symbol in enumerate(group.rows):
        middle = first + _ROW * (index + 0.5)
        name, class_ = (symbol, "end") if symbol else ("all of them", "end strong")
        parts.append(tag("text", text(name), x=_LEFT - 14, y=middle + 4, class_=class_))
    for mode, left in _panels():
        reach_bp = group.reach_bp(mode)
        scale = Scale(-reach_bp, reach_bp, left, left + _PANEL)
        parts.append(_axis(scale, first, bottom))
        for index, symbol in enumerate(group.rows):
            middle = first + _ROW * (index + 0.5)
            inside = [
                one for one in group.compared if one.mode is mode and one.symbol == symbol
            ]
            parts += [_interval(one, scale, middle) for one in inside]
    return join(parts)


def _axis(scale: Scale, top: float, bottom: float) -> Markup:
    parts = []
    for value in ticks(scale.low, scale.high, 6):
        x = scale.at(value)
        class_ = "zero" if value == 0 else "grid"
        label = signed(value, 0) if value == int(value) else signed(value)
        parts += [
            tag("line", x1=x, x2=x, y1=top, y2=bottom, class_=class_),
            tag("text", text(label), x=x, y=bottom + 15, class_="quiet mid"),
        ]
    return join(parts)


def _interval(one: Comparison, scale: Scale, middle: float) -> Markup:
    found = one.interval
    y = middle + (-_APART if one.baseline is BASELINES[0] else _APART)
    if found is None:
        return tag("text", text("too few"), x=scale.at(0) + 6, y=y + 4, class_="quiet")
    class_ = "none" if not found.significant else one.word
    x1, x2 = scale.at(found.low), scale.at(found.high)
    return tag(
        "g",
        titled(_words(one, found)),
        tag("line", x1=x1, x2=x2, y1=y, y2=y, class_=f"whisker {class_}"),
        _mark(one.baseline, scale.at(found.mean), y, class_),
        class_="one" if one.symbol else "whole",
    )


def _mark(baseline: Way, x: float, y: float, class_: str) -> Markup:
    """Return the baseline's own mark: a full circle, or a hollow square."""
    if baseline is BASELINES[0]:
        return tag("circle", cx=x, cy=y, r=3.6, class_=class_)
    return tag(
        "rect", x=x - 3.2, y=y - 3.2, width=6.4, height=6.4, class_=f"{class_} hollow"
    )


def _words(one: Comparison, found: Interval) -> str:
    return (
        f"{one.symbol or one.market}, {one.mode} less {one.baseline}:"
        f" {signed(found.mean)} bp, {signed(found.low)} to {signed(found.high)}: {one.word}"
    )

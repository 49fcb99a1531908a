"""The frame of a picture: its size, its axes, its grid, and both widths of it.

Each picture is drawn twice, for a wide and for a narrow screen, because letters that shrink
with a picture cannot be read. The style sheet shows one of the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, final

from bridge_patch.app.report.figures import tick_label
from bridge_patch.app.report.markup import Markup, coordinate, join, tag, text
from bridge_patch.app.report.scales import DAY_MS, Scale, moments
from bridge_patch.app.report.thin import Place, thinned

_LETTER: Final = 7.0
#: How far a line of text is below the place it labels.
_BASE: Final = 4.0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """The pixels of one drawing, and how many labels its axes have room for."""

    name: str
    width: float
    height: float
    left: float
    right: float
    top: float = 10.0
    bottom: float = 28.0
    across: int
    upward: int

    @property
    def inner_right(self) -> float:
        """Where the plot ends."""
        return self.width - self.right

    @property
    def inner_bottom(self) -> float:
        """Where the plot stands."""
        return self.height - self.bottom


@final
@dataclass(frozen=True, slots=True)
class Frame:
    """A plot between two axes."""

    size: Size
    x: Scale
    y: Scale

    def over_time(self) -> Markup:
        """Return the time axis: UTC days, or hours where there are few."""
        start, end = int(self.x.low), int(self.x.high)
        hours = end - start < 2 * DAY_MS
        marks = moments(start, end, self.size.across)
        return self.across((float(at), tick_label(at, hours=hours)) for at in marks)

    def across(self, marks: Iterable[tuple[float, str]]) -> Markup:
        """Return the lower axis with these labels, each with a line of the grid."""
        size, parts = self.size, []
        for value, label in marks:
            x = self.x.at(value)
            parts.append(
                tag("line", x1=x, x2=x, y1=size.top, y2=size.inner_bottom, class_="grid")
            )
            edge = x + len(label) * _LETTER / 2 > size.width
            place = {"x": min(x, size.width), "y": size.inner_bottom + 16}
            parts.append(tag("text", text(label), **place, class_="end" if edge else "mid"))
        return join(parts)

    def upward(self, marks: Iterable[tuple[float, str]], unit: str = "") -> Markup:
        """Return the left axis with these labels, each with a line of the grid."""
        size, parts = self.size, []
        if unit:
            place = {"x": size.left - 6, "y": size.top - 7}
            parts.append(tag("text", text(unit), **place, class_="end"))
        for value, label in marks:
            y = self.y.at(value)
            parts.append(
                tag("line", x1=size.left, x2=size.inner_right, y1=y, y2=y, class_="grid")
            )
            parts.append(
                tag("text", text(label), x=size.left - 6, y=y + _BASE, class_="end")
            )
        return join(parts)

    def path(self, places: Sequence[Place], class_: str) -> Markup:
        """Return a line through places of the picture, thinned to what can be seen."""
        return tag("path", d=path_of(list(thinned(places))), class_=class_)

    def band(self, start: float, end: float, class_: str, title: str = "") -> Markup:
        """Return a shaded stretch of the plot from one value of x to another."""
        x = self.x.at(start)
        return tag(
            "rect",
            *([titled(title)] if title else []),
            x=x,
            y=self.size.top,
            width=max(self.x.at(end) - x, 0.0),
            height=self.size.inner_bottom - self.size.top,
            class_=class_,
        )

    def drawn(self, name: str, *layers: Markup) -> Markup:
        """Return the whole drawing; `name` is what a screen reader says of it."""
        width, height = coordinate(self.size.width), coordinate(self.size.height)
        return tag(
            "svg",
            *layers,
            viewBox=f"0 0 {width} {height}",
            role="img",
            aria_label=name,
            class_=self.size.name,
        )


def path_of(places: Sequence[Place]) -> str:
    """Return the path through places, as SVG writes it.

    >>> path_of([(0, 1), (2.25, 3)])
    'M0 1L2.2 3'
    """
    steps = "L".join(f"{coordinate(x)} {coordinate(y)}" for x, y in places)
    return f"M{steps}" if steps else ""


def titled(words: str) -> Markup:
    """Return the words that a pointer shows."""
    return tag("title", text(words))


def both(draw: Callable[[Size], Markup], wide: Size, narrow: Size) -> Markup:
    """Return a picture for wide screens and for paper, and one for narrow screens."""
    return join([draw(wide), draw(narrow)])


def apart(wanted: Sequence[float], least: float, most: float) -> list[float]:
    """Return places for labels so that none is over another or below `most`.

    >>> apart([10, 11, 40], 12, 100), apart([10, 98, 99], 12, 100)
    ([10, 22, 40], [10, 88, 100])
    """
    placed = list(wanted)
    order = sorted(range(len(wanted)), key=wanted.__getitem__)
    for before, index in pairwise(order):
        placed[index] = max(placed[index], placed[before] + least)
    floor = most
    for index in reversed(order):
        placed[index] = min(placed[index], floor)
        floor = placed[index] - least
    return placed

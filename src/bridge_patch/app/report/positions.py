"""One small picture per position: entry, stop as it moved, and every exit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from bridge_patch.app.report import figures
from bridge_patch.app.report.markup import NOTHING, Markup, coordinate, join, tag, text
from bridge_patch.app.report.plot import apart, path_of, titled
from bridge_patch.app.report.scales import DAY_MS, Scale
from bridge_patch.app.report.thin import Place
from bridge_patch.app.report.words import DIRECTIONS, EXITS
from bridge_patch.domain.money import ZERO
from bridge_patch.evidence.trades import Exit, ExitReason, Trade

_WIDTH: Final = 300.0
_HEIGHT: Final = 116.0
_LEFT: Final = 10.0
_RIGHT: Final = 184.0
_TOP: Final = 10.0
_BOTTOM: Final = 96.0
_LABEL_X: Final = 193.0
#: What the pictures may weigh together; the newest positions have them first.
BUDGET: Final = 1_100_000


def cards(phase: int, trades: Sequence[Trade], budget: int = BUDGET) -> tuple[Markup, int]:
    """Return the pictures by day, the newest first and open, and how many found room."""
    drawn: dict[int, Markup] = {}
    for number in range(len(trades) - 1, -1, -1):
        card = _card(phase, number, trades[number])
        budget -= len(card)
        if budget < 0:
            break
        drawn[number] = card
    days = []
    for day, numbers in groupby(sorted(drawn), key=lambda n: trades[n].opened_ms // DAY_MS):
        kept = list(numbers)
        days.append((day, [trades[n] for n in kept], [drawn[n] for n in kept]))
    newest_first = [_day(*each, first=not n) for n, each in enumerate(reversed(days))]
    return join(newest_first), len(drawn)


def _day(
    day: int, trades: Sequence[Trade], drawn: Sequence[Markup], *, first: bool
) -> Markup:
    net = sum((trade.net_usd for trade in trades), ZERO)
    count = f"{len(trades)} position{'s' if len(trades) > 1 else ''}"
    words = f"{figures.day(day * DAY_MS)}: {count}, net {figures.gain(net)}"
    grid = tag("div", *drawn, class_="cards")
    opened = "" if first else None
    return tag("details", tag("summary", text(words)), grid, open=opened)


def name_of(phase: int, number: int) -> str:
    """Return what a position's picture is called on the page."""
    return f"p{phase}-{number + 1}"


def _card(phase: int, number: int, trade: Trade) -> Markup:
    title = f"{number + 1}. {trade.symbol} {DIRECTIONS[trade.side]}"
    net = tag("b", text(figures.gain(trade.net_usd)), class_=_look(trade))
    head = tag("figcaption", tag("span", text(title)), net)
    return tag("figure", head, _drawing(trade), _foot(trade), id=name_of(phase, number))


def _look(trade: Trade) -> str:
    return "gain" if trade.net_usd > 0 else "loss"


def _foot(trade: Trade) -> Markup:
    leverage = trade.leverage
    times = "" if leverage is None else f" at {figures.grouped(leverage)}x"
    held = "still open" if trade.hold_ms is None else f"held {figures.span(trade.hold_ms)}"
    mode = f"{trade.policy.mode}, " if trade.policy else ""
    words = f"{mode}margin {figures.usd(trade.margin_usd)}{times}, {held}"
    ways = ", ".join(dict.fromkeys(leg.reason for leg in trade.exits))
    return tag("p", text(f"{words}: {ways}" if ways else words))


def _drawing(trade: Trade) -> Markup:
    end_ms = max(_last_ms(trade), trade.opened_ms + 60_000)
    x = Scale(trade.opened_ms, end_ms, _LEFT, _RIGHT)
    prices = [float(price) for price in _prices(trade)]
    low, high = min(prices), max(prices)
    room = max((high - low) * 0.06, high * 1e-6)
    y = Scale(low - room, high + room, _BOTTOM, _TOP)
    name = f"{trade.symbol} {DIRECTIONS[trade.side]} from {figures.moment(trade.opened_ms)}"
    return tag(
        "svg",
        _way(trade, x, y),
        _entry(trade, x, y),
        _stop(trade, x, y),
        _exits(trade, x, y),
        _labels(trade, y),
        _times(trade, end_ms),
        viewBox=f"0 0 {coordinate(_WIDTH)} {coordinate(_HEIGHT)}",
        role="img",
        aria_label=name,
    )


def _last_ms(trade: Trade) -> int:
    if trade.closed_ms is not None:
        return trade.closed_ms
    told = [level.at_ms for level in trade.levels] + [leg.at_ms for leg in trade.exits]
    return max([trade.opened_ms, *told])


def _prices(trade: Trade) -> Iterator[float]:
    yield float(trade.entry_price_usd)
    yield from (float(leg.price_usd) for leg in trade.exits)
    yield from (float(at.price_usd) for at in trade.levels if at.price_usd is not None)


def _entry(trade: Trade, x: Scale, y: Scale) -> Markup:
    level = y.at(float(trade.entry_price_usd))
    words = f"entry {figures.price(trade.entry_price_usd)}"
    words += f" at {figures.moment(trade.opened_ms)} UTC"
    return join(
        [
            tag("path", d=path_of([(_LEFT, level), (_RIGHT, level)]), class_="e"),
            tag("circle", titled(words), cx=x.start, cy=level, r=4),
        ]
    )


def _way(trade: Trade, x: Scale, y: Scale) -> Markup:
    """Join entry and exits: not the path of the price, only its ends."""
    places = [(x.start, y.at(float(trade.entry_price_usd)))]
    places += [(x.at(leg.at_ms), y.at(float(leg.price_usd))) for leg in trade.exits]
    return tag("path", d=path_of(places), class_=f"w {_look(trade)}")


def _stop(trade: Trade, x: Scale, y: Scale) -> Markup:
    """Draw the stop as steps; where nothing rests there is a gap."""
    steps: list[Place] = []
    runs: list[list[Place]] = []
    end = x.end
    for index, level in enumerate(trade.levels):
        later = trade.levels[index + 1] if index + 1 < len(trade.levels) else None
        if level.price_usd is None:
            runs.append(steps)
            steps = []
            continue
        height, until = y.at(float(level.price_usd)), x.at(later.at_ms) if later else end
        steps += [(x.at(level.at_ms), height), (until, height)]
    runs.append(steps)
    drawn = "".join(path_of(run) for run in runs)
    if not drawn:
        return NOTHING
    return tag("path", titled(_stop_words(trade)), d=drawn, class_="s")


def _stop_words(trade: Trade) -> str:
    prices = [at.price_usd for at in trade.levels if at.price_usd is not None]
    words = f"stop {figures.price(prices[0])}"
    if len(prices) == 1:
        return words
    moves = len(prices) - 1
    moved = "once" if moves == 1 else f"{moves} times"
    return f"{words}, moved {moved} to {figures.price(prices[-1])}"


def _exits(trade: Trade, x: Scale, y: Scale) -> Markup:
    return join([_exit(leg, x.at(leg.at_ms), y) for leg in trade.exits])


def _exit(leg: Exit, x: float, y: Scale) -> Markup:
    """Draw a way out: its shape tells whether a stop, the clock or somebody closed."""
    height = y.at(float(leg.price_usd))
    words = titled(
        f"{EXITS[leg.reason]}: {figures.price(leg.quantity_base)} at"
        f" {figures.price(leg.price_usd)}, {figures.moment(leg.at_ms)} UTC"
    )
    r = 4.5
    match leg.reason:
        case ExitReason.STOP | ExitReason.TRAIL:
            box = {"x": x - r, "y": height - r, "width": 2 * r, "height": 2 * r}
            return tag("rect", words, **box, class_="x")
        case ExitReason.LIQUIDATION:
            strokes = [(x - r, height - r), (x + r, height + r)]
            crossed = [(x - r, height + r), (x + r, height - r)]
            return tag("path", words, d=path_of(strokes) + path_of(crossed), class_="q")
        case ExitReason.PART:
            return tag("circle", words, cx=x, cy=height, r=3.5, class_="x")
        case _:
            corners = [(x, height - 6), (x + 6, height), (x, height + 6), (x - 6, height)]
            return tag("path", words, d=f"{path_of(corners)}Z", class_="x")


def _labels(trade: Trade, y: Scale) -> Markup:
    """Write the prices that matter beside the picture, none over another."""
    told = [("entry", trade.entry_price_usd, "")]
    stops = [at.price_usd for at in trade.levels if at.price_usd is not None]
    if stops:
        told.append(("stop", stops[-1], "s"))
    if trade.exits:
        told.append(("exit", trade.exits[-1].price_usd, ""))
    wanted = [y.at(float(value)) + 4 for _, value, _ in told]
    parts = []
    for (name, value, look), height in zip(told, apart(wanted, 12, _BOTTOM), strict=True):
        words = text(f"{name} {figures.price(value)}")
        parts.append(tag("text", words, x=_LABEL_X, y=height, class_=look or None))
    return join(parts)


def _times(trade: Trade, end_ms: int) -> Markup:
    begun = tag("text", text(figures.clock(trade.opened_ms)), x=_LEFT, y=_HEIGHT - 5)
    words = figures.clock(end_ms) if trade.closed_ms is not None else "open"
    ended = tag("text", text(words), x=_RIGHT, y=_HEIGHT - 5, class_="end")
    return join([begun, ended])

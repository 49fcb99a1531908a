"""Orders that work at a price, and the way a bar leads past them.

The path is the one of `bars`, told for any resting order: the open, then the extreme
against the position, then the one in its favour, and back for trailing orders alone, whose
adverse extreme may have come second. Where nothing is open the low comes first in a bar
that rose, the high in one that fell.

A **conditional** fires when its level is touched. A **limit** order trades when the price
goes *through* its level: others stand before it in the queue, and a bar does not say how
many. A liquidation goes before everything at its own level, a limit order before a
conditional. Nothing here trades: the walk says what is reached next, and where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import TypeAlias, final

from bridge_patch.domain.intent import Side
from bridge_patch.domain.market import Bar
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import TrailingSet
from bridge_patch.sim.trailing import after, trail_level


@final
@dataclass(frozen=True, slots=True)
class Limit:
    """A limit order that rests."""

    order_id: ClientOrderId
    side: Side
    price_usd: Decimal


class Condition(StrEnum):
    """On which side of the price a conditional order waits."""

    STOP = "stop"
    TAKE_PROFIT = "take profit"


@final
@dataclass(frozen=True, slots=True)
class Conditional:
    """An order that is sent when the price is touched."""

    order_id: ClientOrderId
    side: Side
    condition: Condition
    trigger_usd: Decimal

    @property
    def fires(self) -> int:
        """Which way the price goes to fire it: a buying stop fires upwards, +1."""
        return self.side.sign if self.condition is Condition.STOP else -self.side.sign


Resting: TypeAlias = Limit | Conditional | TrailingSet


@final
@dataclass(frozen=True, slots=True)
class Ruin:
    """Where the position is liquidated."""

    side: Side
    price_usd: Decimal


@final
@dataclass(frozen=True, slots=True)
class Touch:
    """What the price has reached, and the price it is then at."""

    reached: Resting | Ruin
    price_usd: Decimal


@final
@dataclass(frozen=True, slots=True)
class Pull:
    """Trailing orders whose extreme moved; they stand like this now."""

    trails: tuple[TrailingSet, ...]


class _Leg(IntEnum):
    OPEN = 0
    AGAINST = 1
    FAVOUR = 2
    BACK = 3
    OVER = 4


_RANK = {Ruin: 0, Limit: 1, Conditional: 2, TrailingSet: 3}


@final
class Walk:
    """One bar being played past the orders of its symbol; ask until the answer is None.

    The caller acts on each answer before it asks again, so that what an answer opened or
    ended counts from there on.
    """

    def __init__(self, bar: Bar, position: Position | None, price_tick: Decimal) -> None:
        rose = bar.close >= bar.open
        self._sign = position.side.sign if position else (1 if rose else -1)
        self._bar, self._tick = bar, price_tick
        self._leg, self._price, self._told = _Leg.OPEN, bar.open, False

    def next(self, resting: Sequence[Resting], ruin: Ruin | None) -> Touch | Pull | None:
        """Return what is reached next; None at the end of the bar."""
        while self._leg is not _Leg.OVER:
            if self._leg is _Leg.OPEN and (pull := self._pulled(resting, self._bar.open)):
                return pull
            touch = self._nearest(resting, ruin)
            if touch is not None:
                self._price = touch.price_usd
                return touch
            if self._leg in {_Leg.AGAINST, _Leg.FAVOUR} and (
                pull := self._pulled(resting, self._end())
            ):
                return pull
            self._price, self._told = self._end(), False
            self._leg = _Leg(self._leg + 1)
        return None

    def _way(self) -> int:
        """Return the direction of the leg; zero at the open, where the price jumped."""
        return (0, -self._sign, self._sign, -self._sign, 0)[self._leg]

    def _end(self) -> Decimal:
        if self._leg in {_Leg.OPEN, _Leg.OVER}:
            return self._price
        return self._bar.high if self._way() > 0 else self._bar.low

    def _pulled(self, resting: Iterable[Resting], price_usd: Decimal) -> Pull | None:
        """Move the trails that the leg pulls; once, at its end."""
        if self._told:
            return None
        self._told = True
        moved = tuple(
            now
            for one in resting
            if isinstance(one, TrailingSet)
            and self._way() in {0, -_fires(one)}
            and (now := after(one, price_usd)) != one
        )
        return Pull(moved) if moved else None

    def _nearest(self, resting: Iterable[Resting], ruin: Ruin | None) -> Touch | None:
        """Return the first of all that this leg reaches from where the price is."""
        best: tuple[int, Decimal, int] | None = None
        found: Touch | None = None
        for one, level in self._levels(resting, ruin):
            fires = _fires(one)
            way = self._way()
            if way not in {0, fires}:
                continue
            beyond = fires * (self._end() - level)
            if beyond < 0 or (beyond == 0 and isinstance(one, Limit)):
                continue
            at = self._price
            if way and fires * (level - at) > 0:
                at = level
            rank = _RANK[type(one)]
            # At the open a jump reached everything at once; ruin goes before a nearer stop.
            key = (0, fires * at, rank) if way else (int(rank > 0), fires * level, rank)
            if best is None or key < best:
                best, found = key, Touch(one, at)
        return found

    def _levels(
        self, resting: Iterable[Resting], ruin: Ruin | None
    ) -> Iterator[tuple[Resting | Ruin, Decimal]]:
        back = self._leg is _Leg.BACK
        if ruin is not None and ruin.price_usd > 0 and not back:
            yield ruin, ruin.price_usd
        for one in resting:
            match one:
                case TrailingSet():
                    level = trail_level(one, self._tick)
                    if level is not None:
                        yield one, level
                case Limit() if not back:
                    yield one, one.price_usd
                case Conditional() if not back:
                    yield one, one.trigger_usd
                case _:
                    continue


def _fires(one: Resting | Ruin) -> int:
    """Return which way the price goes to reach it: -1 down, +1 up."""
    match one:
        case Conditional():
            return one.fires
        case TrailingSet():
            return one.side.sign
        case Limit() | Ruin():
            return -one.side.sign

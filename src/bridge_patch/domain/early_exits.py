"""Trades of reductions that are told before the trades of the entry they reduce.

A venue decides what a reduction may take, and it takes no more than is open there. So what
one took beyond all that was told is part of an entry whose trades are still to come, and
waits for them: a reduction opens nothing.

Or somebody else had added to the position by hand, and a stop that closes all there is took
that too. Then no entry comes for the excess: what is older than an order is none of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import Filled, FillKind, Sending
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.position import Position, apply_fill
from bridge_patch.domain.reconcile_events import uncounted

#: Of how many entries is remembered when they left, the newest. Of an older one the time of
#: its trade counts.
SENT_KEPT: Final = 10_000


@final
@dataclass(slots=True)
class EarlyExits:
    """What reductions took, by symbol, of an entry that is not told yet.

    A fold of trades, and of when entries left (`sent_ms`). It waits until the next trade of
    an entry: that one takes it in, or shows that it was of another time.
    """

    waiting: dict[Symbol, tuple[Filled, ...]] = field(default_factory=dict)
    sent_ms: dict[ClientOrderId, UnixMs] = field(default_factory=dict)

    def sent(self, order: Sending) -> None:
        """Note when an entry left: what was reduced before can be none of it."""
        if order.leg is Leg.ENTRY:
            self.sent_ms[order.order_id] = order.at_ms
            if len(self.sent_ms) > SENT_KEPT:
                del self.sent_ms[next(iter(self.sent_ms))]

    def fold(
        self, position: Position | None, fill: Filled
    ) -> Iterator[tuple[Filled, Position | None]]:
        """Yield what counts now, in the order in which it happened, and what stands then.

        `position` is the one before; None is flat.
        """
        if fill.kind is FillKind.ENTRY:
            position = apply_fill(position, fill)
            yield fill, position
            yield from self._taken_in(position, fill)
            return
        against = position is not None and position.side is not fill.side
        open_base = position.quantity_base if position is not None and against else ZERO
        part_base = min(open_base, fill.quantity_base)
        if part_base > 0:
            taken = uncounted(fill, fill.quantity_base - part_base)
            yield taken, apply_fill(position, taken)
        if part_base < fill.quantity_base:
            rest = uncounted(fill, part_base)
            self.waiting[fill.symbol] = (*self.waiting.get(fill.symbol, ()), rest)

    def quantity_base(self, symbol: Symbol, since_ms: int = 0) -> Decimal:
        """Return how much of an untold entry was reduced, if that left at `since_ms`."""
        waiting = self.waiting.get(symbol, ())
        young = (fill.quantity_base for fill in waiting if fill.at_ms >= since_ms)
        return sum(young, ZERO)

    def _taken_in(
        self, position: Position | None, entry: Filled
    ) -> Iterator[tuple[Filled, Position | None]]:
        # A person's word has a time of its own; and two clocks may differ by a moment.
        began_ms = min(entry.at_ms, self.sent_ms.get(entry.order_id, entry.at_ms))
        waiting, left = self.waiting.pop(entry.symbol, ()), []
        for early in waiting:
            if early.at_ms < began_ms or early.side is entry.side:
                continue  # it was of another position
            part_base = ZERO
            if position is not None:
                part_base = min(position.quantity_base, early.quantity_base)
                taken = _released(early, part_base, position)
                position = apply_fill(position, taken)
                yield taken, position
            if part_base < early.quantity_base:
                left.append(uncounted(early, part_base))
        if left:
            self.waiting[entry.symbol] = tuple(left)


def _released(early: Filled, part_base: Decimal, position: Position) -> Filled:
    """Return a part of an early trade; margin that nobody stated is its share."""
    taken = uncounted(early, early.quantity_base - part_base)
    if taken.margin_usd != 0:
        return taken
    share = part_base / position.quantity_base
    return replace(taken, margin_usd=-position.margin_usd * share)

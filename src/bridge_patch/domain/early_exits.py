"""Trades of reductions that are told before the trades of the entry they reduce.

A venue decides what a reduction may take, and it takes no more than is open there. So what
one took beyond all that was told is part of an entry whose trades are still to come, and
waits for them: a reduction opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import Filled, FillKind
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.position import Position, apply_fill
from bridge_patch.domain.reconcile_events import is_adopted, uncounted


@final
@dataclass(slots=True)
class EarlyExits:
    """What reductions took, by symbol, of an entry that is not told yet; a fold of fills.

    It waits until the next trade of an entry: that one takes it in, or shows that it was of
    another time.
    """

    waiting: dict[Symbol, tuple[Filled, ...]] = field(default_factory=dict)

    def fold(
        self, position: Position | None, fill: Filled, sent_ms: UnixMs | None = None
    ) -> Iterator[tuple[Filled, Position | None]]:
        """Yield what counts now, in the order in which it happened, and what stands then.

        `position` is the one before; None is flat. `sent_ms` is when the order left, where
        that is known: what was reduced before can be none of it.
        """
        if fill.kind is FillKind.ENTRY:
            position = apply_fill(position, fill)
            yield fill, position
            yield from self._taken_in(position, fill, sent_ms)
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

    def quantity_base(self, symbol: Symbol) -> Decimal:
        """Return how much of an untold entry was reduced."""
        return sum((fill.quantity_base for fill in self.waiting.get(symbol, ())), ZERO)

    def _taken_in(
        self, position: Position | None, entry: Filled, sent_ms: UnixMs | None
    ) -> Iterator[tuple[Filled, Position | None]]:
        began_ms = entry.at_ms if sent_ms is None else sent_ms
        waiting, left = self.waiting.pop(entry.symbol, ()), []
        for early in waiting:
            before = early.at_ms < began_ms and not is_adopted(entry)
            if before or early.side is entry.side:
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

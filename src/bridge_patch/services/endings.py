"""Orders that ended by a word and not by their trades: the venue may tell of one yet.

Three words end an order like that: a person adopts it, a person closes it, or the venue
says that it never had it. Of the last two nothing may come any more. If something does, the
word was wrong: the order is as doubtful as before.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, final

from bridge_patch.domain.events import (
    Filled,
    FilledLate,
    OrderEnded,
    OrderVouched,
    Resolved,
    Sending,
    StopArmed,
)
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.reconcile_events import Word
from bridge_patch.services.doubt import Doubt

#: How many orders that the venue never had are remembered, the newest. To prove one absent
#: takes half a minute in which its symbol opens nothing, and more than a few in doubt close
#: the account: so many are hours of nothing but lost orders, and a request lives for
#: seconds. What comes of an older one still counts and is protected; it holds nothing.
ABSENT_KEPT: Final = 1_000


class Ending(StrEnum):
    """By which word an order ended."""

    ADOPTED = "a person had adopted it"
    CLOSED = "a person had closed it as never come"
    ABSENT = "the venue had never had it"


@final
@dataclass(frozen=True, slots=True)
class Ended:
    """An order that a word has ended.

    `counted_base` is what was adopted and the venue has not told yet; `told` are its trades
    that are known, before the word or after it.
    """

    order: Sending
    ending: Ending
    counted_base: Decimal = ZERO
    told: tuple[str, ...] = ()

    @property
    def never_came(self) -> bool:
        """Tell whether nothing may come of it."""
        return self.ending is not Ending.ADOPTED

    def after(self, event: FilledLate) -> Ended:
        """Take in a trade that the venue told after all."""
        left_base = self.counted_base - event.counted_base
        return replace(self, counted_base=left_base, told=(*self.told, event.trade_id))


@final
@dataclass(slots=True)
class Endings:
    """A fold of the journal: the orders that a word has ended and nothing contradicts.

    Those of a person's word are as many as persons gave; of those that the venue never had,
    the newest `ABSENT_KEPT` are kept.
    """

    orders: dict[ClientOrderId, Ended] = field(default_factory=dict)

    def sent(self, order: Sending) -> None:
        """Forget a word: the order is sent once more, under its own id."""
        self.orders.pop(order.order_id, None)

    def vouched(self, event: OrderVouched, doubt: Doubt | None) -> None:
        """Take in a person's word; one that was refused, or about nothing, ends nothing."""
        if doubt is None or event.word is Word.REFUSED:
            return
        counted_base = (event.quantity_base or ZERO) - doubt.filled_base
        ending = Ending.CLOSED if event.word is Word.CLOSED else Ending.ADOPTED
        self._end(doubt, ending, max(ZERO, counted_base))

    def answered(self, answer: Resolved, doubt: Doubt) -> None:
        """Take in the answer that ended a doubt."""
        if answer.event == OrderEvent.FOUND_ABSENT and answer.order_id not in self.orders:
            self._end(doubt, Ending.ABSENT)
            absent = [n for n, e in self.orders.items() if e.ending is Ending.ABSENT]
            for name in absent[:-ABSENT_KEPT]:
                del self.orders[name]

    def late(self, event: FilledLate) -> None:
        """Take in a trade that the venue told after all."""
        ended = self.orders.get(event.order_id)
        if ended is not None:
            self.orders[event.order_id] = ended.after(event)

    def contradicted(self, event: Filled | StopArmed | OrderEnded) -> Sending | None:
        """Return an order that was to have never come and of which this was told.

        Its word counts no more.
        """
        ended = self.orders.get(event.order_id)
        if ended is None or not ended.never_came:
            return None
        del self.orders[event.order_id]
        return ended.order

    def _end(self, doubt: Doubt, ending: Ending, counted_base: Decimal = ZERO) -> None:
        told = tuple(trade.trade_id for trade in doubt.trades)
        self.orders[doubt.order.order_id] = Ended(doubt.order, ending, counted_base, told)

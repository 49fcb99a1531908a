"""The paper venue: the pure exchange behind the port of a real one.

What it reports is all there is: it keeps no record of its own, and its state is the fold of
the reported events. So an order whose report never reached the journal was never placed.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.early_exits import EarlyExits
from bridge_patch.domain.events import FilledLate, Resolved, Sending
from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, OrderEvent, OrderState
from bridge_patch.domain.reconcile_events import uncounted
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import (
    AccountReading,
    Instruments,
    Report,
    VenueMemory,
)
from bridge_patch.services.readings import reading_of, records_of
from bridge_patch.sim.commands import ArmStop, Cancel, Enter, Reduce
from bridge_patch.sim.costs import Costs
from bridge_patch.sim.exchange import COSTS, Exchange
from bridge_patch.sim.ledger import counts, stands

_FOUND: Final = {
    OrderState.OPEN: OrderEvent.ACCEPTED,
    OrderState.FILLED: OrderEvent.FILLED,
    OrderState.REJECTED: OrderEvent.REJECTED,
    OrderState.CANCELLED: OrderEvent.CANCELLED,
}


@final
class PaperVenue:
    """A venue that trades against bars and marks. Its clock is the newest one it was given.

    `find`, and a cancel that came too late, report no events: what happened to the order
    was reported when it happened.
    """

    def __init__(
        self,
        *,
        wallet_usd: Decimal,
        instruments: Instruments,
        costs: Costs = COSTS,
        book: Book = Book.ACCOUNT,
    ) -> None:
        self._exchange = Exchange(
            book=book, wallet_usd=wallet_usd, instruments=instruments, costs=costs
        )
        self._early = EarlyExits()

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        del approved, order_id  # leverage is set by the order itself
        return None

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        return _report(self._exchange.enter(entry_of(approved, order_id)))

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        command = reduction_of(approved, order_id)
        if isinstance(command, ArmStop):
            return _report(self._exchange.arm_stop(command))
        return _report(self._exchange.reduce(command))

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        events = self._exchange.cancel(Cancel(symbol=symbol, order_id=order_id))
        if isinstance(events[0], OrderEnded):
            return Report(event=OrderEvent.CANCELLED, events=events)
        return await self.find(symbol, order_id)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        state = self._exchange.ledger.order_state(symbol, order_id)
        event = OrderEvent.FOUND_ABSENT if state is None else _FOUND[state]
        return Report(event=event)

    async def read(self) -> AccountReading | Unknown:
        return reading_of(self._exchange)

    async def records(self) -> VenueRecords | Unknown:
        return records_of(self._exchange)

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        events = list(self._exchange.on_funding(tick.fundings))
        for bar in tick.bars:
            events += self._exchange.on_bar(bar)
        for mark in tick.marks:
            events += self._exchange.on_mark(mark)
        return tuple(events)

    async def begin(self) -> None: ...

    async def close(self) -> None: ...

    def see(self, tick: Tick) -> None:
        for bar in tick.bars:
            self._exchange.see(bar)

    def restore(self, events: Sequence[VenueMemory]) -> None:
        for event in events:
            if isinstance(event, Filled) and event.book is self._exchange.book:
                self._restore_trade(event)
            elif isinstance(event, Sending):
                self._early.sent(event)
            elif not isinstance(event, Resolved | FilledLate):
                self._exchange.restore((event,))

    def _restore_trade(self, told: Filled) -> None:
        """Fold a trade; a reduction may be told before the entry that it reduced.

        Its money counts at once. What it took of an untold entry goes with that entry.
        """
        exchange, counted_base = self._exchange, ZERO
        before = exchange.positions.get(told.symbol)
        for fill, _ in tuple(self._early.fold(before, told)):
            if fill.trade_id == told.trade_id:
                exchange.restore((fill,))
                counted_base += fill.quantity_base
            else:
                stands(exchange.ledger, fill)
        if counted_base < told.quantity_base:
            counts(exchange.ledger, uncounted(told, counted_base))

    def learn(self, events: Sequence[VenueEvent]) -> None: ...


def entry_of(approved: Approved, order_id: ClientOrderId) -> Enter:
    """Return the order that an approval is: its own numbers and no others."""
    return Enter(
        symbol=approved.symbol,
        side=approved.side,
        quantity_base=approved.quantity.base,
        leverage=approved.leverage,
        order_id=order_id,
        intent_id=approved.intent_id,
    )


def reduction_of(approved: ApprovedReduction, order_id: ClientOrderId) -> Reduce | ArmStop:
    """Return the order an approved reduction is: at market, or resting at its price."""
    if approved.stop_at is None:
        return Reduce(
            symbol=approved.symbol,
            side=approved.side,
            quantity_base=approved.quantity.base,
            order_id=order_id,
            intent_id=approved.intent_id,
        )
    return ArmStop(
        symbol=approved.symbol,
        side=approved.side,
        stop_price_usd=approved.stop_at.usd,
        order_id=order_id,
        intent_id=approved.intent_id,
    )


def _report(events: tuple[VenueEvent, ...]) -> Report:
    match events[0]:
        case Filled():
            return Report(event=OrderEvent.FILLED, events=events)
        case StopArmed():
            return Report(event=OrderEvent.ACCEPTED, events=events)
        case OrderRefused():
            return Report(event=OrderEvent.REJECTED, events=events)
        case event:
            msg = f"an order cannot be answered by {type(event).__name__}"
            raise TypeError(msg)

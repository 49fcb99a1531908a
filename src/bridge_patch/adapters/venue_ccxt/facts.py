"""What the venue tells of our account, and what of it is still to be handed on.

Each trade is told once, whether the stream or a query brings it, and in whatever order
things arrive: a word about an order never takes back one that said more.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.fold import Fold
from bridge_patch.adapters.venue_ccxt.orders import (
    OrderFacts,
    Trade,
    filled_of,
    is_exchange_made,
    kind_of,
    order_of,
    says_more,
    trade_id_of,
)
from bridge_patch.domain.events import FilledLate, Resolved, Sending
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.venue_events import (
    Book,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)
from bridge_patch.services.plans import UNSEEN
from bridge_patch.services.ports import VenueMemory

#: How many trades of unknown orders wait for somebody to say whose they are.
UNCLAIMED_MAX: Final = 1_000
#: How many foreign client ids are remembered, to count each order once.
_FOREIGN_MAX: Final = 10_000
#: How many of the venue's numbers are remembered at least; older orders are over.
_OWNERS_KEPT: Final = 20_000


@final
@dataclass(slots=True)
class VenueFacts:
    """The account as told so far, in `fold`, and what happened since it was handed on.

    `foreign` counts orders that are not ours: they are never touched. `owners` says which
    order of ours the venue means by a number; `unclaimed` keeps trades of orders that
    nobody has claimed yet.
    """

    fold: Fold = field(default_factory=Fold)
    pending: list[VenueEvent] = field(default_factory=list)
    owners: dict[tuple[Symbol, int], ClientOrderId] = field(default_factory=dict)
    unclaimed: deque[Trade] = field(default_factory=lambda: deque(maxlen=UNCLAIMED_MAX))
    foreign: dict[str, None] = field(default_factory=dict)
    rates: dict[Symbol, Decimal] = field(default_factory=dict)

    def restore(self, events: Iterable[VenueMemory]) -> None:
        """Fold what the journal holds; none of it is handed on again."""
        for event in events:
            if isinstance(event, Sending):
                self.fold.announce(order_of(event))
            elif isinstance(event, Resolved):
                self.fold.answered(event)
            elif isinstance(event, FilledLate):
                self.fold.count_late(event)
            elif event.book is Book.ACCOUNT:
                self.fold.apply(event)

    def take(self, symbol: Symbol | None = None) -> tuple[VenueEvent, ...]:
        """Hand on what happened, oldest first: all of it, or what is about one symbol."""
        taken = tuple(e for e in self.pending if symbol in (None, e.symbol))
        self.pending = [e for e in self.pending if symbol not in (None, e.symbol)]
        return taken

    def on_tick(self, tick: Tick) -> None:
        """Take in the funding rates that the market states."""
        for funding in tick.fundings:
            self.rates[funding.symbol] = funding.rate_fraction

    def find(self, order_id: str) -> OrderFacts | None:
        """Return an order of ours, None if this is no client id of one."""
        return self.fold.orders.get(ClientOrderId(order_id))

    def owner(self, symbol: Symbol, venue_id: int, client_id: str | None) -> str | None:
        """Return the client id of ours that the venue's number, or its own, stands for."""
        return self.owners.get((symbol, venue_id), client_id)

    def link(self, symbol: Symbol, venue_id: int | None, order_id: ClientOrderId) -> None:
        """Learn by which number the venue knows an order; trades that waited are told."""
        if venue_id is None or order_id not in self.fold.orders:
            return
        if self.owners.get((symbol, venue_id)) == order_id:
            return
        self._own(symbol, venue_id, order_id)
        self.fold.orders[order_id].venue_id = venue_id
        for trade in self._claimed(symbol, venue_id):
            self.foreign.pop(trade.client_id or "", None)
            self.hear_trade(trade)

    def disown(self, symbol: Symbol, venue_id: int, client_id: str) -> None:
        """Learn that a number is of no order of ours; the exchange's own are believed."""
        self._own(symbol, venue_id, ClientOrderId(client_id))
        if not is_exchange_made(client_id):
            self.hear_foreign(client_id)
            return
        for trade in self._claimed(symbol, venue_id):
            self.hear_trade(trade)

    def hear_trade(self, trade: Trade) -> bool:
        """Take in a trade; false where nobody knows whose it is."""
        if trade_id_of(trade.symbol, trade.trade_id) in self.fold.told:
            return True
        named = self.owner(trade.symbol, trade.venue_id, trade.client_id)
        if named is not None and is_exchange_made(named):
            self._tell_trade(trade, None, ClientOrderId(named))
            return True
        order = self.find(named) if named is not None else None
        if order is not None:
            self._tell_trade(trade, order, order.order_id)
            self._end_if_whole(order, trade.at_ms)
            return True
        if not any(trade.is_same(kept) for kept in self.unclaimed):
            self.unclaimed.append(trade)
        return (trade.symbol, trade.venue_id) in self.owners

    def hear_order(
        self,
        order: OrderFacts,
        state: OrderState,
        *,
        at_ms: UnixMs,
        executed_base: Decimal = ZERO,
        reason: str = "",
    ) -> None:
        """Take in the venue's word for an order.

        One that ended after it traded stays a filled one; that it ended is told when all
        of its trades were.
        """
        order.executed_base = max(order.executed_base, executed_base)
        if state is OrderState.CANCELLED and order.executed_base > 0:
            state, order.end_reason = OrderState.FILLED, reason
        if says_more(state, order.state):
            order.state = state
            if state is OrderState.REJECTED and not order.rests:
                self.refuse(order, "REJECTED", reason or "rejected by the venue", at_ms)
            elif state in {OrderState.CANCELLED, OrderState.REJECTED}:
                self._tell_end(order, at_ms, reason)
        self._end_if_whole(order, at_ms)

    def hear_rest(self, order: OrderFacts, at_ms: UnixMs) -> None:
        """Take in that a stop was seen at the venue: it protects from now on."""
        over = says_more(order.state, OrderState.OPEN)
        if over or order.rests or order.stop_price_usd is None:
            return
        order.state = OrderState.OPEN
        self._tell(
            StopArmed(
                book=Book.ACCOUNT,
                at_ms=at_ms,
                symbol=order.symbol,
                side=order.side,
                stop_price_usd=order.stop_price_usd,
                order_id=order.order_id,
                intent_id=order.intent_id,
                quantity_base=order.stop_base,
            )
        )

    def lose_sight(self, order: OrderFacts, at_ms: UnixMs, reason: str = UNSEEN) -> None:
        """Tell that a stop is not to be seen any more: it protects nothing.

        That is no proof that it is gone. If it is seen again, that is told as well.
        """
        if order.rests:
            self._tell_end(order, at_ms, reason)
            if order.state is OrderState.OPEN:
                order.state = None

    def refuse(self, order: OrderFacts, code: str, message: str, at_ms: UnixMs) -> None:
        """Tell that the venue, or our own gate, said no to an order."""
        order.state = OrderState.REJECTED
        if not order.refused:
            self._tell(
                OrderRefused(
                    book=Book.ACCOUNT,
                    at_ms=at_ms,
                    symbol=order.symbol,
                    order_id=order.order_id,
                    code=code,
                    message=message,
                )
            )

    def hear_funding(self, symbol: Symbol, amount_usd: Decimal, at_ms: UnixMs) -> None:
        """Take in a settlement: one an hour of each symbol, whoever tells it first."""
        if amount_usd != 0 and not self.fold.is_funded(symbol, at_ms):
            self._tell(
                FundingPaid(
                    book=Book.ACCOUNT,
                    at_ms=at_ms,
                    symbol=symbol,
                    amount_usd=amount_usd,
                    rate_fraction=self._rate(symbol, amount_usd),
                )
            )

    def hear_insurance(self, symbol: Symbol, amount_usd: Decimal, at_ms: UnixMs) -> None:
        """Take in what the insurance fund took from a liquidation, or paid in."""
        if amount_usd == 0 or (symbol, at_ms, amount_usd) in self.fold.cleared:
            return
        unnamed = ClientOrderId(f"autoclose-{at_ms}"), self.fold.opener(symbol)
        order_id, intent_id = self.fold.liquidated.get(symbol, unnamed)
        self._tell(
            InsuranceCleared(
                book=Book.ACCOUNT,
                at_ms=at_ms,
                symbol=symbol,
                amount_usd=amount_usd,
                order_id=order_id,
                intent_id=intent_id,
            )
        )

    def hear_foreign(self, client_id: str) -> None:
        """Count an order that is not ours."""
        if len(self.foreign) < _FOREIGN_MAX:
            self.foreign[client_id] = None

    def _own(self, symbol: Symbol, venue_id: int, order_id: ClientOrderId) -> None:
        self.owners[symbol, venue_id] = order_id
        if len(self.owners) > 2 * _OWNERS_KEPT:
            self.owners = dict(list(self.owners.items())[-_OWNERS_KEPT:])

    def _claimed(self, symbol: Symbol, venue_id: int) -> list[Trade]:
        """Take the trades of one order out of those that waited."""
        key = symbol, venue_id
        claimed = [t for t in self.unclaimed if (t.symbol, t.venue_id) == key]
        for trade in claimed:
            self.unclaimed.remove(trade)
        return claimed

    def _tell(self, event: VenueEvent) -> None:
        self.pending.append(event)
        self.fold.apply(event)

    def _tell_trade(
        self, trade: Trade, order: OrderFacts | None, order_id: ClientOrderId
    ) -> None:
        fold, symbol = self.fold, trade.symbol
        fill = filled_of(
            trade,
            order_id=order_id,
            intent_id=order.intent_id if order else fold.opener(symbol),
            kind=kind_of(order.leg) if order else FillKind.LIQUIDATION,
            leverage=order.leverage if order else None,
            position=fold.opened(symbol),
        )
        if order is not None and order.adopted_base > 0:
            self.pending.append(fill)
            fold.apply_beside(fill, order)
        else:
            self._tell(fill)

    def _end_if_whole(self, order: OrderFacts, at_ms: UnixMs) -> None:
        """Tell that an order ended early, once nothing of what it traded is untold."""
        whole = order.executed_base > 0 and order.told_base >= order.executed_base
        if order.end_reason is not None and order.state is OrderState.FILLED and whole:
            self._tell_end(order, at_ms, order.end_reason)

    def _tell_end(self, order: OrderFacts, at_ms: UnixMs, reason: str) -> None:
        if not order.ended:
            self._tell(
                OrderEnded(
                    book=Book.ACCOUNT,
                    at_ms=at_ms,
                    symbol=order.symbol,
                    order_id=order.order_id,
                    reason=reason or "ended at the venue",
                )
            )

    def _rate(self, symbol: Symbol, amount_usd: Decimal) -> Decimal:
        """Return the rate that was settled: as the market states it, or as it was paid."""
        position = self.fold.positions.get(symbol)
        if symbol in self.rates or position is None:
            return self.rates.get(symbol, ZERO)
        return -amount_usd / (position.signed_base * position.entry_price_usd)

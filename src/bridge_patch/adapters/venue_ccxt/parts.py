"""What the verbs of this venue share, and how an order's state becomes a report."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.agreement import Agreement
from bridge_patch.adapters.venue_ccxt.calls import QUERY, TRADES, Purpose
from bridge_patch.adapters.venue_ccxt.facts import VenueFacts
from bridge_patch.adapters.venue_ccxt.hearing import hear_order_reply, hear_trade_reply
from bridge_patch.adapters.venue_ccxt.liveness import Liveness
from bridge_patch.adapters.venue_ccxt.modes import Modes
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts, trade_id_of
from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.rules import Rules
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import OrderEvent, OrderState
from bridge_patch.services.ports import Report

#: The most trades that one query returns.
TRADES_MAX: Final = 1_000
#: How far back the venue tells trades and incomes: three months, of which the shortest have
#: 89 days, less one for what passes on the way.
REACH_MS: Final = 88 * 86_400_000
_EVENTS: Final = MappingProxyType(
    {
        OrderState.OPEN: OrderEvent.ACCEPTED,
        OrderState.FILLED: OrderEvent.FILLED,
        OrderState.CANCELLED: OrderEvent.CANCELLED,
        OrderState.REJECTED: OrderEvent.REJECTED,
    }
)
#: Nobody knows yet; what did happen meanwhile is told with the next move.
TIMED_OUT: Final = Report(event=OrderEvent.TIMED_OUT)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One venue's state and its ways out. `pause` waits so many milliseconds."""

    transport: Transport
    facts: VenueFacts
    liveness: Liveness
    rules: Rules
    modes: Modes
    pause: Callable[[int], Awaitable[None]]
    agreement: Agreement = field(default_factory=Agreement)

    def reported(self, order: OrderFacts) -> Report:
        """State what is known of an order, with all that happened on its symbol."""
        if order.state is None:
            return TIMED_OUT
        return Report(event=_EVENTS[order.state], events=self.facts.take(order.symbol))

    async def fetch_trades(self, order: OrderFacts) -> None:
        """Ask for the trades of an order that are said to exist and were not told."""
        if order.venue_id is None or order.told_base >= order.executed_base:
            return
        params = {
            "symbol": order.symbol,
            "orderId": str(order.venue_id),
            "limit": str(TRADES_MAX),
        }
        outcome = await self.transport.call(TRADES, params, purpose=Purpose.PROTECT)
        if isinstance(outcome, Accepted):
            for reply in outcome.value:
                if reply.order_id == order.venue_id:
                    self.note_found(Symbol(reply.symbol), reply.id)
                    hear_trade_reply(self.facts, reply, order.order_id)

    async def claim(self, symbol: Symbol) -> None:
        """Ask whose the trades are that nobody has claimed, each order once."""
        facts = self.facts
        numbers = {t.venue_id for t in facts.unclaimed if t.symbol == symbol}
        for number in sorted(n for n in numbers if (symbol, n) not in facts.owners):
            params = {"symbol": symbol, "orderId": str(number)}
            outcome = await self.transport.call(QUERY, params, purpose=Purpose.PROTECT)
            if isinstance(outcome, Accepted):
                hear_order_reply(facts, outcome.value)

    def reach_ms(self) -> int:
        """Return from when on the venue still tells trades, by its clock."""
        return self.transport.venue_ms() - REACH_MS

    def note_found(self, symbol: Symbol, number: int) -> None:
        """Let the stream be held against a trade that a query has found before it."""
        trade_id = trade_id_of(symbol, number)
        if trade_id not in self.facts.fold.told:
            self.liveness.found(trade_id, self.transport.now_ms())


def plain(number: Decimal) -> str:
    """Write a number as the venue reads it: no exponent, no needless zeros.

    >>> plain(Decimal("1E+2")), plain(Decimal("0.0100"))
    ('100', '0.01')
    """
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text

"""What became of an order: both services asked in turn, until it is seen or proved absent.

The search itself is `domain.lookup`; here are the questions. Being seen, by whomever, ends
it at any time. What was closed as absent is remembered, and an incident if it appears.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import (
    ALGO_ALL,
    ALGO_CANCEL,
    ALGO_QUERY,
    POSITIONS,
    QUERY,
    TRADES,
    Purpose,
)
from bridge_patch.adapters.venue_ccxt.hearing import (
    hear_algo_reply,
    hear_order_reply,
    hear_trade_reply,
)
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.parts import TIMED_OUT, TRADES_MAX, Parts
from bridge_patch.adapters.venue_ccxt.replies import AlgoReply, OrderReply
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.lookup import (
    ARRIVAL_MARGIN_MS,
    Lookup,
    LookupEvent,
    LookupState,
    Surroundings,
    objection,
    patience,
)
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, OrderEvent, OrderState
from bridge_patch.services.ports import Report

#: "No such order": the only answer that leads on to the next service.
NO_SUCH_ORDER: Final = "-2013"
#: The answers to a cancel that show that the order does not rest.
_NOT_RESTING: Final = frozenset({"-2011", NO_SUCH_ORDER})

#: Why a stop is told to have ended whose symbol is flat and whose cancel was answered.
_SWEPT: Final = "swept: its symbol is flat"


class Rung(Enum):
    """A place where an order can be seen."""

    ORDER = "order"
    ALGO_ORDER = "algoOrder"
    ALL_ALGO_ORDERS = "allAlgoOrders"


#: Where is asked, in turn; for a conditional order its own service comes first.
LADDERS: Final[Mapping[bool, tuple[Rung, ...]]] = MappingProxyType(
    {
        False: (Rung.ORDER, Rung.ALGO_ORDER, Rung.ALL_ALGO_ORDERS),
        True: (Rung.ALGO_ORDER, Rung.ALL_ALGO_ORDERS, Rung.ORDER),
    }
)


@final
@dataclass(slots=True)
class Lookups:
    """The searches under way, and those that ended without the order being seen."""

    parts: Parts
    searches: dict[ClientOrderId, Lookup] = field(default_factory=dict)

    async def find(self, order: OrderFacts) -> Report:
        """Answer from what is known, else ask when it is time to, else say so."""
        if not _is_settled(order):
            search = self._search(order)
            if self.parts.transport.now_ms() >= search.due_ms:
                await self.ask(order)
        return self.answer(order)

    def answer(self, order: OrderFacts) -> Report:
        """Report what is known of an order now."""
        if order.state is not None:
            if _is_settled(order):
                self._forget(order)
            return self.parts.reported(order)
        match self._search(order).state:
            case LookupState.ABSENT:
                return Report(event=OrderEvent.FOUND_ABSENT)
            case LookupState.SWEPT:
                happened = self.parts.facts.take(order.symbol)
                return Report(event=OrderEvent.CANCELLED, events=happened)
            case _:
                return TIMED_OUT

    async def ask(self, order: OrderFacts) -> None:
        """Make one round of questions, and conclude what can be."""
        search = self._search(order).paced(self.parts.transport.now_ms())
        if search.state in {LookupState.ABSENT, LookupState.SWEPT}:
            return
        self.searches[order.order_id] = search
        event = await self._climb(order)
        if event is LookupEvent.NOT_SEEN and order.rests:  # what was believed is not seen
            if search.state in {LookupState.FOUND, LookupState.REOPENED}:
                self.begin(order)
        elif order.state:
            event = LookupEvent.SEEN
        search = self._told(order, event)
        if search.state in {LookupState.FOUND, LookupState.REOPENED}:
            await self.parts.fetch_trades(order)
        elif search.state is LookupState.MISSING:
            await self._conclude(order, search)

    def reopened(self) -> tuple[OrderFacts, ...]:
        """Return the orders that were closed unseen and have appeared since: incidents."""
        found = []
        for order_id, search in self.searches.items():
            order = self.parts.facts.find(order_id)
            closed = search.state in {LookupState.ABSENT, LookupState.SWEPT}
            if order is not None and closed and order.state is not None:
                found.append(order)
        for order in found:
            self._told(order, LookupEvent.SEEN)
        return tuple(found)

    def begin(self, order: OrderFacts) -> None:
        """Forget a search: the order leaves now, under an id that may have been absent."""
        self.searches.pop(order.order_id, None)

    def _forget(self, order: OrderFacts) -> None:
        """Drop a search that is over; one that ended unseen is remembered."""
        search = self.searches.get(order.order_id)
        if search is not None and search.state in {LookupState.ASKING, LookupState.FOUND}:
            del self.searches[order.order_id]

    def _search(self, order: OrderFacts) -> Lookup:
        window_ms = self.parts.transport.recv_window_ms
        return self.searches.setdefault(
            order.order_id,
            Lookup(
                arrival_ms=order.sent_ms + window_ms + ARRIVAL_MARGIN_MS,
                conditional=order.conditional,
            ),
        )

    def _told(self, order: OrderFacts, event: LookupEvent) -> Lookup:
        now_ms = self.parts.transport.now_ms()
        search = self._search(order).told(event, now_ms)
        self.searches[order.order_id] = search
        return search

    async def _climb(self, order: OrderFacts) -> LookupEvent:
        """Ask each service in turn; any answer but "no such order" ends the round."""
        for rung in LADDERS[order.conditional]:
            event = await self._rung(order, rung)
            if event is not LookupEvent.NOT_SEEN:
                return event
        return LookupEvent.NOT_SEEN

    async def _rung(self, order: OrderFacts, rung: Rung) -> LookupEvent:
        match rung:
            case Rung.ORDER:
                return await self._ask_orders(order)
            case Rung.ALGO_ORDER:
                return await self._ask_algo(order)
            case Rung.ALL_ALGO_ORDERS:
                return await self._ask_all_algo(order)

    async def _ask_orders(self, order: OrderFacts) -> LookupEvent:
        params = {"symbol": order.symbol, "origClientOrderId": order.order_id}
        outcome = await self.parts.transport.call(QUERY, params, purpose=Purpose.PROTECT)
        if not isinstance(outcome, Accepted):
            return _unseen(outcome)
        reply = outcome.value
        if reply.client_order_id != order.order_id or self._is_older(order, reply):
            return LookupEvent.NO_ANSWER
        hear_order_reply(self.parts.facts, reply)
        return LookupEvent.SEEN

    async def _ask_algo(self, order: OrderFacts) -> LookupEvent:
        params = {"symbol": order.symbol, "clientAlgoId": order.order_id}
        outcome = await self.parts.transport.call(
            ALGO_QUERY, params, purpose=Purpose.PROTECT
        )
        if not isinstance(outcome, Accepted):
            return _unseen(outcome)
        return self._hear_algo(order, [outcome.value], LookupEvent.NO_ANSWER)

    async def _ask_all_algo(self, order: OrderFacts) -> LookupEvent:
        outcome = await self.parts.transport.call(
            ALGO_ALL, {"symbol": order.symbol}, purpose=Purpose.PROTECT
        )
        if not isinstance(outcome, Accepted):
            return LookupEvent.NO_ANSWER
        return self._hear_algo(order, outcome.value, LookupEvent.NOT_SEEN)

    def _hear_algo(
        self, order: OrderFacts, replies: Sequence[AlgoReply], otherwise: LookupEvent
    ) -> LookupEvent:
        for reply in replies:
            if reply.client_algo_id == order.order_id and not self._is_older(order, reply):
                hear_algo_reply(self.parts.facts, reply)
                return LookupEvent.SEEN
        return otherwise

    def _is_older(self, order: OrderFacts, reply: OrderReply | AlgoReply) -> bool:
        """Tell whether this is an earlier order under the same id, long over."""
        return reply.update_time < self._since_ms(order)

    async def _conclude(self, order: OrderFacts, search: Lookup) -> None:
        """Believe that an order is absent where all the conditions hold."""
        now_ms = self.parts.transport.now_ms()
        if patience(search, now_ms):
            return
        believed = order.state, order.rests
        explained = await self._explained(order)
        if (order.state, order.rests) != believed:
            self._told(order, LookupEvent.SEEN)
            return
        if order.conditional:
            if explained and order.symbol not in self.parts.facts.fold.positions:
                await self._sweep(order)
            return
        alive = self.parts.liveness.alive_since_ms(now_ms)
        around = Surroundings(
            alive_since_ms=None if isinstance(alive, Unknown) else alive,
            explained=explained,
        )
        why_not = objection(search, around, now_ms)
        self._told(order, LookupEvent.DISTURBED if why_not else LookupEvent.PROVEN)

    async def _explained(self, order: OrderFacts) -> bool:
        """Tell whether the venue's position is ours and every trade has an owner."""
        transport, facts, symbol = self.parts.transport, self.parts.facts, order.symbol
        oldest_ms = self.parts.reach_ms() if order.conditional else 0  # no entry is proved
        trades = await transport.call(
            TRADES,
            {
                "symbol": symbol,
                "startTime": str(max(self._since_ms(order), oldest_ms)),
                "limit": str(TRADES_MAX),
            },
            purpose=Purpose.PROTECT,
        )
        if not isinstance(trades, Accepted):
            return False
        owned = [hear_trade_reply(facts, reply) for reply in trades.value]
        if not all(owned):
            await self.parts.claim(symbol)
            owned = [hear_trade_reply(facts, reply) for reply in trades.value]
        held = await transport.call(POSITIONS, {"symbol": symbol}, purpose=Purpose.PROTECT)
        if not isinstance(held, Accepted) or not all(owned):
            return False
        ours = facts.fold.positions.get(symbol)
        stated = sum((p.position_amt for p in held.value if p.symbol == symbol), ZERO)
        return stated == (ours.signed_base if ours else ZERO)

    async def _sweep(self, order: OrderFacts) -> None:
        """End the search for a stop of a flat symbol by a cancel that is answered."""
        outcome = await self.parts.transport.call(
            ALGO_CANCEL,
            {"symbol": order.symbol, "clientAlgoId": order.order_id},
            purpose=Purpose.PROTECT,
        )
        now_ms = self.parts.transport.now_ms()
        if isinstance(outcome, Accepted):
            self.parts.facts.hear_order(
                order, OrderState.CANCELLED, at_ms=now_ms, reason=_SWEPT
            )
            self._told(order, LookupEvent.SEEN)
        elif isinstance(outcome, Refused) and outcome.code in _NOT_RESTING:
            self.parts.facts.lose_sight(order, now_ms, _SWEPT)
            self._told(order, LookupEvent.CLEARED)

    def _since_ms(self, order: OrderFacts) -> int:
        """Return from when trades of this order could be, by the venue's clock."""
        transport = self.parts.transport
        return order.sent_ms + (transport.skew_ms or 0) - ARRIVAL_MARGIN_MS


def _unseen(outcome: Refused | Unknown) -> LookupEvent:
    """Read an answer that did not show the order: one alone says that it is not there."""
    absent = isinstance(outcome, Refused) and outcome.code == NO_SUCH_ORDER
    return LookupEvent.NOT_SEEN if absent else LookupEvent.NO_ANSWER


def _is_settled(order: OrderFacts) -> bool:
    """Tell whether nothing more has to be asked about an order."""
    if order.state in {None, OrderState.OPEN}:
        return order.rests
    return order.told_base >= order.executed_base

"""Whether the stops that we believe in can be seen at the venue.

A stop that was acknowledged, and even seen, may be invisible: then it protects nothing as
far as anybody can tell, and may fire all the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import ALGO_QUERY, Purpose
from bridge_patch.adapters.venue_ccxt.hearing import hear_algo_reply
from bridge_patch.adapters.venue_ccxt.lookup import NO_SUCH_ORDER
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.parts import Parts
from bridge_patch.adapters.venue_ccxt.replies import AlgoReply
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import ClientOrderId

#: A stop may be missing from the lists for so long: they lag.
UNSEEN_MAX_MS: Final = 3_000
#: The statuses of a conditional order that still protects.
PROTECTS: Final = frozenset({"NEW", "TRIGGERING"})


@final
@dataclass(slots=True)
class Stops:
    """Since when each resting stop is missing from what the venue lists as open."""

    parts: Parts
    _missing_ms: dict[ClientOrderId, int] = field(default_factory=dict)

    async def compare(self, symbol: Symbol, listed: Sequence[AlgoReply]) -> None:
        """Hold what is told to rest on a symbol against the venue's list of it."""
        facts, now_ms = self.parts.facts, self.parts.transport.now_ms()
        for reply in listed:
            if reply.symbol == symbol:
                hear_algo_reply(facts, reply)
        seen = {reply.client_algo_id for reply in listed}
        for stop in facts.fold.stops(symbol):
            if stop.order_id in seen:
                self._missing_ms.pop(stop.order_id, None)
            elif (
                now_ms - self._missing_ms.setdefault(stop.order_id, now_ms) >= UNSEEN_MAX_MS
            ):
                await self._ask(stop)

    async def trace(self, symbol: Symbol, listed: Sequence[AlgoReply]) -> bool:
        """Ask at once what became of stops that are not listed; false without an answer.

        One that fired names the order that it became, whatever client id that order has.
        One that is not to be seen is left to `compare`, which knows that lists lag.
        """
        parts = self.parts
        seen, answered = {reply.client_algo_id for reply in listed}, True
        for stop in parts.facts.fold.stops(symbol):
            if stop.order_id in seen:
                continue
            outcome = await parts.transport.call(
                ALGO_QUERY,
                {"symbol": symbol, "clientAlgoId": stop.order_id},
                purpose=Purpose.PROTECT,
            )
            if isinstance(outcome, Accepted):
                hear_algo_reply(parts.facts, outcome.value)
                await parts.fetch_trades(stop)
            elif not (isinstance(outcome, Refused) and outcome.code == NO_SUCH_ORDER):
                answered = False
        return answered

    async def collect(self, symbol: Symbol) -> None:
        """Ask for the trades of stops that are said to have fired and were not told."""
        for order in tuple(self.parts.facts.fold.orders.values()):
            if order.conditional and order.symbol == symbol:
                await self.parts.fetch_trades(order)

    async def _ask(self, stop: OrderFacts) -> None:
        """Ask for a stop that is missing: it has ended, or it is not to be seen.

        What has triggered or finished protects no more, whether or not its trades can be
        had yet.
        """
        outcome = await self.parts.transport.call(
            ALGO_QUERY,
            {"symbol": stop.symbol, "clientAlgoId": stop.order_id},
            purpose=Purpose.PROTECT,
        )
        if isinstance(outcome, Accepted):
            hear_algo_reply(self.parts.facts, outcome.value)
            await self.parts.fetch_trades(stop)
            gone = outcome.value.algo_status not in PROTECTS
        else:
            gone = isinstance(outcome, Refused) and outcome.code == NO_SUCH_ORDER
        if gone:
            self.parts.facts.lose_sight(stop, self.parts.transport.venue_ms())
            self._missing_ms.pop(stop.order_id, None)

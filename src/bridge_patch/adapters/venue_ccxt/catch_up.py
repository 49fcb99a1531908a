"""What happened while nobody listened, from the venue's own records.

Run when the stream is (re)opened, and where a position is not what was told. Whatever it
finds is told as if the stream had: each trade once. Orders in doubt are left to the
look-ups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import ALGO_OPEN, INCOME, TRADES, Purpose
from bridge_patch.adapters.venue_ccxt.hearing import hear_trade_reply
from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.parts import TRADES_MAX, Parts
from bridge_patch.adapters.venue_ccxt.replies import Income
from bridge_patch.adapters.venue_ccxt.stops import Stops
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.order import OrderState

#: How far before the last known moment is asked again: the venue's records lag.
OVERLAP_MS: Final = 60_000
#: The venue returns trades of at most this long at once.
SPAN_MAX_MS: Final = 7 * 86_400_000
_OPEN: Final = (None, OrderState.OPEN)


@final
@dataclass(frozen=True, slots=True)
class CatchUp:
    """Asks for what may have been missed."""

    parts: Parts
    stops: Stops

    async def run(self) -> bool:
        """Bring everything up to date; false where something could not be read."""
        whole = await self._incomes()
        for symbol in sorted(self._symbols()):
            whole &= await self._trades(symbol)
            await self.parts.claim(symbol)
            whole &= await self._stops(symbol)
        return whole

    def _symbols(self) -> set[Symbol]:
        """Return the symbols on which something of ours may have happened."""
        facts = self.parts.facts
        unsure = {o.symbol for o in facts.fold.orders.values() if o.state in _OPEN}
        waiting = {trade.symbol for trade in facts.unclaimed}
        return {*facts.fold.positions, *unsure, *waiting}

    async def _trades(self, symbol: Symbol) -> bool:
        """Hear every trade of a symbol since the last one that is known."""
        transport, facts = self.parts.transport, self.parts.facts
        start_ms = self._since_ms(symbol)
        while True:
            params = {
                "symbol": symbol,
                "startTime": str(start_ms),
                "limit": str(TRADES_MAX),
            }
            outcome = await transport.call(TRADES, params, purpose=Purpose.PROTECT)
            if not isinstance(outcome, Accepted):
                return False
            for reply in outcome.value:
                hear_trade_reply(facts, reply)
            newest_ms = max((reply.time for reply in outcome.value), default=start_ms)
            if len(outcome.value) == TRADES_MAX and newest_ms > start_ms:
                start_ms = newest_ms
            elif start_ms + SPAN_MAX_MS < transport.venue_ms():
                start_ms += SPAN_MAX_MS
            else:
                return True

    async def _stops(self, symbol: Symbol) -> bool:
        outcome = await self.parts.transport.call(
            ALGO_OPEN, {"symbol": symbol}, purpose=Purpose.PROTECT
        )
        if isinstance(outcome, Accepted):
            await self.stops.compare(symbol, outcome.value)
        return isinstance(outcome, Accepted)

    async def _incomes(self) -> bool:
        """Hear the settlements of what is held; before the trades, which may close it."""
        facts = self.parts.facts
        if not facts.fold.positions:
            return True
        found: list[Income] = []
        opened_ms = min(p.opened_ms for p in facts.fold.positions.values())
        params = {
            "incomeType": "FUNDING_FEE",
            "startTime": str(max(opened_ms, facts.fold.newest_ms - OVERLAP_MS)),
            "limit": str(TRADES_MAX),
        }
        outcome = await self.parts.transport.call(INCOME, params, purpose=Purpose.PROTECT)
        if isinstance(outcome, Accepted):
            found += outcome.value
        for income in sorted(found, key=lambda each: each.time):
            position = facts.fold.positions.get(Symbol(income.symbol))
            if position is not None and income.time >= position.opened_ms:
                at_ms = UnixMs(income.time)
                facts.hear_funding(position.symbol, income.income, at_ms)
        return isinstance(outcome, Accepted)

    def _since_ms(self, symbol: Symbol) -> int:
        """Return from when to ask: the oldest doubt, or else the newest trade."""
        facts, transport = self.parts.facts, self.parts.transport
        skew_ms = transport.skew_ms or 0
        sent = [
            order.sent_ms + skew_ms
            for order in facts.fold.orders.values()
            if order.symbol == symbol and order.state in _OPEN and order.sent_ms
        ]
        newest = [facts.fold.newest_ms] if facts.fold.newest_ms else []
        agreed_ms = self.parts.agreement.since_ms(symbol)
        agreed = [] if agreed_ms is None else [agreed_ms + skew_ms]
        return min([*sent, *newest, *agreed, transport.venue_ms()]) - OVERLAP_MS

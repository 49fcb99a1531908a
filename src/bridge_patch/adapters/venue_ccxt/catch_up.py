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
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
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
#: For so long trades are asked for of an order that ended as one that never came, whatever
#: the position is; and for ever while that is not as told.
ABSENT_ASKED_MS: Final = 86_400_000
_OPEN: Final = (None, OrderState.OPEN)


@final
@dataclass(slots=True)
class CatchUp:
    """Asks for what may have been missed.

    `_whole_ms` is when the last one began that could read everything, by the venue's clock;
    0 is none: then the journal's newest trades say how far back to ask.
    """

    parts: Parts
    stops: Stops
    _whole_ms: int = 0

    async def run(self) -> bool:
        """Bring everything up to date; false where something could not be read.

        From when to ask is settled before the first question: what is heard on the way,
        of whichever symbol, would make it later.
        """
        began_ms = self.parts.transport.venue_ms()
        starts = {symbol: self._since_ms(symbol) for symbol in sorted(self._symbols())}
        whole = await self._incomes()
        for symbol, start_ms in starts.items():
            whole &= await self._trades(symbol, start_ms)
            whole &= await self._stops(symbol)
            await self.parts.claim(symbol)  # of what no stop of ours has become
        if whole:
            self._whole_ms = began_ms
        return whole

    def _symbols(self) -> set[Symbol]:
        """Return the symbols on which something of ours may have happened."""
        facts = self.parts.facts
        unsure = {o.symbol for o in facts.fold.orders.values() if self._is_unsure(o)}
        waiting = {trade.symbol for trade in facts.unclaimed}
        return {*facts.fold.positions, *unsure, *waiting}

    def _is_unsure(self, order: OrderFacts) -> bool:
        """Tell whether an order may have traded without our being told."""
        if not order.absent:
            return order.state in _OPEN
        ago_ms = self.parts.transport.now_ms() - order.sent_ms
        return ago_ms < ABSENT_ASKED_MS or order.symbol in self.parts.agreement.apart_ms

    async def _trades(self, symbol: Symbol, start_ms: int) -> bool:
        """Hear every trade of a symbol from then on."""
        transport, facts = self.parts.transport, self.parts.facts
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
        """Hear what became of the stops of a symbol, those first that are not listed."""
        outcome = await self.parts.transport.call(
            ALGO_OPEN, {"symbol": symbol}, purpose=Purpose.PROTECT
        )
        if not isinstance(outcome, Accepted):
            return False
        traced = await self.stops.trace(symbol, outcome.value)
        await self.stops.compare(symbol, outcome.value)
        return traced

    async def _incomes(self) -> bool:
        """Hear the settlements of what is held; before the trades, which may close it."""
        facts = self.parts.facts
        if not facts.fold.positions:
            return True
        found: list[Income] = []
        opened_ms = min(p.opened_ms for p in facts.fold.positions.values())
        start_ms = max(opened_ms, self._whole_ms - OVERLAP_MS, self.parts.reach_ms())
        whole = True
        while whole:
            params = {
                "incomeType": "FUNDING_FEE",
                "startTime": str(start_ms),
                "limit": str(TRADES_MAX),
            }
            outcome = await self.parts.transport.call(
                INCOME, params, purpose=Purpose.PROTECT
            )
            whole = isinstance(outcome, Accepted)
            page = outcome.value if isinstance(outcome, Accepted) else ()
            found += page
            newest_ms = max((income.time for income in page), default=start_ms)
            if len(page) < TRADES_MAX or newest_ms <= start_ms:
                break
            start_ms = newest_ms
        for income in sorted(found, key=lambda each: each.time):
            position = facts.fold.positions.get(Symbol(income.symbol))
            if position is not None and income.time >= position.opened_ms:
                at_ms = UnixMs(income.time)
                facts.hear_funding(position.symbol, income.income, at_ms)
        return whole

    def _since_ms(self, symbol: Symbol) -> int:
        """Return from when to ask: the oldest doubt, or what is known already.

        That is all up to the last whole catch-up, else up to the symbol's newest trade; and
        never before what the venue still tells.
        """
        facts, transport = self.parts.facts, self.parts.transport
        skew_ms = transport.skew_ms or 0
        sent = [
            order.sent_ms + skew_ms
            for order in facts.fold.orders.values()
            if order.symbol == symbol and order.sent_ms and self._is_unsure(order)
        ]
        known_ms = self._whole_ms or facts.fold.newest_ms.get(symbol, 0)
        known = [known_ms] if known_ms else []
        agreed_ms = self.parts.agreement.since_ms(symbol)
        agreed = [] if agreed_ms is None else [agreed_ms + skew_ms]
        since_ms = min([*sent, *known, *agreed, transport.venue_ms()]) - OVERLAP_MS
        return max(since_ms, self.parts.reach_ms())

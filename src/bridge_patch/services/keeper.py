"""What has to happen because time passed, whether or not anybody asks for anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import OrderEvent
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.policy.sizing import STOP_FRACTION
from bridge_patch.services.messages import Settlement
from bridge_patch.services.ports import Account, Inbox, SimulatedVenue
from bridge_patch.services.trader import Trader

#: A position found without a plan gets the sizer's stop at factor 1 from its entry.
FALLBACK_STOP: Final = STOP_FRACTION


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Moves what is simulated, resolves doubts, protects what is naked, watches equity."""

    inbox: Inbox
    trader: Trader
    venue: SimulatedVenue
    account: Account

    async def on_tick(self, tick: Tick) -> None:
        """Take in new bars; when it returns, everything they caused is durable and told."""
        trader, recorder = self.trader, self.trader.recorder
        before: dict[Symbol, Position | None] = dict(recorder.ledger.positions)
        trader.market.on_tick(tick)
        recorder.stage(*self.venue.advance(tick))
        recorder.stage(*trader.books.asked.on_tick(tick))
        if trader.books.governed is not None:
            recorder.stage(*trader.books.governed.on_tick(tick))
        await recorder.flush()
        await self._resolve_doubts()
        await self._guard(before)
        await self._watch_equity()
        changed = {s: p for s, p in before.items() if recorder.ledger.positions.get(s) != p}
        if changed:
            updates = recorder.ledger.changes(changed, tick.at_ms)
            await self.inbox.settle(Settlement(acknowledged=(), positions=updates))

    async def recover(self) -> None:
        """Settle every doubt and protect every position; to be done before any entry."""
        await self._resolve_doubts()
        ledger = self.trader.recorder.ledger
        await self._guard(dict(ledger.positions))
        open_now: dict[Symbol, Position | None] = dict(ledger.positions)
        if open_now:
            updates = ledger.changes(open_now, self.trader.clock.now_ms())
            await self.inbox.settle(Settlement(acknowledged=(), positions=updates))

    async def _resolve_doubts(self) -> None:
        """Look up every order in doubt; what is found is recorded, nothing is resent."""
        for order in tuple(self.trader.recorder.ledger.in_doubt.values()):
            sent = await self.trader.desk.look_up(order)
            if sent.event is OrderEvent.FILLED and order.stop_fraction is not None:
                await self.trader.desk.protect(order.symbol, order.stop_fraction)

    async def _guard(self, before: dict[Symbol, Position | None]) -> None:
        """Protect what has no stop; end the stops of what is gone."""
        ledger, desk = self.trader.recorder.ledger, self.trader.desk
        for symbol in tuple(ledger.positions):
            if ledger.stop_price_usd(symbol) is None:
                await desk.protect(symbol, FALLBACK_STOP)
        for symbol in before:
            await desk.sweep(symbol)

    async def _watch_equity(self) -> None:
        trader = self.trader
        gauge, now_ms = trader.recorder.gauge, trader.clock.now_ms()
        read = await self.account.read()
        if isinstance(read, Unknown):
            gauge.lost(read.why)
            return
        mark = gauge.observe(read.equity_usd, now_ms)
        latch = gauge.latch_due(trader.limits, now_ms)
        due: list[Event] = [event for event in (mark, latch) if event is not None]
        await trader.recorder.write(*due)


def restored(trader: Trader, venue: SimulatedVenue, events: Iterable[Event]) -> UnixMs:
    """Fold a journal, read once, into every state that is one; return where time stood."""
    last_ms = UnixMs(0)
    books = [trader.books.asked, trader.books.governed]
    for event in events:
        trader.recorder.fold(event)
        last_ms = max(last_ms, event.at_ms)
        if isinstance(event, VenueEvent):
            venue.restore((event,))
        for book in books:
            if book is not None:
                book.fold(event)
    for book in books:
        if book is not None:
            book.follow_open()
    return last_ms

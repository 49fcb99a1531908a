"""What has to happen because time passed, whether or not anybody asks for anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Book, Event, InstrumentSeen, Stage
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.market import FundingTerms, Mark, Tick
from bridge_patch.services.flattening import Flattening
from bridge_patch.services.late_trades import told_late
from bridge_patch.services.levels import stated_in
from bridge_patch.services.messages import Settlement
from bridge_patch.services.ports import Account, AccountReading, Inbox, Venue
from bridge_patch.services.readings import read_account
from bridge_patch.services.reconcile import Reconciler
from bridge_patch.services.switch import Switch
from bridge_patch.services.trader import Trader
from bridge_patch.services.uncovered import Uncovered


@final
@dataclass(slots=True)
class LeftOpen:
    """What a run in shadow knows of positions that an earlier live run left at the venue.

    `unread` is why the venue's own reading of them cannot be had; "" where it was, or where
    none are open.
    """

    unread: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Moves what is simulated, resolves doubts, protects what is naked, watches equity.

    And it compares the journal with the venue, whenever that is due. `adopt` puts into
    force what was read of the venue's rules, and returns what is new.
    """

    inbox: Inbox
    trader: Trader
    venue: Venue
    account: Account
    switch: Switch
    reconciler: Reconciler
    flattening: Flattening
    adopt: Callable[[], tuple[Instrument, ...]] = tuple
    uncovered: Uncovered = field(default_factory=Uncovered)
    left: LeftOpen = field(default_factory=LeftOpen)

    async def on_tick(self, tick: Tick) -> None:
        """Take in new bars; when it returns, everything they caused is durable and told.

        Bars that the journal knows to be played only show their prices.
        """
        trader, recorder = self.trader, self.trader.recorder
        if recorder.progress.reached(tick.at_ms, Stage.MOVED):
            self.see(tick)
        else:
            trader.market.on_tick(tick)
            recorder.begin_tick(tick.at_ms)
            recorder.stage(*await self._moved(tick))
            for book in trader.books:
                recorder.stage(*book.on_tick(tick))
            recorder.stage(*trader.books.marks_due(tick.at_ms))
            await recorder.flush()
        await self.recover()

    async def pulse(
        self, marks: tuple[Mark, ...] = (), terms: tuple[FundingTerms, ...] = ()
    ) -> None:
        """Take in, between two ticks, what a venue told that moves by itself.

        What that leaves in doubt or naked is not left so until the next tick. `marks` move
        the market and what is simulated; equity is read again before it is half too old.
        """
        trader, recorder = self.trader, self.trader.recorder
        now = Tick(at_ms=trader.clock.now_ms(), bars=(), marks=marks, terms=terms)
        trader.market.on_tick(now)
        events = list(await self._moved(now))
        for book in trader.books if marks else ():
            events += book.on_tick(now)
        recorder.stage(*events)
        await recorder.flush()
        open_ = recorder.ledger.in_doubt or trader.desk.protection.due()
        if events or open_ or self.flattening.due() or self.reconciler.due():
            await self.recover()
        else:
            if marks and self._equity_ages(now.at_ms):
                await self._watch_equity()
            await self._adopt()

    def _equity_ages(self, now_ms: UnixMs) -> bool:
        equity = self.trader.recorder.gauge.equity
        old_ms = self.trader.limits.snapshot_age_max_ms // 2
        return isinstance(equity, Unknown) or now_ms - equity.at_ms >= old_ms

    async def _moved(self, tick: Tick) -> tuple[Event, ...]:
        """Return what happened at the venue; one that cannot say stops nothing else."""
        recorder = self.trader.recorder
        try:
            happened = await self.venue.advance(tick)
            return told_late(recorder, happened, tick.at_ms)
        except BrokenPromiseError:
            raise
        except Exception as e:  # noqa: BLE001 - doubts, stops and exits need their turn
            name = type(e).__name__
            recorder.telemetry.note("VENUE", "cannot be followed", error=name)
            return ()

    def see(self, tick: Tick) -> None:
        """Take in the prices of a tick that an earlier run has played."""
        self.trader.market.on_tick(tick)
        self.venue.see(tick)
        for book in self.trader.books:
            book.see(tick)

    async def recover(self) -> None:
        """Settle every doubt, protect every position, read equity, state what changed.

        A restart begins with this, before any entry. What a person ordered comes first.
        """
        await self.switch.heed()
        await self.flattening.go_on()
        await self._resolve_doubts()
        await self.trader.desk.protection.turn()
        await self.reconciler.look()
        await self._watch_equity()
        trader = self.trader
        updates = trader.statements.due(trader.recorder.ledger, trader.clock.now_ms())
        if updates:
            await self.inbox.settle(Settlement(acknowledged=(), positions=updates))
        await self._adopt()

    async def _adopt(self) -> None:
        """Journal rules that are new, before anything is judged by them."""
        now_ms = self.trader.clock.now_ms()
        seen = [InstrumentSeen(at_ms=now_ms, instrument=one) for one in self.adopt()]
        if seen:
            await self.trader.recorder.write(*seen)

    async def _resolve_doubts(self) -> None:
        """Look up every order in doubt; what is found is recorded, nothing is resent."""
        for doubt in tuple(self.trader.recorder.ledger.in_doubt.values()):
            await self.trader.desk.look_up(doubt.order)

    async def _cover(self, read: AccountReading) -> None:
        """Believe no stop that the venue does not state for too long; protect anew.

        And none that lies beyond the liquidation price the venue states.
        """
        recorder, protection = self.trader.recorder, self.trader.desk.protection
        protection.stated.clear()
        protection.stated.update(stated_in(read, recorder.ledger.positions))
        gone = self.uncovered.gone(recorder.ledger, read)
        if gone:
            await recorder.write(*gone)
            self.venue.learn(gone)
        if gone or any(map(protection.trouble, recorder.ledger.positions)):
            await protection.turn()

    async def _watch_left(self) -> None:
        """Judge by the venue's own reading what an earlier live run left open there.

        The account of a run in shadow is a book of its own.
        """
        recorder = self.trader.recorder
        if recorder.gauge.book is Book.ACCOUNT or not recorder.ledger.positions:
            self.left.unread = ""
            return
        read = await read_account(self.venue)
        if isinstance(read, Unknown):
            self.left.unread = read.why
            return
        self.left.unread = self._too_old(read)
        if not self.left.unread:
            await self._cover(read)

    def _too_old(self, read: AccountReading) -> str:
        """Return why a reading says nothing about now; "" where it does."""
        age_ms = self.trader.clock.now_ms() - read.at_ms
        most_ms = self.trader.limits.snapshot_age_max_ms
        return "" if 0 <= age_ms <= most_ms else f"equity: age {age_ms} ms, most {most_ms}"

    async def _watch_equity(self) -> None:
        await self._watch_left()
        trader = self.trader
        gauge, now_ms = trader.recorder.gauge, trader.clock.now_ms()
        if gauge.marked_at(now_ms):
            return
        read = await read_account(self.account)
        if isinstance(read, Unknown):
            gauge.lost(read.why)
            return
        old = self._too_old(read)
        if old:
            gauge.lost(old)
            return
        if gauge.book is Book.ACCOUNT:
            await self._cover(read)
        unrealised_usd = trader.snapshots.unrealised_usd()
        if isinstance(unrealised_usd, Unknown):
            gauge.lost(unrealised_usd.why)
            return
        mark = gauge.observe(read.equity_usd, now_ms, unrealised_usd, trader.limits)
        latch = gauge.latch_due(trader.limits, now_ms)
        if latch is not None:  # what it was pulled by is durable with it
            mark = mark or gauge.mark()
        due: list[Event] = [event for event in (mark, latch) if event is not None]
        await trader.recorder.write(*due)
        trader.recorder.equity_read()

"""Judge one intent and act on the verdict: gather, decide, record, act, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import final

from bridge_patch.domain.events import (
    Filled,
    IntentReceived,
    Judged,
    OrderRefused,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import (
    Entry,
    LiveIntent,
    Mode,
    Proposal,
    ReduceIntent,
    ShadowIntent,
    StopDistance,
    Unknown,
)
from bridge_patch.domain.position import MayBeOpen, Position
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.governor.case import case_of
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.weigh import weigh
from bridge_patch.services.answers import Sent
from bridge_patch.services.books import ShadowBook, Wish
from bridge_patch.services.desk import LiveDesk, ReduceDesk
from bridge_patch.services.exit_brain import SOURCE as EXIT_BRAIN
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import Clock, Instruments
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.reductions import at_venue, in_book
from bridge_patch.services.scribe import Scribe
from bridge_patch.services.shadows import Books
from bridge_patch.services.snapshots import Snapshots
from bridge_patch.services.standing import standing
from bridge_patch.services.statements import Statements


@final
@dataclass(frozen=True, slots=True)
class Unsent:
    """An order that was announced before a crash and that the venue never had."""

    received: IntentReceived
    judged: Judged
    order: Sending


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """Takes one received intent to its outcome. An order in doubt has none yet: None."""

    recorder: Recorder
    snapshots: Snapshots
    market: MarketView
    desk: ReduceDesk | LiveDesk
    books: Books
    instruments: Instruments
    clock: Clock
    limits: Limits
    scribe: Scribe
    statements: Statements = field(default_factory=Statements)

    async def enter(
        self, received: IntentReceived, intent: LiveIntent | ShadowIntent
    ) -> Settled | None:
        """Judge an entry, and trade it or simulate it. Only a live intent can be traded."""
        entry, mode = self._with_stop(intent.entry), self._mode(intent)
        snapshot = await self.snapshots.take(entry.symbol, source=entry.source)
        now_ms = self.clock.now_ms()
        case = case_of(
            entry, mode=mode, snapshot=snapshot, limits=self.limits, now_ms=now_ms
        )
        verdict: Approved | Permitted | Refused
        if isinstance(case, Refused):
            verdict = case
        elif mode is Mode.LIVE:
            verdict = judge(LiveIntent(entry), snapshot, self.limits, now_ms)
        else:
            verdict = weigh(case)
        judged = self.scribe.judged_entry(entry, case, verdict, mode=mode, now_ms=now_ms)
        self.recorder.stage(received, judged)
        self._enter_ungoverned(entry)
        match verdict:
            case Approved() if isinstance(self.desk, LiveDesk):
                sent = await self.desk.open(verdict, entry.policy or POLICY_FALLBACK)
                return self.scribe.outcome(received, judged, sent)
            case Permitted(proposal=permitted):
                return self._simulate(received, judged, entry, permitted)
            case _:
                return self.scribe.settled(received, judged, Status.REFUSED)

    async def reduce(
        self, received: IntentReceived, intent: ReduceIntent
    ) -> Settled | None:
        """Judge a reduction against the position, and send it; no entry rule is asked.

        Where the entry itself is in doubt it goes out against what that may have opened.
        """
        ledger = self.recorder.ledger
        position = standing(ledger, intent.symbol)
        if intent.simulate or (position is None and self.books.governed is not None):
            return self._simulate_reduction(received, intent)
        verdict = self._verdict(intent, position)
        judged = self.scribe.judged_reduction(intent, verdict, Mode.LIVE)
        self.recorder.stage(received, judged)
        self._reduce_ungoverned(intent)
        return await self._act(received, judged, verdict)

    async def reduce_again(
        self, received: IntentReceived, intent: ReduceIntent
    ) -> Settled | None:
        """Judge and send a reduction once more whose order never reached the venue.

        Only a reduction may be sent again: the venue bounds it by the position.
        """
        ledger = self.recorder.ledger
        position = standing(ledger, intent.symbol)
        verdict = self._verdict(intent, position)
        judged = self.scribe.judged_reduction(intent, verdict, Mode.LIVE)
        self.recorder.stage(judged)
        return await self._act(received, judged, verdict)

    async def carry_out(
        self, unsent: Unsent, intent: LiveIntent | ShadowIntent | ReduceIntent
    ) -> Settled | None:
        """Send an order that was announced and that the venue never had, after a crash.

        It leaves under its own id if it is judged to the same numbers still; else never.
        """
        order, sent = unsent.order, None
        if isinstance(intent, ReduceIntent):
            sent = await self.reduce_now(order, intent)
        elif isinstance(intent, LiveIntent) and isinstance(self.desk, LiveDesk):
            entry = self._with_stop(intent.entry)
            snapshot = await self.snapshots.take(
                entry.symbol, source=entry.source, besides=order.order_id
            )
            now_ms = self.clock.now_ms()
            verdict = judge(LiveIntent(entry), snapshot, self.limits, now_ms)
            if isinstance(verdict, Approved):
                policy = entry.policy or POLICY_FALLBACK
                sent = await self.desk.open_now(order, verdict, policy)
        return await self.end(unsent, sent)

    async def reduce_now(self, order: Sending, intent: ReduceIntent) -> Sent | None:
        """Send a reduction that was announced, if it is judged to the same still."""
        ledger, symbol = self.recorder.ledger, intent.symbol
        position = standing(ledger, symbol)
        verdict = self._verdict(intent, position)
        if isinstance(verdict, Refused):
            return None
        return await self.desk.reduce_now(order, verdict)

    async def end(self, unsent: Unsent, sent: Sent | None = None) -> Settled | None:
        """State the outcome of an announced order; one that never left ends here."""
        if sent is None:
            sent = await self.desk.abandon(unsent.order)
        return self.scribe.outcome(unsent.received, unsent.judged, sent)

    async def _act(
        self, received: IntentReceived, judged: Judged, verdict: ApprovedReduction | Refused
    ) -> Settled | None:
        match verdict:
            case ApprovedReduction():
                return self.scribe.outcome(
                    received, judged, await self.desk.reduce(verdict)
                )
            case Refused():
                return self.scribe.settled(received, judged, Status.REFUSED)

    def _mode(self, intent: LiveIntent | ShadowIntent) -> Mode:
        live = isinstance(intent, LiveIntent) and isinstance(self.desk, LiveDesk)
        return Mode.LIVE if live else Mode.SHADOW

    def _with_stop(self, entry: Entry) -> Entry:
        """Complete what is judged by our own market: a scaled trail, and a stop."""
        if entry.policy is not None and entry.policy.unscaled:
            policy = self.market.scaled(entry.policy, entry.symbol)
            entry = replace(entry, policy=policy)
        if isinstance(entry.stop, StopDistance):
            return entry
        return replace(entry, stop=self.market.default_stop(entry.symbol))

    def _enter_ungoverned(self, entry: Entry) -> None:
        """Let one book do as asked, and one take the entry at the size it always takes."""
        books = self.books
        if not isinstance(entry.proposal, Unknown):
            self.recorder.stage(*_enter(books.asked, entry, entry.proposal))
        self.recorder.stage(*_enter(books.baseline, entry, books.size))

    def _reduce_ungoverned(self, intent: ReduceIntent) -> None:
        """Let the ungoverned books reduce as asked; they harvest by themselves."""
        if intent.source != EXIT_BRAIN:
            self.recorder.stage(*self.books.asked.reduce(intent))
            self.recorder.stage(*self.books.baseline.reduce(intent))

    def _simulate(
        self, received: IntentReceived, judged: Judged, entry: Entry, permitted: Proposal
    ) -> Settled:
        book = self.books.governed
        events = _enter(book, entry, permitted) if book is not None else ()
        return self._simulated(received, judged, events)

    def _simulate_reduction(
        self, received: IntentReceived, intent: ReduceIntent
    ) -> Settled:
        book, symbol = self.books.governed, intent.symbol
        position = book.exchange.positions.get(symbol) if book else None
        stop_usd = book.exchange.stop_price_usd(symbol) if book else None
        instrument = self.instruments.find(symbol)
        verdict = in_book(intent, position, instrument, stop_usd)
        judged = self.scribe.judged_reduction(intent, verdict, Mode.SHADOW)
        self.recorder.stage(received, judged)
        self._reduce_ungoverned(intent)
        if book is None or isinstance(verdict, Refused):
            return self.scribe.settled(received, judged, Status.REFUSED)
        return self._simulated(received, judged, book.reduce(intent))

    def _simulated(
        self, received: IntentReceived, judged: Judged, events: Sequence[VenueEvent]
    ) -> Settled:
        """State what the governed book made of an order."""
        self.recorder.stage(*events)
        book = self.books.governed
        order_id = getattr(events[0], "order_id", None) if events else None
        refusal_ = next((e for e in events if isinstance(e, OrderRefused)), None)
        return self.scribe.settled(
            received,
            judged,
            Status.SIMULATED,
            fills=[e for e in events if isinstance(e, Filled) and e.order_id == order_id],
            stop_price_usd=book.exchange.stop_price_usd(judged.symbol) if book else None,
            codes=(refusal_.code,) if refusal_ else (),
            detail=refusal_.message if refusal_ else "",
        )

    def _verdict(
        self, intent: ReduceIntent, position: Position | MayBeOpen | None
    ) -> ApprovedReduction | Refused:
        instrument = self.instruments.find(intent.symbol)
        return at_venue(intent, position, self.recorder.ledger, instrument)


def _enter(book: ShadowBook, entry: Entry, proposal: Proposal) -> tuple[VenueEvent, ...]:
    """Let a book trade this; without a stop nothing is opened anywhere."""
    if isinstance(entry.stop, Unknown):
        return ()
    return book.enter(
        Wish(
            intent_id=entry.id,
            symbol=entry.symbol,
            side=entry.side,
            proposal=proposal,
            stop=entry.stop,
            policy=entry.policy or POLICY_FALLBACK,
        )
    )

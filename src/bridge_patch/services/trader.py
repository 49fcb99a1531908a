"""Judge one intent and act on the verdict: gather, decide, record, act, record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from bridge_patch.domain.events import Filled, IntentReceived, Judged, Settled, Status
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import (
    Entry,
    LiveIntent,
    Mode,
    ReduceIntent,
    ShadowIntent,
    StopDistance,
    Unknown,
)
from bridge_patch.domain.order import OrderEvent
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.governor.case import case_of
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge, judge_reduction
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.weigh import weigh
from bridge_patch.services.books import ShadowBook, Wish
from bridge_patch.services.desk import LiveDesk, ReduceDesk, Sent
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import Clock, Instruments
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.records import (
    Identity,
    judged_entry,
    judged_reduction,
    settled,
)
from bridge_patch.services.snapshots import Snapshots

_STATUS = {
    OrderEvent.FILLED: Status.FILLED,
    OrderEvent.ACCEPTED: Status.RESTING,
    OrderEvent.REJECTED: Status.VENUE_REFUSED,
    OrderEvent.CANCELLED: Status.VENUE_REFUSED,
    OrderEvent.FOUND_ABSENT: Status.VENUE_REFUSED,
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The shadow books of a run; `governed` exists in shadow only."""

    asked: ShadowBook
    governed: ShadowBook | None


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
    identity: Identity

    async def enter(
        self, received: IntentReceived, intent: LiveIntent | ShadowIntent
    ) -> Settled | None:
        """Judge an entry, and trade it or simulate it. Only a live intent can be traded."""
        entry = self._with_stop(intent.entry)
        self._ask_book(entry)
        snapshot = await self.snapshots.take(entry.symbol)
        now_ms = self.clock.now_ms()
        live = isinstance(intent, LiveIntent) and isinstance(self.desk, LiveDesk)
        mode = Mode.LIVE if live else Mode.SHADOW
        case = case_of(
            entry, mode=mode, snapshot=snapshot, limits=self.limits, now_ms=now_ms
        )
        verdict: Approved | Permitted | Refused
        if isinstance(case, Refused):
            verdict = case
        elif live:
            verdict = judge(LiveIntent(entry), snapshot, self.limits, now_ms)
        else:
            verdict = weigh(case)
        judged = judged_entry(
            entry, case, verdict, mode=mode, identity=self.identity, now_ms=now_ms
        )
        self.recorder.stage(received, judged)
        match verdict:
            case Approved() if isinstance(self.desk, LiveDesk):
                sent = await self.desk.open(verdict, entry.policy or POLICY_FALLBACK)
                return self.outcome(received, judged, sent)
            case Permitted():
                return self._simulate(received, judged, entry, verdict)
            case _:
                return self._settled(received, judged, Status.REFUSED)

    async def reduce(
        self, received: IntentReceived, intent: ReduceIntent
    ) -> Settled | None:
        """Judge a reduction against the position, and send it; no entry rule is asked."""
        position = self.recorder.ledger.positions.get(intent.symbol)
        if intent.simulate or (position is None and self.books.governed is not None):
            return self._simulate_reduction(received, intent)
        verdict = judge_reduction(intent, position, self.instruments.find(intent.symbol))
        judged = self._judged_reduction(intent, verdict, Mode.LIVE)
        self.recorder.stage(received, judged)
        return await self._act(received, judged, verdict)

    async def reduce_again(
        self, received: IntentReceived, judged: Judged, intent: ReduceIntent
    ) -> Settled | None:
        """Send a reduction whose order never reached the venue, against what is open now.

        Only a reduction may be sent again: the venue bounds it by the position.
        """
        position = self.recorder.ledger.positions.get(intent.symbol)
        verdict = judge_reduction(intent, position, self.instruments.find(intent.symbol))
        return await self._act(received, judged, verdict)

    async def _act(
        self, received: IntentReceived, judged: Judged, verdict: ApprovedReduction | Refused
    ) -> Settled | None:
        match verdict:
            case ApprovedReduction():
                return self.outcome(received, judged, await self.desk.reduce(verdict))
            case Refused():
                return self._settled(received, judged, Status.REFUSED)

    def outcome(
        self, received: IntentReceived, judged: Judged, sent: Sent
    ) -> Settled | None:
        """State what the venue made of an order; nothing while that is not known."""
        if sent.event is OrderEvent.TIMED_OUT:
            return None
        refusal = sent.refusal
        absent = sent.event is OrderEvent.FOUND_ABSENT
        return self._settled(
            received,
            judged,
            _STATUS[sent.event],
            fills=sent.fills,
            sent=sent,
            codes=(refusal.code,) if refusal else ("ORDER_ABSENT",) if absent else (),
            detail=refusal.message if refusal else "",
        )

    def _with_stop(self, entry: Entry) -> Entry:
        if isinstance(entry.stop, StopDistance):
            return entry
        return replace(entry, stop=self.market.default_stop(entry.symbol))

    def _ask_book(self, entry: Entry) -> None:
        """Let the ungoverned book do as asked."""
        if isinstance(entry.proposal, Unknown) or isinstance(entry.stop, Unknown):
            return
        wish = Wish(
            intent_id=entry.id,
            symbol=entry.symbol,
            side=entry.side,
            proposal=entry.proposal,
            stop=entry.stop,
            policy=entry.policy or POLICY_FALLBACK,
        )
        self.recorder.stage(*self.books.asked.enter(wish))

    def _simulate(
        self, received: IntentReceived, judged: Judged, entry: Entry, permitted: Permitted
    ) -> Settled:
        book = self.books.governed
        events: tuple[VenueEvent, ...] = ()
        if book is not None and isinstance(entry.stop, StopDistance):
            events = book.enter(
                Wish(
                    intent_id=entry.id,
                    symbol=entry.symbol,
                    side=entry.side,
                    proposal=permitted.proposal,
                    stop=entry.stop,
                    policy=entry.policy or POLICY_FALLBACK,
                )
            )
        self.recorder.stage(*events)
        return self._settled(received, judged, Status.SIMULATED, fills=_fills(events))

    def _simulate_reduction(
        self, received: IntentReceived, intent: ReduceIntent
    ) -> Settled:
        book = self.books.governed
        position = book.exchange.positions.get(intent.symbol) if book else None
        verdict = judge_reduction(intent, position, self.instruments.find(intent.symbol))
        judged = self._judged_reduction(intent, verdict, Mode.SHADOW)
        self.recorder.stage(received, judged)
        if book is None or isinstance(verdict, Refused) or intent.stop_at is not None:
            status = Status.REFUSED if isinstance(verdict, Refused) else Status.SIMULATED
            return self._settled(received, judged, status)
        events = book.reduce(intent.symbol, verdict.quantity.base)
        self.recorder.stage(*events)
        return self._settled(received, judged, Status.SIMULATED, fills=_fills(events))

    def _judged_reduction(
        self, intent: ReduceIntent, verdict: ApprovedReduction | Refused, mode: Mode
    ) -> Judged:
        return judged_reduction(
            intent, verdict, mode=mode, identity=self.identity, now_ms=self.clock.now_ms()
        )

    def _settled(
        self,
        received: IntentReceived,
        judged: Judged,
        status: Status,
        *,
        fills: Sequence[Filled] = (),
        sent: Sent | None = None,
        codes: tuple[str, ...] = (),
        detail: str = "",
    ) -> Settled:
        outcome = settled(
            received,
            judged,
            status=status,
            identity=self.identity,
            now_ms=self.clock.now_ms(),
            fills=fills,
            order_ids=(sent.order_id,) if sent else (),
            stop_price_usd=self.recorder.ledger.stop_price_usd(judged.symbol)
            if sent
            else None,
            codes=codes,
            detail=detail,
        )
        self.recorder.stage(outcome)
        return outcome


def _fills(events: Sequence[VenueEvent]) -> tuple[Filled, ...]:
    return tuple(e for e in events if isinstance(e, Filled))

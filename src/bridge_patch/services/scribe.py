"""Writes down what was decided and how it ended; the only maker of verdicts' records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import Filled, IntentReceived, Judged, Settled, Status
from bridge_patch.domain.intent import (
    Entry,
    LiveIntent,
    Mode,
    ReduceIntent,
    ShadowIntent,
    UnixMs,
)
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.governor.judge import ApprovedReduction
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Refused, refusal
from bridge_patch.governor.votes import Case
from bridge_patch.services.answers import Sent
from bridge_patch.services.ports import Clock
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.records import (
    EntryVerdict,
    Identity,
    judged_entry,
    judged_reduction,
    settled,
)

_STATUS: Final = {
    OrderEvent.FILLED: Status.FILLED,
    OrderEvent.ACCEPTED: Status.RESTING,
}
#: Codes of an order that we ourselves kept back in the last step before it left.
_WITHHELD: Final = frozenset(
    {
        Reason.TRADING_REDUCING,
        Reason.TRADING_HALTED,
        Reason.ORDER_UNKNOWN,
        Reason.MARK_STALE,
        Reason.SNAPSHOT_INCOMPLETE,
    }
)
#: The venue says that it never had the order.
ORDER_ABSENT: Final = "ORDER_ABSENT"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scribe:
    """Signs every record with who judged, and stages every outcome."""

    recorder: Recorder
    clock: Clock
    identity: Identity

    def judged_entry(
        self,
        entry: Entry,
        case: Case | Refused,
        verdict: EntryVerdict,
        *,
        mode: Mode,
        now_ms: UnixMs,
    ) -> Judged:
        """Record the verdict on an entry."""
        return judged_entry(
            entry, case, verdict, mode=mode, identity=self.identity, now_ms=now_ms
        )

    def judged_reduction(
        self, intent: ReduceIntent, verdict: ApprovedReduction | Refused, mode: Mode
    ) -> Judged:
        """Record the verdict on a reduction."""
        return judged_reduction(
            intent, verdict, mode=mode, identity=self.identity, now_ms=self.clock.now_ms()
        )

    def fail(
        self,
        received: IntentReceived,
        intent: LiveIntent | ShadowIntent | ReduceIntent,
        error: Exception,
    ) -> Settled:
        """Refuse an intent on which our own code failed before any verdict was recorded."""
        no = refusal(Reason.RULE_FAILED, _failure(error))
        mode, now_ms = self.identity.mode, self.clock.now_ms()
        if isinstance(intent, ReduceIntent):
            judged = self.judged_reduction(intent, no, mode)
        else:
            mode = Mode.SHADOW if isinstance(intent, ShadowIntent) else mode
            judged = self.judged_entry(intent.entry, no, no, mode=mode, now_ms=now_ms)
        self.recorder.stage(received, judged)
        return self.settled(received, judged, Status.REFUSED)

    def fail_after(
        self, received: IntentReceived, judged: Judged, error: Exception
    ) -> Settled:
        """End an intent on which our code failed between its verdict and any order."""
        return self.settled(
            received,
            judged,
            Status.REFUSED,
            codes=(Reason.RULE_FAILED,),
            detail=_failure(error),
        )

    def outcome(
        self, received: IntentReceived, judged: Judged, sent: Sent
    ) -> Settled | None:
        """State what the venue made of an order, and stage it; None while not known."""
        if sent.order_id in self.recorder.ledger.in_doubt:
            return None
        outcome = self.stated(received, judged, sent)
        self.recorder.stage(outcome)
        return outcome

    def stated(self, received: IntentReceived, judged: Judged, sent: Sent) -> Settled:
        """State what the venue made of an order whose end is known; nothing is staged."""
        status = Status.FILLED if sent.fills else _STATUS.get(sent.event)
        codes, detail = _objection(sent)
        if status is None:
            ours = bool(_WITHHELD.intersection(codes))
            status = Status.REFUSED if ours else Status.VENUE_REFUSED
        return settled(
            received,
            judged,
            status=status,
            identity=self.identity,
            now_ms=self.clock.now_ms(),
            fills=sent.fills,
            order_ids=() if status is Status.REFUSED else (sent.order_id,),
            stop_price_usd=self.recorder.ledger.stop_price_usd(judged.symbol),
            codes=codes,
            detail=detail,
        )

    def settled(
        self,
        received: IntentReceived,
        judged: Judged,
        status: Status,
        *,
        fills: Sequence[Filled] = (),
        order_ids: tuple[ClientOrderId, ...] = (),
        stop_price_usd: Decimal | None = None,
        codes: tuple[str, ...] = (),
        detail: str = "",
    ) -> Settled:
        """State the one outcome of an intent, and stage it."""
        outcome = settled(
            received,
            judged,
            status=status,
            identity=self.identity,
            now_ms=self.clock.now_ms(),
            fills=fills,
            order_ids=order_ids,
            stop_price_usd=stop_price_usd,
            codes=codes,
            detail=detail,
        )
        self.recorder.stage(outcome)
        return outcome


def _failure(error: Exception) -> str:
    """Name an error without its words: they may quote a payload."""
    return f"handling failed: {type(error).__name__}"


def _objection(sent: Sent) -> tuple[tuple[str, ...], str]:
    """Return why an order came to nothing, where somebody said so."""
    if sent.refusal is not None:
        return (sent.refusal.code,), sent.refusal.message
    return ((ORDER_ABSENT,) if sent.event is OrderEvent.FOUND_ABSENT else ()), ""

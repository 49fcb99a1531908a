"""What the venue answers, taken in: nothing is assumed, and nothing is told twice."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Resolved, Sending
from bridge_patch.domain.order import OrderEvent
from bridge_patch.services.answers import Sent, words_for
from bridge_patch.services.late_trades import told_late
from bridge_patch.services.ports import Clock, Reducer, Report
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.standing import reducible_base

#: The answers by which an order that has ended, or a stop that rests, is found again.
_GRANTED: Final = frozenset({OrderEvent.FILLED, OrderEvent.ACCEPTED})


@final
@dataclass(frozen=True, slots=True)
class Hearing:
    """Asks the venue about orders of ours, and records what it says."""

    venue: Reducer
    recorder: Recorder
    clock: Clock

    async def look_up(self, order: Sending) -> Sent:
        """Ask what became of an order in doubt, and record what is new about it.

        An intent's own order that was announced and that the venue never had stays
        announced: whether it still leaves is decided when the intent is taken up again.
        """
        report = await self.asked(self.venue.find(order.symbol, order.order_id))
        absent = report.event is OrderEvent.FOUND_ABSENT
        if absent and self.recorder.ledger.unsent(order):
            return Sent(order_id=order.order_id, event=report.event)
        return await self.heard(order, report)

    async def asked(self, call: Awaitable[Report]) -> Report:
        """Await the venue's answer; a call that fails leaves everything open."""
        try:
            return await call
        except BrokenPromiseError:
            raise
        except Exception as e:  # noqa: BLE001 - nobody knows what became of the order
            self.recorder.telemetry.note("VENUE", "a call failed", error=type(e).__name__)
            return Report(event=OrderEvent.TIMED_OUT)

    async def heard(self, order: Sending, report: Report) -> Sent:
        """As `learned`, and durable when it returns."""
        sent = await self.learned(order, report)
        await self.recorder.keep()
        return sent

    async def learned(self, order: Sending, report: Report) -> Sent:
        """Record an answer: what happened, and the words that the order table allows.

        One that grants all that was asked is kept with what comes next: it is found again.
        """
        ledger = self.recorder.ledger
        doubt = ledger.in_doubt[order.order_id]
        report = doubt.hear(report, reducible_base(ledger, order.symbol))
        words = words_for(doubt.state, report.event)
        answers = (
            Resolved(
                at_ms=self.clock.now_ms(),
                intent_id=order.intent_id,
                order_id=order.order_id,
                leg=order.leg,
                event=word,
            )
            for word in words
        )
        told = told_late(self.recorder, report.events, self.clock.now_ms())
        await self.recorder.learn(*told, *answers)
        event = words[-1] if words else OrderEvent.TIMED_OUT
        if event not in _GRANTED or order.order_id in ledger.in_doubt:
            await self.recorder.keep()
        return Sent.of(order.order_id, event, (*doubt.trades, *report.events))

"""Faults planted in the services, each with the promise that it breaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import pytest

from bridge_patch.adapters import chain
from bridge_patch.app import assembly
from bridge_patch.domain.events import Judged, Resolved, Sending, StopArmed
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.order import OrderEvent
from bridge_patch.governor.judge import Approved
from bridge_patch.services.answers import Sent
from bridge_patch.services.batch import Batch
from bridge_patch.services.desk import LiveDesk
from bridge_patch.services.execution import Execution
from bridge_patch.services.hearing import Hearing
from bridge_patch.services.keeper import Keeper
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.messages import Delivery, Result
from bridge_patch.services.ports import Report
from bridge_patch.services.protection import Protection
from bridge_patch.services.recall import Fresh, Recall
from bridge_patch.services.scribe import Scribe
from bridge_patch.services.trader import Trader

Patch = pytest.MonkeyPatch


def sent_again(patch: Patch) -> None:
    """A time-out is taken for a no, and the order goes out once more."""

    async def placed(desk: LiveDesk, approved: Approved, order: Sending) -> Sent:
        approved.spend()
        report = Report(event=OrderEvent.TIMED_OUT)
        for _ in range(2):
            if report.event is OrderEvent.TIMED_OUT:
                report = await desk.hearing.asked(
                    desk.exchange.place(approved, order.order_id)
                )
        sent = await desk.hearing.heard(order, report)
        await desk.protect(approved.symbol)
        return sent

    patch.setattr(LiveDesk, "_placed", placed)


def resent_when_unknown(patch: Patch) -> None:
    """An order that the journal knows to be unknown goes out once more."""

    async def placed(desk: LiveDesk, approved: Approved, order: Sending) -> Sent:
        approved.spend()
        report = await desk.hearing.asked(desk.exchange.place(approved, order.order_id))
        sent = await desk.hearing.heard(order, report)
        if sent.event is OrderEvent.TIMED_OUT:
            report = await desk.hearing.asked(desk.exchange.place(approved, order.order_id))
            sent = await desk.hearing.heard(order, report)
        await desk.protect(approved.symbol)
        return sent

    patch.setattr(LiveDesk, "_placed", placed)


def told_before_it_is_durable(patch: Patch) -> None:
    """Outcomes go out and messages are acknowledged before the journal has them."""

    async def handle(execution: Execution, deliveries: Sequence[Delivery]) -> None:
        batch = Batch(now_ms=execution.clock.now_ms(), age_max_sec=60)
        for delivery in deliveries:
            await execution._take(delivery, batch)
        execution.recorder.stage(*batch.closing_events())
        await execution.inbox.settle(execution._settlement(batch))
        await execution.recorder.flush()

    patch.setattr(Execution, "handle", handle)


def told_twice(patch: Patch) -> None:
    published = Batch.published

    def doubled(batch: Batch) -> tuple[Result, ...]:
        return published(batch) * 2

    patch.setattr(Batch, "published", doubled)


def reservations_forgotten_at_a_restart(patch: Patch) -> None:
    begin = Ledger.begin

    def forgetful(ledger: Ledger) -> None:
        begin(ledger)
        ledger.budget._held.clear()

    patch.setattr(Ledger, "begin", forgetful)


def reservations_let_go_by_a_time_out(patch: Patch) -> None:
    resolved = Ledger._resolved

    def rash(ledger: Ledger, answer: Resolved) -> None:
        resolved(ledger, answer)
        if answer.event == OrderEvent.TIMED_OUT:
            ledger.in_doubt.pop(answer.order_id, None)

    patch.setattr(Ledger, "_resolved", rash)


def unknown_orders_not_counted(patch: Patch) -> None:
    patch.setattr(Ledger, "unknown", lambda *_: ())


def positions_forgotten_at_a_restart(patch: Patch) -> None:
    patch.setattr(Ledger, "begin", lambda ledger: ledger.positions.clear())


def closed_ones_forgotten_at_a_restart(patch: Patch) -> None:
    patch.setattr(Ledger, "begin", lambda ledger: ledger.closed.clear())


def shadow_that_trades(patch: Patch) -> None:
    """A shadow run gets a desk that can open, and believes that it is live."""

    class NoSwitch:
        blind = False

        async def heed(self) -> None: ...

    desk: Any = assembly._desk

    def able(*parts: Any) -> Any:
        return desk(*parts[:-1], parts[-1] or NoSwitch())

    patch.setattr(assembly, "_desk", able)
    patch.setattr(Trader, "_mode", lambda *_: Mode.LIVE)


def a_verdict_written_down_otherwise(patch: Patch) -> None:
    judged_entry = Scribe.judged_entry

    def careless(scribe: Scribe, *what: Any, **more: Any) -> Judged:
        judged = judged_entry(scribe, *what, **more)
        if judged.margin_usd is None:
            return judged
        return replace(judged, margin_usd=judged.margin_usd - Decimal("0.01"))

    patch.setattr(Scribe, "judged_entry", careless)


def nothing_is_protected(patch: Patch) -> None:
    async def protect(*_: object) -> None: ...

    patch.setattr(Protection, "protect", protect)


def stops_written_down_otherwise(patch: Patch) -> None:
    learned = Hearing.learned

    async def careless(hearing: Hearing, order: Sending, report: Report) -> Sent:
        events = [
            replace(e, stop_price_usd=e.stop_price_usd + 1)
            if isinstance(e, StopArmed)
            else e
            for e in report.events
        ]
        told = Report(event=report.event, events=tuple(events))
        return await learned(hearing, order, told)

    patch.setattr(Hearing, "learned", careless)


def nothing_is_looked_up(patch: Patch) -> None:
    async def idle(_: Keeper) -> None: ...

    patch.setattr(Keeper, "_resolve_doubts", idle)


def everything_is_new(patch: Patch) -> None:
    async def take_up(*_: object) -> Fresh:
        return Fresh()

    patch.setattr(Recall, "take_up", take_up)


def no_dead_letters(patch: Patch) -> None:
    patch.setattr(Batch, "_letter", lambda *_: None)


def a_chain_that_covers_no_text(patch: Patch) -> None:
    link_after = chain.link_after

    def blind(previous: str, **parts: Any) -> str:
        return link_after(previous, **{**parts, "body": b""})

    patch.setattr(chain, "link_after", blind)


#: Each fault, and how the campaign names what it breaks.
FAULTS: Final = [
    (sent_again, "sent once"),
    (resent_when_unknown, "never resent"),
    (told_before_it_is_durable, "journal first"),
    (told_twice, "one outcome"),
    (reservations_forgotten_at_a_restart, "reserved"),
    (reservations_let_go_by_a_time_out, "in doubt"),
    (unknown_orders_not_counted, "within limits"),
    (positions_forgotten_at_a_restart, "positions"),
    (closed_ones_forgotten_at_a_restart, "restart"),
    (shadow_that_trades, "shadow opens nothing"),
    (a_verdict_written_down_otherwise, "same verdicts"),
    (nothing_is_protected, "protected"),
    (stops_written_down_otherwise, "venue"),
    (nothing_is_looked_up, "all looked up"),
    (everything_is_new, "at most once"),
    (no_dead_letters, "set aside"),
    (a_chain_that_covers_no_text, "chain"),
]

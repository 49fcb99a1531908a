"""The only code that talks to the venue: record, act, record.

An order is in the journal before it leaves, and its answer before anything is done about
it: at the latest with the next order. A crash in between leaves an order in doubt, which is
looked up and never resent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from bridge_patch.domain.events import Sending, TradingState
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, ReduceIntent, Side, Symbol
from bridge_patch.domain.money import ONE, Price
from bridge_patch.domain.order import Leg, OrderEvent, client_order_id
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge_reduction
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Refused
from bridge_patch.policy.sizing import STOP_FRACTION
from bridge_patch.services.answers import Sent, ended, unsent, withheld
from bridge_patch.services.hearing import Hearing
from bridge_patch.services.late_trades import told_late
from bridge_patch.services.ports import Clock, Exchange, Instruments, Reducer, Report
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.switch import Switch

#: How often a stop that never reached the venue is sent before the position is closed.
PROTECT_ATTEMPTS_MAX: Final = 2
#: How long a position may wait for a stop whose fate is unknown before it is closed.
NAKED_MAX_MS: Final = 5_000
#: For how long an approval holds while the venue is prepared: then prices are others.
PREPARE_MAX_MS: Final = 3_000
#: A position found without a plan gets the sizer's stop at factor 1 from its entry.
FALLBACK_STOP: Final = STOP_FRACTION
#: Who asks for a reduction that no message asked for.
PROTECTION: Final = "protection"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceDesk:
    """Shrinks and protects positions. All that a shadow run holds: it cannot open."""

    venue: Reducer
    recorder: Recorder
    clock: Clock
    instruments: Instruments

    @property
    def hearing(self) -> Hearing:
        """How the venue's answers are taken in."""
        return Hearing(self.venue, self.recorder, self.clock)

    async def reduce(self, approved: ApprovedReduction) -> Sent:
        """Send a reduction at market, or rest a new stop and then end the old one."""
        leg = Leg.REDUCE if approved.stop_at is None else Leg.STOP
        return await self._reduced(approved, await self._announce(approved, leg))

    async def reduce_now(self, order: Sending, approved: ApprovedReduction) -> Sent | None:
        """Carry out a reduction that was announced and never left; None if it changed."""
        told = order.side, order.quantity_base, order.stop_price_usd
        stop_usd = approved.stop_at.usd if approved.stop_at else None
        same = told == (approved.side, approved.quantity.base, stop_usd)
        return await self._reduced(approved, order) if same else None

    async def abandon(self, order: Sending) -> Sent:
        """Record that an announced order never left, and never will."""
        return await self.hearing.heard(order, Report(event=OrderEvent.FOUND_ABSENT))

    async def protect(self, symbol: Symbol) -> None:
        """Rest the hard stop of a naked position; close the position where that fails.

        While the fate of a stop is unknown no other is sent, for as long as a position may
        be naked; then it is closed. What came of it is durable when this returns.
        """
        await self._protect(symbol)
        await self.recorder.keep()

    async def _protect(self, symbol: Symbol) -> None:
        ledger = self.recorder.ledger
        if symbol not in ledger.naked() or any(ledger.doubts(symbol, Leg.FLATTEN)):
            return await self.recorder.keep()
        waiting = next(ledger.doubts(symbol, Leg.STOP), None)
        if waiting is not None:
            if self.clock.now_ms() - waiting.at_ms >= NAKED_MAX_MS:
                await self.flatten(symbol)
            return await self.recorder.keep()
        level = self._hard_stop(symbol)
        for _ in range(PROTECT_ATTEMPTS_MAX if level else 0):
            if not await self._try_stop(symbol, level):
                break
            if symbol not in ledger.naked() or any(ledger.doubts(symbol, Leg.STOP)):
                return None
        return await self.flatten(symbol)

    async def flatten(self, symbol: Symbol) -> None:
        """Close a position at market, if there is one."""
        await self._own_reduction(symbol, Leg.FLATTEN, stop_at=None)
        await self.recorder.keep()
        await self.tidy(symbol)

    async def look_up(self, order: Sending) -> Sent:
        """Ask what became of an order in doubt, and record what is new about it."""
        return await self.hearing.look_up(order)

    async def tidy(self, symbol: Symbol) -> None:
        """Cancel the stops that a better one replaced, or that outlived their position."""
        for stop in self.recorder.ledger.stale_stops(symbol):
            await self.recorder.keep()
            report = await self.hearing.asked(self.venue.cancel(symbol, stop.order_id))
            now_ms = self.clock.now_ms()
            happened = ended(symbol, stop.order_id, report, now_ms)
            await self.recorder.write(*told_late(self.recorder, happened, now_ms))

    async def _try_stop(self, symbol: Symbol, level: Price | None) -> bool:
        """Send the stop; tell whether another attempt would make sense.

        What was refused would be refused again; what never arrived may be sent once more.
        """
        sent = await self._own_reduction(symbol, Leg.STOP, stop_at=level)
        if sent is not None and sent.event is OrderEvent.TIMED_OUT:
            order = self.recorder.ledger.in_doubt[sent.order_id].order
            sent = await self.look_up(order)
        return sent is not None and sent.event is not OrderEvent.REJECTED

    def _hard_stop(self, symbol: Symbol) -> Price | None:
        """Return the level the position was sized for; None where none can be had."""
        ledger = self.recorder.ledger
        position, plan = ledger.positions[symbol], ledger.plans.get(symbol)
        instrument = self.instruments.find(symbol)
        fraction = plan.stop_fraction if plan else None
        if not isinstance(instrument, Instrument):
            return None
        try:
            return stop_price(
                instrument,
                position.side,
                position.entry_price_usd,
                FALLBACK_STOP if fraction is None else fraction,
            )
        except InvalidValueError:
            return None

    async def _own_reduction(
        self, symbol: Symbol, leg: Leg, *, stop_at: Price | None
    ) -> Sent | None:
        ledger = self.recorder.ledger
        plan = ledger.plans.get(symbol)
        intent = ReduceIntent(
            id=plan.intent_id if plan else IntentId(f"{PROTECTION}-{symbol}"),
            symbol=symbol,
            side=None,
            quantity=None,
            stop_at=stop_at,
            simulate=False,
            reason=leg,
            created_ms=self.clock.now_ms(),
            source=PROTECTION,
        )
        instrument = self.instruments.find(symbol)
        match judge_reduction(intent, ledger.positions.get(symbol), instrument):
            case ApprovedReduction() as approved:
                order = await self._announce(approved, leg)
                report = await self.hearing.asked(
                    self.venue.reduce(approved, order.order_id)
                )
                return await self.hearing.learned(order, report)
            case Refused():
                return None

    async def _reduced(self, approved: ApprovedReduction, order: Sending) -> Sent:
        await self.recorder.keep()
        report = await self.hearing.asked(self.venue.reduce(approved, order.order_id))
        sent = await self.hearing.learned(order, report)
        if order.leg is Leg.STOP:  # refused, nobody waits for it any more
            await self._protect(approved.symbol)
        await self.tidy(approved.symbol)
        return sent

    async def _announce(self, approved: ApprovedReduction, leg: Leg) -> Sending:
        plan = self.recorder.ledger.plans.get(approved.symbol)
        order = Sending(
            at_ms=self.clock.now_ms(),
            intent_id=approved.intent_id,
            order_id=client_order_id(
                approved.intent_id, leg, attempt=plan.attempts if plan else 0
            ),
            leg=leg,
            symbol=approved.symbol,
            side=approved.side,
            quantity_base=approved.quantity.base,
            stop_price_usd=approved.stop_at.usd if approved.stop_at else None,
        )
        await self.recorder.write(order)
        return order


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDesk(ReduceDesk):
    """A desk that can also open, and only with an approval in hand."""

    exchange: Exchange
    switch: Switch

    def announce(self, approved: Approved, policy: HarvestPolicy) -> Sending:
        """State the order that is about to leave; every number is the approval's."""
        return Sending(
            at_ms=self.clock.now_ms(),
            intent_id=approved.intent_id,
            order_id=client_order_id(approved.intent_id, Leg.ENTRY),
            leg=Leg.ENTRY,
            symbol=approved.symbol,
            side=approved.side,
            quantity_base=approved.quantity.base,
            leverage=approved.leverage,
            margin_usd=approved.margin.usd,
            stop_fraction=approved.stop.fraction,
            harvest_policy=policy,
        )

    async def open(self, approved: Approved, policy: HarvestPolicy) -> Sent:
        """Place the approved order and protect what it fills.

        Whatever was staged with the recorder becomes durable before the order leaves. The
        account's state is read once more then: nothing leaves after a latch was set.
        """
        order = self.announce(approved, policy)
        await self.recorder.write(order)
        return await self._placed(approved, order)

    async def open_now(
        self, order: Sending, approved: Approved, policy: HarvestPolicy
    ) -> Sent | None:
        """Carry out an entry that was announced and never left; None where it changed."""
        again = self.announce(approved, policy)
        if replace(again, at_ms=order.at_ms) != order:
            return None
        return await self._placed(approved, order)

    async def _placed(self, approved: Approved, order: Sending) -> Sent:
        await self.recorder.keep()
        report = await self._objection(approved, order)
        if report is None:
            approved.spend()
            report = await self.hearing.asked(self.exchange.place(approved, order.order_id))
        sent = await self.hearing.learned(order, report)
        await self._protect(approved.symbol)
        return sent

    async def _objection(self, approved: Approved, order: Sending) -> Report | None:
        """Return why an order may not leave; None where it may, at this moment.

        The venue is prepared first, for that may take seconds: whether the account may
        trade, and whether the prices are still those that were judged, is seen last.
        """
        begun_ms = self.clock.now_ms()
        try:
            refused = await self.exchange.prepare(approved, order.order_id)
        except BrokenPromiseError:
            raise
        except Exception as e:  # noqa: BLE001 - nothing was sent, and nothing will be
            why = f"the venue could not be prepared: {type(e).__name__}"
            refused = unsent(order, Reason.SNAPSHOT_INCOMPLETE, why, self.clock.now_ms())
        if refused is not None:
            return refused
        await self.switch.heed()
        now_ms = self.clock.now_ms()
        state = TradingState.HALTED if self.switch.blind else self.recorder.gauge.state
        if state is not TradingState.RUNNING:
            return withheld(order, state, now_ms, blind=self.switch.blind)
        took_ms = now_ms - begun_ms
        if not 0 <= took_ms <= PREPARE_MAX_MS:
            why = f"the venue took {took_ms} ms to prepare, most {PREPARE_MAX_MS}"
            return unsent(order, Reason.MARK_STALE, why, now_ms)
        return None


def stop_price(
    instrument: Instrument, side: Side, entry_usd: Decimal, fraction: Decimal
) -> Price:
    """Return the stop that far from the entry, on the tick, on the side of the entry."""
    return instrument.price_beyond(entry_usd * (ONE - side.sign * fraction), side)

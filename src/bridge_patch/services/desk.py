"""The only code that talks to the venue: record, act, record.

An order is in the journal before it leaves, and its answer before anything is done about
it: at the latest with the next order. A crash in between leaves an order in doubt, which is
looked up and never resent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, final

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Sending, TradingState
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import Leg, OrderEvent, client_order_id
from bridge_patch.domain.protection_events import CloseCause
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.answers import Sent, unsent, withheld
from bridge_patch.services.hearing import Hearing
from bridge_patch.services.levels import Stated
from bridge_patch.services.orders import announce
from bridge_patch.services.pauses import Cancels
from bridge_patch.services.ports import (
    Clock,
    Exchange,
    Instruments,
    Reducer,
    Report,
)
from bridge_patch.services.protection import (
    NAKED_MAX_MS,
    STOPS_MAX,
    Protection,
    Trouble,
)
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.switch import Switch

#: For how long an approval holds while the venue is prepared: then prices are others.
PREPARE_MAX_MS: Final = 3_000
#: Why a position is closed that nothing is the matter with.
ORDERED: Final = Trouble(CloseCause.OPERATOR, "a person ordered it")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceDesk:
    """Shrinks and protects positions. All that a shadow run holds: it cannot open."""

    venue: Reducer
    recorder: Recorder
    clock: Clock
    instruments: Instruments
    naked_max_ms: int = NAKED_MAX_MS
    #: What the venue last said of each position.
    stated: dict[Symbol, Stated] = field(default_factory=dict)
    #: Which stops were to end and may still rest.
    cancels: Cancels = field(default_factory=Cancels)

    @property
    def protection(self) -> Protection:
        """How positions are covered, and closed where they cannot be."""
        return Protection(
            venue=self.venue,
            recorder=self.recorder,
            clock=self.clock,
            instruments=self.instruments,
            naked_max_ms=self.naked_max_ms,
            stated=self.stated,
            cancels=self.cancels,
        )

    @property
    def hearing(self) -> Hearing:
        """How the venue's answers are taken in."""
        return Hearing(self.venue, self.recorder, self.clock)

    async def reduce(self, approved: ApprovedReduction) -> Sent:
        """Send a reduction at market, or rest a new stop and then end the old one."""
        leg = Leg.REDUCE if approved.stop_at is None else Leg.STOP
        now_ms = self.clock.now_ms()
        order = await announce(self.recorder, approved, leg, now_ms)
        return await self._reduced(approved, order)

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

        What came of it is durable when this returns.
        """
        await self.protection.protect(symbol)
        await self.recorder.keep()

    async def flatten(self, symbol: Symbol, trouble: Trouble = ORDERED) -> None:
        """Close a position at market, if there is one."""
        await self.protection.close(symbol, trouble)

    async def look_up(self, order: Sending) -> Sent:
        """Ask what became of an order in doubt, and record what is new about it."""
        return await self.hearing.look_up(order)

    async def _reduced(self, approved: ApprovedReduction, order: Sending) -> Sent:
        await self.recorder.keep()
        report = await self._crowded(order) if order.leg is Leg.STOP else None
        if report is None:
            report = await self.hearing.asked(self.venue.reduce(approved, order.order_id))
        sent = await self.hearing.learned(order, report)
        # A stop that was refused is waited for no more, and what is left may be dust.
        if order.leg is Leg.STOP or self.protection.trouble(approved.symbol):
            await self.protection.protect(approved.symbol)
        await self.protection.sweep(approved.symbol)
        return sent

    async def _crowded(self, order: Sending) -> Report | None:
        """Return our own no to a stop beside others that may rest; None where one may.

        A stop is replaced new first, so there are two for a moment; a third is not sent
        before the venue has confirmed the end of the first.
        """
        others = self.protection.live_stops(order.symbol) - 1
        if others >= STOPS_MAX:
            await self.protection.sweep(order.symbol)
            others = self.protection.live_stops(order.symbol) - 1
        if others < STOPS_MAX:
            return None
        why = f"{others} stops may rest, and the end of one is not confirmed yet"
        return unsent(order, Reason.ORDER_UNKNOWN, why, self.clock.now_ms())


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
        await self.protection.protect(approved.symbol)
        return sent

    async def _objection(self, approved: Approved, order: Sending) -> Report | None:
        """Return why an order may not leave; None where it may, at this moment.

        The venue is prepared first, for that may take seconds: whether the account may
        trade, and whether the prices are still those that were judged, is seen last. A stop
        that is left from the position before could close this one.
        """
        ledger, symbol = self.recorder.ledger, order.symbol
        if symbol not in ledger.positions:
            await self.protection.sweep(symbol)
        if symbol not in ledger.positions and (left := ledger.stale_stops(symbol)):
            why = f"{len(left)} stops may still rest from the position before"
            return unsent(order, Reason.ORDER_UNKNOWN, why, self.clock.now_ms())
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

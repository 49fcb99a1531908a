"""The only code that talks to the venue: record, act, record.

An order is written to the journal before it leaves and its answer before anything is done
about it. A crash in between leaves an order in doubt, which is looked up and never resent.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import Filled, OrderRefused, Resolved, Sending
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, ReduceIntent, Side, Symbol
from bridge_patch.domain.money import ONE, Price
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, client_order_id
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge_reduction
from bridge_patch.governor.ruling import Refused
from bridge_patch.services.ledger import RestingStop
from bridge_patch.services.ports import Clock, Exchange, Instruments, Reducer, Report
from bridge_patch.services.recorder import Recorder

#: How often a stop is tried before the position is closed instead.
PROTECT_ATTEMPTS_MAX: Final = 2
#: Who asks for a reduction that no message asked for.
PROTECTION: Final = "protection"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of one order: the venue's word, and the order's own trades."""

    order_id: ClientOrderId
    event: OrderEvent
    fills: tuple[Filled, ...] = ()
    refusal: OrderRefused | None = None

    @classmethod
    def of(cls, order_id: ClientOrderId, report: Report) -> Sent:
        """Pick out of a report what belongs to this order."""
        return cls(
            order_id=order_id,
            event=report.event,
            fills=tuple(
                e for e in report.events if isinstance(e, Filled) and e.order_id == order_id
            ),
            refusal=next((e for e in report.events if isinstance(e, OrderRefused)), None),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceDesk:
    """Shrinks and protects positions. All that a shadow run holds: it cannot open."""

    venue: Reducer
    recorder: Recorder
    clock: Clock
    instruments: Instruments

    async def reduce(self, approved: ApprovedReduction) -> Sent:
        """Send a reduction at market, or rest a new stop and then end the old one."""
        leg = Leg.REDUCE if approved.stop_at is None else Leg.STOP
        sent = await self._send(approved, leg)
        if leg is Leg.STOP and sent.event is OrderEvent.ACCEPTED:
            await self._cancel_stops(approved.symbol, keep=sent.order_id)
        await self.sweep(approved.symbol)
        return sent

    async def protect(self, symbol: Symbol, stop_fraction: Decimal) -> None:
        """Rest a stop that far from the entry; close the position where that fails."""
        position = self.recorder.ledger.positions.get(symbol)
        instrument = self.instruments.find(symbol)
        if position is None:
            return
        if isinstance(instrument, Instrument):
            price = stop_price(
                instrument, position.side, position.entry_price_usd, stop_fraction
            )
            for _ in range(PROTECT_ATTEMPTS_MAX):
                sent = await self._own_reduction(symbol, Leg.STOP, stop_at=price)
                if sent is None or sent.event is OrderEvent.ACCEPTED:
                    return
        await self.flatten(symbol)

    async def flatten(self, symbol: Symbol) -> Sent | None:
        """Close a position at market; None where there is nothing to close."""
        sent = await self._own_reduction(symbol, Leg.FLATTEN, stop_at=None)
        await self.sweep(symbol)
        return sent

    async def look_up(self, order: Sending) -> Sent:
        """Ask what became of an order in doubt, and record the answer."""
        report = await self.venue.find(order.symbol, order.order_id)
        await self._resolved(order, report)
        return Sent.of(order.order_id, report)

    async def sweep(self, symbol: Symbol) -> None:
        """Cancel what protects a position that is no more."""
        if symbol not in self.recorder.ledger.positions:
            await self._cancel_stops(symbol, keep=None)

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
                return await self._send(approved, leg)
            case Refused():
                return None

    async def _send(self, approved: ApprovedReduction, leg: Leg) -> Sent:
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
        report = await self.venue.reduce(approved, order.order_id)
        await self._resolved(order, report)
        return Sent.of(order.order_id, report)

    async def _resolved(self, order: Sending, report: Report) -> None:
        answer = Resolved(
            at_ms=self.clock.now_ms(),
            intent_id=order.intent_id,
            order_id=order.order_id,
            leg=order.leg,
            event=report.event,
        )
        await self.recorder.write(*report.events, answer)

    async def _cancel_stops(self, symbol: Symbol, keep: ClientOrderId | None) -> None:
        plan = self.recorder.ledger.plans.get(symbol)
        stale: list[RestingStop] = (
            [s for s in plan.stops if s.order_id != keep] if plan else []
        )
        for stop in stale:
            report = await self.venue.cancel(symbol, stop.order_id)
            await self.recorder.write(*report.events)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LiveDesk(ReduceDesk):
    """A desk that can also open, and only with an approval in hand."""

    exchange: Exchange

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

        Whatever was staged with the recorder becomes durable before the order leaves.
        """
        order = self.announce(approved, policy)
        await self.recorder.write(order)
        report = await self.exchange.place(approved, order.order_id)
        await self._resolved(order, report)
        if report.event is OrderEvent.FILLED:
            await self.protect(approved.symbol, approved.stop.fraction)
        return Sent.of(order.order_id, report)


def stop_price(
    instrument: Instrument, side: Side, entry_usd: Decimal, fraction: Decimal
) -> Price:
    """Return the stop that far from the entry, on the tick, on the side of the entry."""
    return instrument.price_beyond(entry_usd * (ONE - side.sign * fraction), side)

"""What the journal says about the venue account: a fold, the same after every restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    OrderEnded,
    Resolved,
    Sending,
    StopArmed,
)
from bridge_patch.domain.harvest import POLICY_FALLBACK, HarvestPolicy
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.domain.position import Position, apply_fill
from bridge_patch.services.messages import PositionUpdate


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RestingStop:
    """A stop the venue has confirmed and not yet ended."""

    order_id: ClientOrderId
    price_usd: Decimal


@final
@dataclass(slots=True)
class Plan:
    """What goes with a position: who asked for it, how it is harvested, what protects it.

    `attempts` counts the orders sent to protect it; it makes their ids distinct.
    """

    intent_id: IntentId
    policy: HarvestPolicy
    stops: list[RestingStop] = field(default_factory=list)
    attempts: int = 0


@final
@dataclass(slots=True)
class Ledger:
    """Positions, their plans, and the orders whose fate is open.

    An order is in doubt from `Sending` until `Resolved` says anything but TIMED_OUT.
    """

    positions: dict[Symbol, Position] = field(default_factory=dict)
    plans: dict[Symbol, Plan] = field(default_factory=dict)
    in_doubt: dict[ClientOrderId, Sending] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """Fold one journaled event; what is not about the account changes nothing."""
        match event:
            case Sending():
                self.in_doubt[event.order_id] = event
                self._sending(event)
            case Resolved(event=word) if word != OrderEvent.TIMED_OUT:
                self.in_doubt.pop(event.order_id, None)
            case Filled(book=Book.ACCOUNT):
                self._filled(event)
            case StopArmed(book=Book.ACCOUNT):
                plan = self._plan(event.symbol, event.intent_id)
                plan.stops.append(
                    RestingStop(order_id=event.order_id, price_usd=event.stop_price_usd)
                )
            case OrderEnded(book=Book.ACCOUNT):
                plan = self._plan(event.symbol, IntentId(""))
                plan.stops = [
                    stop for stop in plan.stops if stop.order_id != event.order_id
                ]
            case _:
                pass

    def stop_price_usd(self, symbol: Symbol) -> Decimal | None:
        """Return the price of the newest confirmed stop; None is NAKED."""
        plan = self.plans.get(symbol)
        return plan.stops[-1].price_usd if plan and plan.stops else None

    def reserved_usd(self) -> tuple[Decimal, Decimal]:
        """Return notional and margin held for entries whose fate is open, as if filled.

        Both are the margin times leverage and the margin that were approved.
        """
        entries = [s for s in self.in_doubt.values() if s.margin_usd and s.leverage]
        margin = sum((s.margin_usd or ZERO for s in entries), ZERO)
        notional = sum(((s.margin_usd or ZERO) * (s.leverage or 0) for s in entries), ZERO)
        return notional, margin

    def changes(
        self, before: Mapping[Symbol, Position | None], at_ms: UnixMs
    ) -> tuple[PositionUpdate, ...]:
        """State each symbol that is open, or was `before`; flat is a quantity of zero."""
        updates = []
        for symbol, was in before.items():
            now = self.positions.get(symbol)
            stated = now or was
            if stated is not None:
                quantity = now.quantity_base if now else ZERO
                updates.append(self._update(symbol, stated, quantity, at_ms))
        return tuple(updates)

    def _update(
        self, symbol: Symbol, position: Position, quantity_base: Decimal, at_ms: UnixMs
    ) -> PositionUpdate:
        plan = self._plan(symbol, IntentId(""))
        return PositionUpdate(
            at_ms=at_ms,
            symbol=symbol,
            side=position.side,
            quantity_base=quantity_base,
            first_base=position.first_base,
            entry_price_usd=position.entry_price_usd,
            opened_ms=position.opened_ms,
            stop_price_usd=self.stop_price_usd(symbol),
            policy=plan.policy,
            intent_id=plan.intent_id,
        )

    def _sending(self, order: Sending) -> None:
        if order.leg is Leg.ENTRY:
            policy = order.harvest_policy or POLICY_FALLBACK
            self.plans[order.symbol] = Plan(intent_id=order.intent_id, policy=policy)
        else:
            self._plan(order.symbol, order.intent_id).attempts += 1

    def _filled(self, fill: Filled) -> None:
        position = apply_fill(self.positions.get(fill.symbol), fill)
        if position is None:
            self.positions.pop(fill.symbol, None)
        else:
            self.positions[fill.symbol] = position

    def _plan(self, symbol: Symbol, intent_id: IntentId) -> Plan:
        if symbol not in self.plans:
            self.plans[symbol] = Plan(intent_id=intent_id, policy=POLICY_FALLBACK)
        return self.plans[symbol]

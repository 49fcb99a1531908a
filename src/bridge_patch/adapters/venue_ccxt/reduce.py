"""Reductions, stops and cancels: what shrinks risk, and may be tried more than once.

Only what a position bounds is ever sent again, and only where the attempt before was
provably not accepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeVar, final

from bridge_patch.adapters.venue_ccxt.calls import (
    ALGO_CANCEL,
    ALGO_OPEN,
    ALGO_PLACE,
    CANCEL,
    PLACE,
    Call,
    Purpose,
)
from bridge_patch.adapters.venue_ccxt.codes import Disposition
from bridge_patch.adapters.venue_ccxt.hearing import hear_algo_reply, hear_order_reply
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.parts import TIMED_OUT, plain
from bridge_patch.adapters.venue_ccxt.place import Placing, market_order
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.money import Price
from bridge_patch.domain.order import ClientOrderId, Leg, OrderState
from bridge_patch.governor.judge import ApprovedReduction
from bridge_patch.services.ports import Report

T = TypeVar("T")

#: The pauses before a reduction that the venue had no room for is tried again.
AGAIN_MS: Final = (200, 400, 800)
#: When to look for a stop that was acknowledged, in ms after each other: within 2 s.
CONFIRM_PACE_MS: Final = (0, 250, 500, 1_000)
#: "A close-all order of this side rests already."
ONE_CLOSE_ALL: Final = "-4130"
#: Stops go by the price that liquidation goes by.
WORKING_TYPE: Final = "MARK_PRICE"


@final
@dataclass(frozen=True, slots=True)
class Reducing:
    """Sends what can only shrink or protect."""

    placing: Placing

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        """Send a reduction at market, or rest a close-all stop."""
        stop = approved.stop_at
        order = self.placing.parts.facts.fold.announce(
            OrderFacts(
                order_id=order_id,
                intent_id=approved.intent_id,
                leg=Leg.REDUCE if stop is None else Leg.STOP,
                symbol=approved.symbol,
                side=approved.side,
                quantity_base=approved.quantity.base,
                stop_price_usd=None if stop is None else stop.usd,
            )
        )
        self.placing.lookups.begin(order)
        order.sent_ms = self.placing.parts.transport.now_ms()
        if stop is not None:
            return await self._rest(order, stop)
        return await self._at_market(order, approved.quantity.base)

    async def cancel(self, order: OrderFacts) -> Report:
        """Cancel an order where it lives; one that is gone is looked up."""
        if order.state in {OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED}:
            return await self.placing.lookups.find(order)
        outcome = await self._cancelled(order)
        if isinstance(outcome, Unknown):  # a cancel may arrive twice
            outcome = await self._cancelled(order)
        match outcome:
            case Accepted():
                now_ms = self.placing.parts.transport.venue_ms()
                facts = self.placing.parts.facts
                facts.hear_order(
                    order, OrderState.CANCELLED, at_ms=now_ms, reason="cancelled by us"
                )
                return self.placing.parts.reported(order)
            case Refused(disposition=Disposition.QUERY):
                await self.placing.lookups.ask(order)
                return self.placing.lookups.answer(order)
            case _:
                return TIMED_OUT

    async def _at_market(self, order: OrderFacts, quantity: Decimal) -> Report:
        parts = self.placing.parts
        rules = await parts.rules.of(order.symbol, Purpose.PROTECT)
        sent = quantity if isinstance(rules, Unknown) else rules.reducible(quantity)
        if 0 < sent < quantity:
            order.quantity_base = sent
            order.end_reason = f"the venue takes {plain(sent)} at once"
        params = market_order(order, sent or quantity, reduce_only=True)
        return await self.placing.settled(order, await self._insist(PLACE, params))

    async def _rest(self, order: OrderFacts, stop: Price) -> Report:
        """Rest a stop, and confirm that it is seen: an answer alone protects nothing.

        The venue takes one close-all stop of a side: beside one, the new one states the
        position's quantity, so that the old one can stay until the new one is seen.
        """
        parts = self.placing.parts
        outcome = await self._insist(ALGO_PLACE, stop_order(order, stop))
        if isinstance(outcome, Refused) and outcome.code == ONE_CLOSE_ALL:
            rules = await parts.rules.of(order.symbol, Purpose.PROTECT)
            whole = order.quantity_base
            if not isinstance(rules, Unknown) and rules.reducible(whole) == whole:
                order.stop_base = whole
                sized = stop_order(order, stop, quantity=whole)
                outcome = await self._insist(ALGO_PLACE, sized)
        match outcome:
            case Accepted(reply) if reply.client_algo_id == order.order_id:
                await self._confirm(order)
            case Refused(definite=True) if order.state is None:
                return self.placing.refused(order, outcome)
            case Refused():
                await self.placing.lookups.ask(order)
            case _:
                pass  # nobody knows; it is looked up at its own service
        return parts.reported(order)

    async def _confirm(self, order: OrderFacts) -> None:
        """Look for a stop among those that are open, until it or its end is told."""
        parts = self.placing.parts
        for pause_ms in CONFIRM_PACE_MS:
            if pause_ms:
                await parts.pause(pause_ms)
            if order.state is not None:
                return
            outcome = await parts.transport.call(
                ALGO_OPEN, {"symbol": order.symbol}, purpose=Purpose.PROTECT
            )
            if isinstance(outcome, Accepted):
                for listed in outcome.value:
                    if listed.client_algo_id == order.order_id:
                        hear_algo_reply(parts.facts, listed)

    async def _insist(
        self, call: Call[T], params: Mapping[str, str]
    ) -> Accepted[T] | Refused | Unknown:
        """Try again what the venue had no room for, and provably did not take."""
        parts = self.placing.parts
        outcome = await parts.transport.call(call, params, purpose=Purpose.PROTECT)
        for pause_ms in AGAIN_MS:
            if not (isinstance(outcome, Refused) and outcome.may_retry):
                break
            await parts.pause(pause_ms)
            outcome = await parts.transport.call(call, params, purpose=Purpose.PROTECT)
        return outcome

    async def _cancelled(self, order: OrderFacts) -> Accepted[object] | Refused | Unknown:
        parts = self.placing.parts
        if order.conditional:
            return await parts.transport.call(
                ALGO_CANCEL,
                {"symbol": order.symbol, "clientAlgoId": order.order_id},
                purpose=Purpose.PROTECT,
            )
        outcome = await parts.transport.call(
            CANCEL,
            {"symbol": order.symbol, "origClientOrderId": order.order_id},
            purpose=Purpose.PROTECT,
        )
        if isinstance(outcome, Accepted):
            hear_order_reply(parts.facts, outcome.value)
        return outcome


def stop_order(
    order: OrderFacts, stop: Price, *, quantity: Decimal | None = None
) -> dict[str, str]:
    """Return the request of a stop: for all that is held, or for a stated quantity."""
    params = {
        "algoType": "CONDITIONAL",
        "symbol": order.symbol,
        "side": order.side.value,
        "type": "STOP_MARKET",
        "triggerPrice": plain(stop.usd),
        "workingType": WORKING_TYPE,
        "priceProtect": "false",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "clientAlgoId": order.order_id,
    }
    if quantity is None:
        return {**params, "closePosition": "true"}
    return {**params, "quantity": plain(quantity), "reduceOnly": "true"}

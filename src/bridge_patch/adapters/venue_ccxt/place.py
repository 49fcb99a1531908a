"""Entries: every condition first, then the leverage, read back, and only then the order."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import (
    LEVERAGE,
    MARK,
    PLACE,
    SYMBOL_CONFIG,
    Purpose,
)
from bridge_patch.adapters.venue_ccxt.codes import Disposition
from bridge_patch.adapters.venue_ccxt.hearing import hear_order_reply
from bridge_patch.adapters.venue_ccxt.lookup import Lookups
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.parts import Parts, plain
from bridge_patch.adapters.venue_ccxt.replies import OrderReply, SymbolConfig
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.governor.judge import Approved
from bridge_patch.services.ports import Report

ISOLATED: Final = "ISOLATED"
#: The venue's clock was read within this time where an entry is stamped by it.
CLOCK_AGE_MAX_MS: Final = 30_000
#: When to ask for the trades of an order that was filled, in ms after each other.
TRADES_PACE_MS: Final = (50, 150, 400)
_MODE_CODES: Final = frozenset({"-4060", "-4061", "-4062", "-4167", "-4168"})


@final
@dataclass(frozen=True, slots=True)
class Placing:
    """Sends what the Governor approved, or says why it did not leave."""

    parts: Parts
    lookups: Lookups
    _stamps: dict[ClientOrderId, UnixMs] = field(default_factory=dict)

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        """Look at every condition, set the leverage, and stamp the order that may follow.

        The stamp is from before the last look at halt and lease: whoever sleeps after that
        for longer than the receive window sends an order that the venue throws away.
        """
        parts = self.parts
        self._stamps.clear()
        order = parts.facts.fold.announce(
            OrderFacts(
                order_id=order_id,
                intent_id=approved.intent_id,
                leg=Leg.ENTRY,
                symbol=approved.symbol,
                side=approved.side,
                quantity_base=approved.quantity.base,
                leverage=approved.leverage,
            )
        )
        refused = await self._objection(approved)
        if refused is not None:
            return self.refused(order, refused)
        await parts.transport.keep_clock(CLOCK_AGE_MAX_MS)
        if parts.transport.skew_ms is None:
            unread = _ours("CLOCK_UNREAD", "the venue's clock could not be read")
            return self.refused(order, unread)
        self._stamps[order_id] = parts.transport.venue_ms()
        return None

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        """Carry out an approval. Nothing but its own numbers leaves, once prepared."""
        parts = self.parts
        if order_id not in self._stamps:
            refusal = await self.prepare(approved, order_id)
            if refusal is not None:
                return refusal
        stamp_ms, order = self._stamps.pop(order_id), parts.facts.fold.orders[order_id]
        alive = parts.liveness.alive_since_ms(parts.transport.now_ms())
        if isinstance(alive, Unknown):
            return self.refused(order, _ours("STREAM_SILENT", alive.why))
        self.lookups.begin(order)
        order.sent_ms = parts.transport.now_ms()
        outcome = await parts.transport.call(
            PLACE,
            market_order(order, approved.quantity.base),
            purpose=Purpose.ENTRY,
            stamp_ms=stamp_ms,
        )
        return await self.settled(order, outcome)

    async def settled(
        self, order: OrderFacts, outcome: Accepted[OrderReply] | Refused | Unknown
    ) -> Report:
        """Report what an order at market led to; what is not proved is not known."""
        parts = self.parts
        match outcome:
            case Accepted(reply) if reply.client_order_id == order.order_id:
                hear_order_reply(parts.facts, reply)
                await self._await_trades(order)
            case Refused(definite=True) if order.state is None:
                return self.refused(order, outcome)
            case Refused():
                await self.lookups.ask(order)
            case _:
                pass  # the stream may have told already; else it is looked up
        return parts.reported(order)

    async def _await_trades(self, order: OrderFacts) -> None:
        """Wait for the trades that a reply speaks of; ask where the stream is slow."""
        for pause_ms in TRADES_PACE_MS:
            if order.told_base >= order.executed_base:
                return
            await self.parts.pause(pause_ms)
            await self.parts.fetch_trades(order)

    def refused(self, order: OrderFacts, outcome: Refused) -> Report:
        """Report that an order did not leave, or was not taken."""
        if outcome.code in _MODE_CODES:
            self.parts.modes.forget()
        now_ms = self.parts.transport.venue_ms()
        self.parts.facts.refuse(order, outcome.code, outcome.told(), now_ms)
        return self.parts.reported(order)

    async def _objection(self, approved: Approved) -> Refused | None:
        """Return the first condition that does not hold; None where all do."""
        parts = self.parts
        alive = parts.liveness.alive_since_ms(parts.transport.now_ms())
        if isinstance(alive, Unknown):
            return _ours("STREAM_SILENT", alive.why)
        refused = await parts.modes.objection()
        if refused is not None:
            return refused
        fits = await self._fits(approved.symbol, approved.quantity.base)
        if fits is not None:
            return fits
        return await self._leverage(approved)

    async def _fits(self, symbol: Symbol, quantity: Decimal) -> Refused | None:
        """Hold the quantity against the venue's filters, at the mark of this moment."""
        parts = self.parts
        rules = await parts.rules.of(symbol, Purpose.ENTRY)
        if isinstance(rules, Unknown):
            return _ours("FILTERS_UNREAD", rules.why)
        mark = await parts.transport.call(MARK, {"symbol": symbol}, purpose=Purpose.ENTRY)
        if not isinstance(mark, Accepted) or mark.value.symbol != symbol:
            return _ours("MARK_UNREAD", "the mark price could not be read")
        fault = rules.objection(quantity, mark.value.mark_price)
        return _ours("FILTER", fault) if fault else None

    async def _leverage(self, approved: Approved) -> Refused | None:
        """See that isolated margin and exactly the approved leverage are in force.

        A leverage that other positions hang on is not touched.
        """
        symbol, wanted = approved.symbol, approved.leverage
        config = await self._config(symbol)
        if isinstance(config, Refused):
            return config
        if config.margin_type != ISOLATED:
            said = f"{symbol} is in {config.margin_type} margin: set isolated by hand"
            return _ours("MARGIN_TYPE", said)
        if config.leverage == wanted:
            return None
        if symbol in self.parts.facts.fold.positions:
            said = f"{symbol} is held at {config.leverage}x, and {wanted}x was approved"
            return _ours("LEVERAGE_HELD", said)
        return await self._set(symbol, wanted)

    async def _set(self, symbol: Symbol, wanted: int) -> Refused | None:
        """Set the leverage and read it back: what is read decides, not the answer."""
        outcome = await self.parts.transport.call(
            LEVERAGE, {"symbol": symbol, "leverage": str(wanted)}, purpose=Purpose.ENTRY
        )
        config = await self._config(symbol)
        if isinstance(config, Refused):
            return config
        if config.margin_type == ISOLATED and config.leverage == wanted:
            return None
        if isinstance(outcome, Refused):
            return outcome
        said = f"{wanted}x was set and {config.leverage}x read back"
        return _ours("LEVERAGE_MISMATCH", said)

    async def _config(self, symbol: Symbol) -> SymbolConfig | Refused:
        outcome = await self.parts.transport.call(
            SYMBOL_CONFIG, {"symbol": symbol}, purpose=Purpose.ENTRY
        )
        if isinstance(outcome, Refused):
            return outcome
        if isinstance(outcome, Accepted):
            found = [each for each in outcome.value if each.symbol == symbol]
            if len(found) == 1:
                return found[0]
        return _ours("LEVERAGE_UNREAD", "leverage and margin type could not be read")


def market_order(
    order: OrderFacts, quantity: Decimal, *, reduce_only: bool = False
) -> dict[str, str]:
    """Return the request of an order at market: nothing but what was approved."""
    params = {
        "symbol": order.symbol,
        "side": order.side.value,
        "type": "MARKET",
        "quantity": plain(quantity),
        "newClientOrderId": order.order_id,
        "newOrderRespType": "RESULT",
    }
    if reduce_only:
        params["reduceOnly"] = "true"
    return params


def _ours(code: str, message: str) -> Refused:
    return Refused(code=code, message=message, disposition=Disposition.RETRY)

"""From the venue's words, streamed or asked for, to what is known of the account."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final, assert_never

from bridge_patch.adapters.venue_ccxt.facts import VenueFacts
from bridge_patch.adapters.venue_ccxt.frames import (
    AccountUpdate,
    AlgoUpdate,
    ConfigUpdate,
    KeyExpired,
    MarginCall,
    OrderUpdate,
    Other,
    UserEvent,
)
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts, Trade, is_exchange_made
from bridge_patch.adapters.venue_ccxt.replies import AlgoReply, OrderReply, TradeReply
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import OrderState

#: What the ordinary service's statuses mean; one that is not listed means nothing.
ORDER_STATES: Final[Mapping[str, OrderState]] = MappingProxyType(
    {
        "NEW": OrderState.OPEN,
        "PARTIALLY_FILLED": OrderState.OPEN,
        "FILLED": OrderState.FILLED,
        "CANCELED": OrderState.CANCELLED,
        "EXPIRED": OrderState.CANCELLED,
        "EXPIRED_IN_MATCH": OrderState.CANCELLED,
        "REJECTED": OrderState.REJECTED,
    }
)
#: What the algo service's statuses mean. TRIGGERED and FINISHED say nothing of a fill: that
#: is the real order's to say.
ALGO_STATES: Final[Mapping[str, OrderState]] = MappingProxyType(
    {
        "NEW": OrderState.OPEN,
        "TRIGGERING": OrderState.OPEN,
        "TRIGGERED": OrderState.OPEN,
        "CANCELED": OrderState.CANCELLED,
        "EXPIRED": OrderState.CANCELLED,
        "REJECTED": OrderState.REJECTED,
    }
)
_RESTS: Final = "NEW"
_FINISHED: Final = "FINISHED"
_TRADE: Final = "TRADE"
#: Why an order expired, in words.
_EXPIRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "1": "self-trade prevention",
        "2": "remainder of an IOC order",
        "4": "would not have reduced",
        "5": "liquidation",
        "6": "its position is gone",
        "7": "delisted",
        "8": "replaced by a triggered stop",
        "9": "remainder of a market order",
    }
)


def hear_event(facts: VenueFacts, event: UserEvent) -> None:
    """Take in one event of the user stream; what is about the stream is not for here."""
    match event:
        case OrderUpdate():
            _order_update(facts, event)
        case AlgoUpdate():
            _algo_update(facts, event)
        case AccountUpdate():
            _account_update(facts, event)
        case ConfigUpdate() | KeyExpired() | MarginCall() | Other():
            pass
        case unreachable:
            assert_never(unreachable)


def hear_order_reply(facts: VenueFacts, reply: OrderReply) -> None:
    """Take in an order as the ordinary service states it."""
    symbol = Symbol(reply.symbol)
    named = facts.owner(symbol, reply.order_id, reply.client_order_id)
    order = facts.find(named or "")
    state = ORDER_STATES.get(reply.status)
    if order is None:
        facts.disown(symbol, reply.order_id, reply.client_order_id)
        return
    order.appear()
    facts.link(symbol, reply.order_id, order.order_id)
    if state is not None:
        facts.hear_order(
            order,
            state,
            at_ms=UnixMs(reply.update_time),
            executed_base=reply.executed_qty,
            reason=reply.status.lower(),
        )


def hear_algo_reply(facts: VenueFacts, reply: AlgoReply) -> None:
    """Take in a conditional order as the algo service states it."""
    order = facts.find(reply.client_algo_id)
    if order is None:
        facts.hear_foreign(reply.client_algo_id)
        return
    order.appear()
    facts.link(Symbol(reply.symbol), reply.order_id, order.order_id)
    _size(order, close_all=reply.close_position, quantity=reply.quantity)
    _algo_state(
        facts,
        order,
        reply.algo_status,
        at_ms=UnixMs(reply.update_time),
        executed_base=reply.actual_qty,
    )


def hear_trade_reply(
    facts: VenueFacts, reply: TradeReply, client_id: str | None = None
) -> bool:
    """Take in a trade that was asked for; false where nobody knows whose it is."""
    return facts.hear_trade(
        Trade(
            symbol=Symbol(reply.symbol),
            side=Side(reply.side),
            trade_id=reply.id,
            venue_id=reply.order_id,
            client_id=client_id,
            price_usd=reply.price,
            quantity_base=reply.qty,
            realised_usd=reply.realized_pnl,
            fee=reply.commission,
            fee_asset=reply.commission_asset,
            at_ms=UnixMs(reply.time),
        )
    )


def _order_update(facts: VenueFacts, event: OrderUpdate) -> None:
    body = event.order
    symbol, at_ms = Symbol(body.symbol), UnixMs(event.at_ms)
    named = facts.owner(symbol, body.order_id, body.client_order_id)
    order = facts.find(named or "")
    if order is not None:
        order.appear()
        facts.link(symbol, body.order_id, order.order_id)
    elif is_exchange_made(body.client_order_id):
        facts.disown(symbol, body.order_id, body.client_order_id)
    else:
        facts.hear_foreign(body.client_order_id)
    if body.execution == _TRADE and body.last_quantity > 0:
        facts.hear_trade(_trade_of(event))
    state = ORDER_STATES.get(body.status)
    if order is not None and state is not None:
        reason = _EXPIRIES.get(body.expiry, body.status.lower())
        facts.hear_order(
            order, state, at_ms=at_ms, executed_base=body.executed, reason=reason
        )


def _trade_of(event: OrderUpdate) -> Trade:
    body = event.order
    return Trade(
        symbol=Symbol(body.symbol),
        side=Side(body.side),
        trade_id=body.trade_id,
        venue_id=body.order_id,
        client_id=body.client_order_id,
        price_usd=body.last_price,
        quantity_base=body.last_quantity,
        realised_usd=body.realised,
        fee=body.fee or ZERO,
        fee_asset=body.fee_asset or "USDT",
        at_ms=UnixMs(body.trade_ms),
    )


def _algo_update(facts: VenueFacts, event: AlgoUpdate) -> None:
    body = event.algo
    order = facts.find(body.client_algo_id)
    if order is None:
        facts.hear_foreign(body.client_algo_id)
        return
    order.appear()
    venue_id = int(body.actual_id) if body.actual_id.isdecimal() else None
    facts.link(Symbol(body.symbol), venue_id or None, order.order_id)
    _size(order, close_all=body.close_all, quantity=body.quantity)
    _algo_state(
        facts,
        order,
        body.status,
        at_ms=UnixMs(event.at_ms),
        executed_base=body.actual_quantity,
        reason=body.reason,
    )


def _size(order: OrderFacts, *, close_all: bool, quantity: Decimal) -> None:
    """Learn how much a stop closes; where the venue says neither, it is as it was asked."""
    if close_all:
        order.stop_base = None
    elif quantity > 0:
        order.stop_base = quantity


def _algo_state(
    facts: VenueFacts,
    order: OrderFacts,
    status: str,
    *,
    at_ms: UnixMs,
    executed_base: Decimal | None,
    reason: str = "",
) -> None:
    """Take in an algo status; a finished one has traded as much as it says."""
    state = ALGO_STATES.get(status)
    if status == _RESTS:
        facts.hear_rest(order, at_ms)
        return
    if status == _FINISHED and executed_base is not None:
        state = OrderState.FILLED if executed_base > 0 else OrderState.CANCELLED
    if state is not None:
        facts.hear_order(
            order,
            state,
            at_ms=at_ms,
            executed_base=executed_base or ZERO,
            reason=reason or status.lower(),
        )


def _account_update(facts: VenueFacts, event: AccountUpdate) -> None:
    symbol, at_ms = Symbol(event.symbol), UnixMs(event.at_ms)
    match event.account.reason:
        case "FUNDING_FEE" if symbol:
            facts.hear_funding(symbol, event.change, at_ms)
        case "INSURANCE_CLEAR" if symbol:
            facts.hear_insurance(symbol, event.change, at_ms)
        case _:
            pass

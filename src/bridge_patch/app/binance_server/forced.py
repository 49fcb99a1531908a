"""What the exchange does to a position by itself: liquidation and deleveraging."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.app.binance_server.booking import (
    book_fills,
    book_insurance,
    end_order,
    open_order,
)
from bridge_patch.app.binance_server.records import (
    OrderRecord,
    OrderType,
    Status,
    TimeInForce,
)
from bridge_patch.app.binance_server.teller import EXPIRED_LIQUIDATION
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import Filled, FillKind, InsuranceCleared
from bridge_patch.sim.costs import fill_price
from bridge_patch.sim.trades import Order, closing, liquidating


def liquidate(venue: Venue, symbol: Symbol, price_usd: Decimal) -> None:
    """Close all under the exchange's own id, then let the insurance fund square it."""
    position, scene = venue.position(symbol), venue.scene(symbol)
    if position is None:
        return
    for order in venue.records.open_orders(symbol):
        end_order(venue, order, Status.EXPIRED, expiry=EXPIRED_LIQUIDATION)
    forced = _forced(venue, position, price_usd, OrderType.LIQUIDATION)
    price = fill_price(
        scene.costs,
        scene.instrument,
        side=forced.side,
        quantity_base=position.quantity_base,
        last_usd=price_usd,
        fast_tape=True,
    )
    events = liquidating(scene, _named(forced), position, price)
    open_order(venue, forced)
    book_fills(venue, forced, [e for e in events if isinstance(e, Filled)])
    for event in events:
        if isinstance(event, InsuranceCleared):
            book_insurance(venue, event)


def deleverage(venue: Venue, symbol: Symbol) -> None:
    """Close all against a liquidated stranger, as ADL does: at the last price, no fee."""
    position, scene = venue.position(symbol), venue.scene(symbol)
    if position is None:
        return
    forced = _forced(venue, position, ZERO, OrderType.MARKET)
    fill = closing(
        scene,
        _named(forced),
        position,
        quantity_base=position.quantity_base,
        price_usd=scene.last_usd,
        fee_fraction=ZERO,
    )
    open_order(venue, forced)
    book_fills(venue, forced, [fill])


def _named(order: OrderRecord) -> Order:
    known = str(order.order_id)
    return Order(
        kind=FillKind.LIQUIDATION,
        order_id=ClientOrderId(known),
        intent_id=IntentId(known),
    )


def _forced(
    venue: Venue, position: Position, price_usd: Decimal, kind: OrderType
) -> OrderRecord:
    order_id = venue.records.next_order_id()
    number = f"{venue.now_ms}{order_id % 1_000_000:06d}"
    liquidates = kind is OrderType.LIQUIDATION
    return OrderRecord(
        order_id=order_id,
        client_id=f"autoclose-{number}" if liquidates else "adl_autoclose",
        symbol=position.symbol,
        side=position.side.opposite,
        kind=kind,
        original_kind=kind,
        tif=TimeInForce.IOC if liquidates else TimeInForce.GTC,
        quantity_base=position.quantity_base,
        price_usd=price_usd,
        reduce_only=False,
        placed_ms=venue.now_ms,
        updated_ms=venue.now_ms,
        shown_ms=venue.now_ms,
    )

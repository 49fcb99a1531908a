"""The trading rules: what exchangeInfo says of a contract, and what it refuses.

One table serves both, so that a client that obeys what it is told is never surprised.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.limits import STATED
from bridge_patch.app.binance_server.records import OrderType
from bridge_patch.app.binance_server.shapes import ASSET
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, plain
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Symbol

ORDERS_MAX: Final = 200
CONDITIONALS_MAX: Final = 200
#: How far a limit order may stand beyond the mark; the recorded testnet says 5 %.
PERCENT_UP: Final = Decimal("1.0500")
PERCENT_DOWN: Final = Decimal("0.9500")
_PRICE_MAX: Final = Decimal(1_000_000)
_CLIENT_ID: Final = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}")
_ONBOARD_MS: Final = 1_569_398_400_000
_DELIVERY_MS: Final = 4_133_404_800_000


def check_client_id(client_id: str) -> None:
    """Refuse an id that is too long, or has other characters."""
    if not _CLIENT_ID.fullmatch(client_id):
        raise Refusal(-4015)


def check_price(instrument: Instrument, price_usd: Decimal, *, code: int = -4014) -> None:
    """Refuse a price that is not positive, too high, or off the tick."""
    if price_usd <= 0:
        raise Refusal(-4001, "Price less than 0.")
    if price_usd > _PRICE_MAX:
        raise Refusal(-4002, "Price greater than max price.")
    if price_usd % instrument.price_tick != 0:
        raise Refusal(code)


def check_quantity(instrument: Instrument, quantity_base: Decimal) -> None:
    """Refuse a quantity off the step or outside the least and the most."""
    if quantity_base <= 0:
        raise Refusal(-4003)
    if quantity_base % instrument.quantity_step != 0:
        raise Refusal(-1111)
    if quantity_base < instrument.quantity_min:
        raise Refusal(-4004, "Quantity less than min quantity.")
    if quantity_base > instrument.quantity_max:
        raise Refusal(-4005, "Quantity greater than max quantity.")


def check_notional(
    instrument: Instrument, quantity_base: Decimal, price_usd: Decimal
) -> None:
    """Refuse an order that is worth too little."""
    if quantity_base * price_usd < instrument.notional_min:
        least = plain(instrument.notional_min)
        words = (
            f"Order's notional must be no smaller than {least} (unless you choose"
            " reduce only)."
        )
        raise Refusal(-4164, words)


def check_band(side: Side, price_usd: Decimal, mark_usd: Decimal) -> None:
    """Refuse a limit price too far beyond the mark, on the side that would trade."""
    if side is Side.BUY and price_usd > mark_usd * PERCENT_UP:
        words = f"Limit price can't be higher than {plain(mark_usd * PERCENT_UP)}."
        raise Refusal(-4016, words)
    if side is Side.SELL and price_usd < mark_usd * PERCENT_DOWN:
        words = f"Limit price can't be lower than {plain(mark_usd * PERCENT_DOWN)}."
        raise Refusal(-4024, words)


def check_room(venue: Venue, symbol: Symbol) -> None:
    """Refuse an order beyond the most that may be open on a symbol, both kinds counted."""
    records = venue.records
    if len(records.open_orders(symbol)) + len(records.open_algos(symbol)) >= ORDERS_MAX:
        raise Refusal(-2025)


def check_status(venue: Venue, symbol: Symbol, *, reduces: bool) -> None:
    """Refuse entries of a restricted account or symbol; a halted symbol refuses all."""
    status = status_of(venue, symbol)
    if status in {"BREAK", "CLOSE", "PENDING_TRADING"}:
        raise Refusal(-1122)
    if not reduces and status != "TRADING":
        raise Refusal(-4140, "Invalid symbol status for opening position.")
    if not reduces and venue.conditions.reduce_only_account:
        raise Refusal(-4087)


def status_of(venue: Venue, symbol: Symbol) -> str:
    """Return whether the symbol trades."""
    return venue.conditions.statuses.get(symbol, "TRADING")


def exchange_info(venue: Venue) -> Json:
    """Return the rules of everything that is listed here."""
    return {
        "timezone": "UTC",
        "serverTime": venue.clock.stated_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": list(STATED),
        "exchangeFilters": [],
        "assets": [
            {"asset": ASSET, "marginAvailable": True, "autoAssetExchange": "-10000"}
        ],
        "symbols": [_listed(venue, symbol) for symbol in venue.symbols],
    }


def _listed(venue: Venue, symbol: Symbol) -> Json:
    instrument, base = venue.instrument(symbol), symbol.removesuffix(ASSET)
    return {
        "symbol": symbol,
        "pair": symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": _DELIVERY_MS,
        "onboardDate": _ONBOARD_MS,
        "status": status_of(venue, symbol),
        "maintMarginPercent": "2.5000",
        "requiredMarginPercent": "5.0000",
        "baseAsset": base,
        "quoteAsset": ASSET,
        "marginAsset": ASSET,
        "pricePrecision": _places(instrument.price_tick),
        "quantityPrecision": _places(instrument.quantity_step),
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.0500",
        "liquidationFee": plain(venue.costs.liquidation_fraction),
        "marketTakeBound": "0.30",
        "maxMoveOrderLimit": 10_000,
        "filters": _filters(instrument),
        "orderTypes": [k.value for k in OrderType if k is not OrderType.LIQUIDATION],
        "timeInForce": ["GTC", "IOC", "FOK", "GTX", "GTD"],
    }


def _places(quantum: Decimal) -> int:
    exponent = quantum.normalize().as_tuple().exponent
    return max(-exponent, 0) if isinstance(exponent, int) else 0


def _filters(instrument: Instrument) -> list[Json]:
    step, tick = plain(instrument.quantity_step), plain(instrument.price_tick)
    least, most = plain(instrument.quantity_min), plain(instrument.quantity_max)
    sizes = {"minQty": least, "maxQty": most, "stepSize": step}
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": tick,
            "maxPrice": plain(_PRICE_MAX),
            "tickSize": tick,
        },
        {"filterType": "LOT_SIZE", **sizes},
        {"filterType": "MARKET_LOT_SIZE", **sizes},
        {"filterType": "MAX_NUM_ORDERS", "limit": ORDERS_MAX},
        {"filterType": "MIN_NOTIONAL", "notional": plain(instrument.notional_min)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": plain(PERCENT_UP),
            "multiplierDown": plain(PERCENT_DOWN),
            "multiplierDecimal": "4",
        },
        {"filterType": "POSITION_RISK_CONTROL", "positionControlSide": "NONE"},
    ]

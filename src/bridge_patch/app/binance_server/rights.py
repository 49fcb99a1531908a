"""What the account may do, and what that costs: fees, order limits, quant rules."""

from __future__ import annotations

from bridge_patch.app.binance_server.limits import STATED
from bridge_patch.app.binance_server.modes import symbol_of
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params, plain


def commission(venue: Venue, params: Params) -> Json:
    """Return the account's rates, as fractions of notional."""
    return {
        "symbol": symbol_of(venue, params),
        "makerCommissionRate": plain(venue.costs.maker_fraction),
        "takerCommissionRate": plain(venue.costs.taker_fraction),
        "rpiCommissionRate": "0",
    }


def order_limits(_venue: Venue, _: Params) -> Json:
    """Return the account's own order limits."""
    return [one for one in STATED if one["rateLimitType"] == "ORDERS"]


def key_rights(venue: Venue, _: Params) -> Json:
    """Return what the key may do: at the exchange the wallet's host tells this."""
    may_trade = not venue.conditions.read_only_key
    return {
        "ipRestrict": True,
        "createTime": 0,
        "enableReading": True,
        "enableWithdrawals": venue.conditions.key_withdraws,
        "enableInternalTransfer": False,
        "permitsUniversalTransfer": False,
        "enableMargin": False,
        "enableFutures": may_trade,
        "enableSpotAndMarginTrading": False,
        "enableVanillaOptions": False,
    }


def quant_rules(venue: Venue, _: Params) -> Json:
    """Return that no quant rule is violated; locks are not simulated."""
    return {"indicators": {}, "updateTime": venue.now_ms}

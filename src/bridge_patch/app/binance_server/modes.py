"""How the account is set up: the switches, and the refusals that mean no change."""

from __future__ import annotations

from typing import Final

from bridge_patch.app.binance_server.account import notional_max
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.teller import (
    tell_account,
    tell_leverage,
    tell_multi_assets,
)
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params
from bridge_patch.domain.intent import Symbol
from bridge_patch.sim.orders import LEVERAGE_MAX

DONE: Final[Json] = {"code": 200, "msg": "success"}


def symbol_of(venue: Venue, params: Params) -> Symbol:
    """Return the symbol, which must be there and listed."""
    return venue.instrument(params.the_symbol()).symbol


def set_leverage(venue: Venue, params: Params) -> Json:
    """Set a symbol's leverage for what is opened from now on."""
    symbol, leverage = symbol_of(venue, params), params.the_whole("leverage")
    instrument = venue.instrument(symbol)
    most = venue.conditions.leverage_max
    if not 1 <= leverage <= LEVERAGE_MAX:
        raise Refusal(-4028, f"Leverage {leverage} is not valid")
    if most is not None and leverage > most:
        raise Refusal(-4203)
    if leverage > instrument.brackets[0].leverage_max:
        raise Refusal(-4028, f"Leverage {leverage} is not valid")
    position = venue.position(symbol)
    if position is not None:
        if leverage < venue.modes.leverage(symbol):
            raise Refusal(-4161)
        notional = position.notional_usd(venue.last_usd(symbol) or position.entry_price_usd)
        if leverage > instrument.bracket_at(notional).leverage_max:
            raise Refusal(-2027)
    before = venue.modes.leverage(symbol)
    venue.modes.leverages[symbol] = leverage
    if leverage < before and venue.exchange.available_usd() < venue.held_usd():
        venue.modes.leverages[symbol] = before
        raise Refusal(-2028)
    tell_leverage(venue, symbol, leverage)
    return {
        "symbol": symbol,
        "leverage": leverage,
        "maxNotionalValue": notional_max(venue, symbol),
    }


def set_margin_type(venue: Venue, params: Params) -> Json:
    """Set isolated or cross margin; no change is a refusal that means success."""
    symbol, wanted = symbol_of(venue, params), params.given("marginType")
    if wanted not in {"ISOLATED", "CROSSED"}:
        raise Refusal(-4018, "Invalid margin type.")
    crossed = wanted == "CROSSED"
    if venue.modes.multi_assets and not crossed:
        raise Refusal(-4168)
    if venue.modes.is_crossed(symbol) is crossed:
        raise Refusal(-4046)
    if venue.position(symbol) is not None:
        raise Refusal(-4048)
    if venue.records.open_orders(symbol) or venue.records.open_algos(symbol):
        raise Refusal(-4047)
    venue.modes.crossed[symbol] = crossed
    tell_account(venue, "MARGIN_TYPE_CHANGE", symbol)
    return DONE


def dual_side(venue: Venue, _: Params) -> Json:
    """Return whether the account is in hedge mode."""
    return {"dualSidePosition": venue.modes.dual_side}


def set_dual_side(venue: Venue, params: Params) -> Json:
    """Set one-way or hedge mode."""
    params.given("dualSidePosition")
    wanted = params.flag("dualSidePosition")
    if wanted is venue.modes.dual_side:
        raise Refusal(-4059)
    _check_idle(venue, orders=-4067, positions=-4068)
    venue.modes.dual_side = wanted
    return DONE


def multi_assets(venue: Venue, _: Params) -> Json:
    """Return whether the account is in Multi-Assets mode."""
    return {"multiAssetsMargin": venue.modes.multi_assets}


def set_multi_assets(venue: Venue, params: Params) -> Json:
    """Set single-asset or Multi-Assets mode."""
    params.given("multiAssetsMargin")
    wanted = params.flag("multiAssetsMargin")
    if wanted is venue.modes.multi_assets:
        raise Refusal(-4171)
    _check_idle(venue, orders=-4067, positions=-4068)
    if wanted and not all(venue.modes.is_crossed(symbol) for symbol in venue.symbols):
        raise Refusal(-4167, "Unable to adjust to Multi-Assets mode with isolated symbols.")
    venue.modes.multi_assets = wanted
    tell_multi_assets(venue)
    return DONE


def _check_idle(venue: Venue, *, orders: int, positions: int) -> None:
    if venue.records.open_orders() or venue.records.open_algos():
        raise Refusal(orders)
    if venue.exchange.positions:
        raise Refusal(positions)

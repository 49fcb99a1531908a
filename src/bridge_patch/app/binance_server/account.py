"""What the account is: balance, positions, leverage tiers, as each version shows them."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.app.binance_server.shapes import ASSET, usd
from bridge_patch.app.binance_server.teller import break_even_usd
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params, plain
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.position import Position
from bridge_patch.sim.bars import liquidation_level


def notional_max(venue: Venue, symbol: Symbol) -> str:
    """Return the largest notional that the set leverage may carry."""
    leverage = venue.modes.leverage(symbol)
    tiers = venue.instrument(symbol).brackets
    caps = [t.notional_cap for t in tiers if t.leverage_max >= leverage]
    return plain(max(caps, default=tiers[0].notional_cap))


def balances(venue: Venue, _: Params) -> Json:
    """Return the one asset's balance."""
    wallet, free = venue.exchange.wallet_usd, usd(venue.available_usd())
    return [
        {
            "accountAlias": "SgsRmYfWoC",
            "asset": ASSET,
            "balance": usd(wallet),
            "crossWalletBalance": usd(wallet - venue.exchange.ledger.margin_usd),
            "crossUnPnl": "0.00000000",
            "availableBalance": free,
            "maxWithdrawAmount": free,
            "marginAvailable": True,
            "updateTime": venue.modes.changed_ms,
        }
    ]


def account_v3(venue: Venue, _: Params) -> Json:
    """Return totals, and only the symbols with a position."""
    held = [_held(venue, p, old=False) for p in venue.exchange.positions.values()]
    asset = {"asset": ASSET, **_figures(venue), "updateTime": venue.modes.changed_ms}
    return {**_totals(venue), "assets": [asset], "positions": held}


def account_v2(venue: Venue, _: Params) -> Json:
    """Return totals, rights, and every symbol, flat ones too."""
    asset = {
        "asset": ASSET,
        **_figures(venue),
        "marginAvailable": True,
        "updateTime": venue.modes.changed_ms,
    }
    held = [_held(venue, venue.position(s) or s, old=True) for s in venue.symbols]
    return {**_rights(venue), **_totals(venue), "assets": [asset], "positions": held}


def account_config(venue: Venue, _: Params) -> Json:
    """Return rights and modes."""
    return {**_rights(venue), "dualSidePosition": venue.modes.dual_side}


def _rights(venue: Venue) -> dict[str, Json]:
    return {
        "feeTier": 0,
        "feeBurn": False,
        "canTrade": not venue.conditions.read_only_key,
        "canDeposit": True,
        "canWithdraw": False,
        "updateTime": 0,
        "multiAssetsMargin": venue.modes.multi_assets,
        "tradeGroupId": -1,
    }


def _figures(venue: Venue) -> dict[str, Json]:
    wallet, equity = venue.exchange.wallet_usd, venue.exchange.equity_usd()
    posted, reserved = venue.exchange.ledger.margin_usd, venue.reserved_usd()
    upkeep = sum((upkeep_usd(venue, p) for p in venue.exchange.positions.values()), ZERO)
    free = usd(venue.available_usd())
    return {
        "walletBalance": usd(wallet),
        "unrealizedProfit": usd(equity - wallet),
        "marginBalance": usd(equity),
        "maintMargin": usd(upkeep),
        "initialMargin": usd(posted + reserved),
        "positionInitialMargin": usd(posted),
        "openOrderInitialMargin": usd(reserved),
        "crossWalletBalance": usd(wallet - posted),
        "crossUnPnl": "0.00000000",
        "availableBalance": free,
        "maxWithdrawAmount": free,
    }


def _totals(venue: Venue) -> dict[str, Json]:
    kept = {
        "crossUnPnl": "totalCrossUnPnl",
        "crossWalletBalance": "totalCrossWalletBalance",
    }
    plain_names = {"availableBalance", "maxWithdrawAmount"}
    return {
        name
        if name in plain_names
        else kept.get(name, f"total{name[0].upper()}{name[1:]}"): value
        for name, value in _figures(venue).items()
    }


def _held(venue: Venue, position: Position | Symbol, *, old: bool) -> dict[str, Json]:
    """Return a position as `account` lists it; a bare symbol is flat."""
    if isinstance(position, Position):
        symbol, amount, entry = (
            position.symbol,
            position.signed_base,
            position.entry_price_usd,
        )
        last = venue.last_usd(symbol) or entry
        gain, margin = position.unrealised_usd(last), position.margin_usd
        notional, upkeep = position.signed_base * last, upkeep_usd(venue, position)
    else:
        symbol, amount, entry = position, ZERO, ZERO
        gain = margin = notional = upkeep = ZERO
    crossed = venue.modes.is_crossed(symbol)
    shape: dict[str, Json] = {
        "symbol": symbol,
        "positionSide": "BOTH",
        "positionAmt": plain(amount),
        "unrealizedProfit": usd(gain),
        "isolatedMargin": "0" if crossed else usd(margin + gain),
        "notional": usd(notional),
        "isolatedWallet": "0" if crossed else usd(margin),
        "initialMargin": usd(margin),
        "maintMargin": usd(upkeep),
        "updateTime": venue.modes.updated_ms.get(symbol, 0),
    }
    if old:
        shape |= {
            "positionInitialMargin": usd(margin),
            "openOrderInitialMargin": "0",
            "leverage": str(venue.modes.leverage(symbol)),
            "isolated": not crossed,
            "entryPrice": usd(entry),
            "maxNotional": notional_max(venue, symbol),
            "bidNotional": "0",
            "askNotional": "0",
        }
    return shape


def upkeep_usd(venue: Venue, position: Position) -> Decimal:
    """Return the maintenance margin at the last price: notional × rate − amount."""
    instrument = venue.instrument(position.symbol)
    mark = venue.last_usd(position.symbol) or position.entry_price_usd
    notional = position.notional_usd(mark)
    tier = instrument.bracket_at(notional)
    return notional * tier.mmr - tier.cum


def risks_v3(venue: Venue, params: Params) -> Json:
    """Return positions, and flat symbols that have open orders."""
    wanted = params.symbol()
    ordered = {o.symbol for o in venue.records.open_orders()}
    return [
        _risk(venue, symbol)
        for symbol in venue.symbols
        if (symbol in venue.exchange.positions or symbol in ordered)
        and wanted in {None, symbol}
    ]


def risks_v2(venue: Venue, params: Params) -> Json:
    """Return every symbol, with leverage and margin type."""
    wanted = params.symbol()
    return [
        {
            **_risk(venue, symbol),
            "leverage": str(venue.modes.leverage(symbol)),
            "maxNotionalValue": notional_max(venue, symbol),
            "marginType": "cross" if venue.modes.is_crossed(symbol) else "isolated",
            "isAutoAddMargin": "false",
        }
        for symbol in venue.symbols
        if wanted in {None, symbol}
    ]


def _risk(venue: Venue, symbol: Symbol) -> dict[str, Json]:
    position = venue.position(symbol)
    held = _held(venue, position or symbol, old=False)
    ruin = entry = even = ZERO
    if position is not None:
        entry, even = position.entry_price_usd, break_even_usd(venue, position)
        ruin = liquidation_level(position, venue.instrument(symbol))
    gain = held.pop("unrealizedProfit")
    return {
        **held,
        "entryPrice": usd(entry),
        "breakEvenPrice": usd(even),
        "markPrice": usd(venue.last_usd(symbol) or ZERO),
        "unRealizedProfit": gain,
        "liquidationPrice": usd(ruin) if ruin else "0",
        "marginAsset": ASSET,
        "positionInitialMargin": held["initialMargin"],
        "openOrderInitialMargin": "0",
        "adl": 0,
        "bidNotional": "0",
        "askNotional": "0",
    }


def symbol_config(venue: Venue, params: Params) -> Json:
    """Return leverage and margin type, of one symbol or of all."""
    wanted = params.symbol()
    if wanted is not None:
        venue.instrument(wanted)
    return [
        {
            "symbol": symbol,
            "marginType": "CROSSED" if venue.modes.is_crossed(symbol) else "ISOLATED",
            "isAutoAddMargin": False,
            "leverage": venue.modes.leverage(symbol),
            "maxNotionalValue": notional_max(venue, symbol),
        }
        for symbol in venue.symbols
        if wanted in {None, symbol}
    ]


def brackets(venue: Venue, params: Params) -> Json:
    """Return the leverage tiers: an object of one symbol, else an array of all."""
    wanted = params.symbol()
    if wanted is not None:
        return _tiers(venue, venue.instrument(wanted).symbol)
    return [_tiers(venue, symbol) for symbol in venue.symbols]


def _tiers(venue: Venue, symbol: Symbol) -> Json:
    return {
        "symbol": symbol,
        "brackets": [
            {
                "bracket": number,
                "initialLeverage": tier.leverage_max,
                "notionalCap": int(tier.notional_cap),
                "notionalFloor": int(tier.notional_floor),
                "maintMarginRatio": float(tier.mmr),
                "cum": float(tier.cum),
            }
            for number, tier in enumerate(venue.instrument(symbol).brackets, 1)
        ],
    }

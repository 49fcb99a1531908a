"""What the account's stream is told, in the exchange's shapes.

A fill is told as the exchange told it in the recordings: `TRADE_LITE`, then what the
account holds now (`ACCOUNT_UPDATE`), then the order (`ORDER_TRADE_UPDATE`).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bridge_patch.app.binance_server.records import (
    AlgoRecord,
    OrderRecord,
    TradeRecord,
)
from bridge_patch.app.binance_server.shapes import ASSET, usd
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, plain
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.position import Position

#: Why an order expired, `er`.
EXPIRED_REDUCE_ONLY: Final = "4"
EXPIRED_LIQUIDATION: Final = "5"
EXPIRED_IOC: Final = "2"
EXPIRED_MARKET: Final = "9"


def tell_order(
    venue: Venue,
    order: OrderRecord,
    execution: str,
    *,
    trade: TradeRecord | None = None,
    expiry: str = "0",
) -> None:
    """Tell how an order stands, and what just happened to it."""
    body: dict[str, Json] = {
        "s": order.symbol,
        "c": order.client_id,
        "S": order.side.value,
        "o": order.kind.value,
        "f": order.tif.value,
        "q": plain(order.quantity_base),
        "p": plain(order.price_usd),
        "ap": usd(order.average_usd),
        "sp": plain(order.stop_usd),
        "x": execution,
        "X": order.status.value,
        "i": order.order_id,
        "l": plain(trade.quantity_base) if trade else "0",
        "z": plain(order.executed_base),
        "L": plain(trade.price_usd) if trade else "0",
        "N": ASSET,
        "n": usd(trade.fee_usd if trade else ZERO),
        "T": venue.clock.stated_ms,
        "t": trade.trade_id if trade else 0,
        "b": "0",
        "a": "0",
        "m": trade.maker if trade else False,
        "R": order.reduce_only,
        "wt": order.working.value,
        "ot": order.original_kind.value,
        "ps": "BOTH",
        "cp": order.close_all,
        "rp": usd(trade.realised_usd if trade else ZERO),
        "pP": False,
        "si": 0,
        "ss": 0,
        "V": "EXPIRE_MAKER",
        "pm": "NONE",
        "gtd": order.good_till_ms,
        "er": expiry,
    }
    venue.emit("ORDER_TRADE_UPDATE", {"T": venue.clock.stated_ms, "o": body})


def tell_lite(venue: Venue, order: OrderRecord, trade: TradeRecord) -> None:
    """Tell a trade in few words, before the full event."""
    venue.emit(
        "TRADE_LITE",
        {
            "T": venue.clock.stated_ms,
            "s": order.symbol,
            "q": plain(order.quantity_base),
            "p": plain(order.price_usd),
            "m": trade.maker,
            "c": order.client_id,
            "S": order.side.value,
            "L": plain(trade.price_usd),
            "l": plain(trade.quantity_base),
            "t": trade.trade_id,
            "i": order.order_id,
        },
    )


def tell_account(
    venue: Venue,
    reason: str,
    symbol: Symbol | None,
    *,
    change_usd: Decimal = ZERO,
    at_ms: int | None = None,
) -> None:
    """Tell the wallet, and the position of the one symbol that changed."""
    wallet = venue.exchange.wallet_usd
    margins = venue.exchange.ledger.margin_usd
    balance: dict[str, Json] = {
        "a": ASSET,
        "wb": usd(wallet),
        "cw": usd(wallet - margins),
        "bc": usd(change_usd),
    }
    funding = reason == "FUNDING_FEE"
    alone = symbol is None or (funding and venue.modes.is_crossed(symbol))
    positions = [] if alone or symbol is None else [position_told(venue, symbol)]
    body: dict[str, Json] = {"m": reason, "B": [balance], "P": positions}
    if funding and symbol is not None:
        body["S"] = symbol
    moment = venue.clock.stated_ms if at_ms is None else at_ms
    venue.emit("ACCOUNT_UPDATE", {"T": moment, "a": body})


def position_told(venue: Venue, symbol: Symbol) -> dict[str, Json]:
    """Return a position as ACCOUNT_UPDATE tells it; flat is all zeros."""
    position, last = venue.position(symbol), venue.last_usd(symbol)
    crossed = venue.modes.is_crossed(symbol)
    gained = venue.modes.gained_usd.get(symbol, ZERO)
    shape: dict[str, Json] = {
        "s": symbol,
        "pa": "0",
        "ep": "0",
        "bep": "0",
        "cr": usd(gained),
        "up": "0",
        "mt": "cross" if crossed else "isolated",
        "iw": "0",
        "ps": "BOTH",
    }
    if position is not None:
        shape["pa"] = plain(position.signed_base)
        shape["ep"] = usd(position.entry_price_usd)
        shape["bep"] = usd(break_even_usd(venue, position))
        shape["up"] = usd(ZERO if last is None else position.unrealised_usd(last))
        shape["iw"] = "0" if crossed else usd(position.margin_usd)
    return shape


def break_even_usd(venue: Venue, position: Position) -> Decimal:
    """Return the entry price moved by the taker's fee of both ways, an approximation."""
    share = 2 * venue.costs.taker_fraction * position.side.sign
    return position.entry_price_usd * (1 + share)


def tell_algo(venue: Venue, algo: AlgoRecord) -> None:
    """Tell how a conditional order stands."""
    order = venue.records.orders.get(algo.order_id)
    trailing = algo.callback_pct is not None
    body: dict[str, Json] = {
        "caid": algo.client_id,
        "aid": algo.algo_id,
        "at": "CONDITIONAL",
        "o": algo.kind.value,
        "s": algo.symbol,
        "S": algo.side.value,
        "ps": "BOTH",
        "f": algo.tif.value,
        "q": plain(algo.quantity_base or ZERO),
        "X": algo.status.value,
        "ai": str(algo.order_id) if algo.order_id else "",
        "ap": usd(order.average_usd if order else ZERO),
        "aq": plain(order.executed_base if order else ZERO),
        "act": order.kind.value if order else "0",
        "tp": plain(algo.trigger_usd),
        "p": plain(algo.price_usd),
        "V": "EXPIRE_MAKER",
        "wt": algo.working.value,
        "pm": "NONE",
        "cp": algo.close_all,
        "pP": algo.price_protect,
        "R": algo.reduce_only,
        "tt": algo.triggered_ms,
        "gtd": algo.good_till_ms,
        "rm": algo.reason,
    }
    if trailing:
        body["ia"] = algo.trail is not None and algo.trail.best_usd is not None
    venue.emit("ALGO_UPDATE", {"T": venue.clock.stated_ms, "o": body})


def tell_leverage(venue: Venue, symbol: Symbol, leverage: int) -> None:
    """Tell that a symbol's leverage was set."""
    body: dict[str, Json] = {"s": symbol, "l": leverage}
    venue.emit("ACCOUNT_CONFIG_UPDATE", {"T": venue.clock.stated_ms, "ac": body})


def tell_multi_assets(venue: Venue) -> None:
    """Tell that the Multi-Assets mode was set."""
    body: dict[str, Json] = {"j": venue.modes.multi_assets}
    venue.emit("ACCOUNT_CONFIG_UPDATE", {"T": venue.clock.stated_ms, "ai": body})

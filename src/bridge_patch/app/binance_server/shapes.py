"""Orders, conditional orders and trades as REST replies show them.

Order replies follow July 2026: those to POST, PUT and DELETE carry neither `avgPrice` nor
`cumQuote`, queries do. `old` gives the shape from before.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bridge_patch.app.binance_server.records import (
    AlgoRecord,
    IncomeRecord,
    OrderRecord,
    OrderType,
    Records,
    TradeRecord,
)
from bridge_patch.app.binance_server.wire import Json, plain
from bridge_patch.domain.intent import Side
from bridge_patch.domain.money import ZERO

ASSET: Final = "USDT"
_EIGHT: Final = Decimal("0.00000001")


def usd(amount: Decimal) -> str:
    """Return an amount with the books' eight decimals.

    >>> usd(Decimal(5)), usd(Decimal("-0.000000001"))
    ('5.00000000', '0.00000000')
    """
    return plain(amount.quantize(_EIGHT))


def order_reply(order: OrderRecord, *, old: bool) -> dict[str, Json]:
    """Return the answer to placing, modifying or cancelling."""
    shape = _order(order)
    shape["cumQty"] = plain(order.executed_base)
    if old:
        shape["avgPrice"] = usd(order.average_usd)
        shape["cumQuote"] = usd(order.quote_usd)
    return shape


def order_query(order: OrderRecord) -> dict[str, Json]:
    """Return an order as queries and lists show it."""
    return {
        **_order(order),
        "avgPrice": usd(order.average_usd),
        "cumQuote": usd(order.quote_usd),
        "time": order.placed_ms,
    }


def _order(order: OrderRecord) -> dict[str, Json]:
    return {
        "orderId": order.order_id,
        "symbol": order.symbol,
        "status": order.status.value,
        "clientOrderId": order.client_id,
        "price": plain(order.price_usd),
        "origQty": plain(order.quantity_base),
        "executedQty": plain(order.executed_base),
        "timeInForce": order.tif.value,
        "type": order.kind.value,
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_all,
        "side": order.side.value,
        "positionSide": "BOTH",
        "stopPrice": plain(order.stop_usd),
        "workingType": order.working.value,
        "priceProtect": False,
        "origType": order.original_kind.value,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "goodTillDate": order.good_till_ms,
        "updateTime": order.updated_ms,
    }


def algo_reply(algo: AlgoRecord) -> dict[str, Json]:
    """Return the answer to placing a conditional order."""
    shape: dict[str, Json] = {
        "algoId": algo.algo_id,
        "clientAlgoId": algo.client_id,
        "algoType": "CONDITIONAL",
        "orderType": algo.kind.value,
        "symbol": algo.symbol,
        "side": algo.side.value,
        "positionSide": "BOTH",
        "timeInForce": algo.tif.value,
        "quantity": plain(algo.quantity_base or ZERO),
        "algoStatus": algo.status.value,
        "triggerPrice": plain(algo.trigger_usd),
        "price": plain(algo.price_usd),
        "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": algo.working.value,
        "priceMatch": "NONE",
        "closePosition": algo.close_all,
        "priceProtect": algo.price_protect,
        "reduceOnly": algo.reduce_only,
        "createTime": algo.placed_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.triggered_ms,
        "goodTillDate": algo.good_till_ms,
    }
    if algo.callback_pct is not None:
        shape["activatePrice"] = plain(algo.activate_usd)
        shape["callbackRate"] = plain(algo.callback_pct)
    return shape


def algo_query(algo: AlgoRecord, records: Records) -> dict[str, Json]:
    """Return a conditional order as queries and lists show it, with what it became."""
    order = records.orders.get(algo.order_id)
    return {
        **algo_reply(algo),
        "actualOrderId": str(algo.order_id) if algo.order_id else "",
        "actualPrice": usd(order.average_usd if order else ZERO),
        "actualQty": plain(order.executed_base if order else ZERO),
        "actualType": order.kind.value if order else "",
        "tpTriggerPrice": "0.000",
        "tpPrice": "0.000",
        "slTriggerPrice": "0.000",
        "slPrice": "0.000",
        "tpOrderType": "",
    }


def trade_query(trade: TradeRecord) -> dict[str, Json]:
    """Return a trade as `userTrades` shows it."""
    quote = trade.price_usd * trade.quantity_base
    return {
        "symbol": trade.symbol,
        "id": trade.trade_id,
        "orderId": trade.order_id,
        "side": trade.side.value,
        "price": plain(trade.price_usd),
        "qty": plain(trade.quantity_base),
        "realizedPnl": usd(trade.realised_usd),
        "quoteQty": usd(quote),
        "commission": usd(trade.fee_usd),
        "commissionAsset": ASSET,
        "time": trade.at_ms,
        "positionSide": "BOTH",
        "buyer": trade.side is Side.BUY,
        "maker": trade.maker,
    }


def income_query(income: IncomeRecord) -> dict[str, Json]:
    """Return a movement of the wallet as `income` shows it."""
    return {
        "symbol": income.symbol or "",
        "incomeType": income.kind,
        "income": usd(income.amount_usd),
        "asset": ASSET,
        "info": "" if income.trade_id is None else str(income.trade_id),
        "time": income.at_ms,
        "tranId": income.number,
        "tradeId": "" if income.trade_id is None else str(income.trade_id),
    }


#: The types that only the algo service takes.
CONDITIONAL: Final = frozenset(
    {
        OrderType.STOP,
        OrderType.STOP_MARKET,
        OrderType.TAKE_PROFIT,
        OrderType.TAKE_PROFIT_MARKET,
        OrderType.TRAILING_STOP_MARKET,
    }
)

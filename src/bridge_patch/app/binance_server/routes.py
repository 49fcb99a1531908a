"""Every call of the surface: its weight, who may make it, and what answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias, final

from bridge_patch.app.binance_server import (
    account,
    algo,
    history,
    market,
    modes,
    orders,
    rights,
    rulebook,
    upkeep,
)
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Json, Params

Handler: TypeAlias = Callable[[Venue, Params], Json]


class Security(StrEnum):
    """What a call must prove; TRADE is signed and needs the right to change something."""

    NONE = "none"
    KEY = "key"
    SIGNED = "signed"
    TRADE = "trade"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call. `weight_all` is what it weighs without a symbol; `orders` it counts for."""

    handler: Handler
    security: Security
    weight: int = 1
    weight_all: int | None = None
    orders: int = 0

    def weight_of(self, params: Params) -> int:
        """Return what this very call weighs."""
        if self.weight_all is None or params.has("symbol"):
            return self.weight
        return self.weight_all


def _open(handler: Handler, weight: int = 1, weight_all: int | None = None) -> Route:
    return Route(
        handler=handler, security=Security.NONE, weight=weight, weight_all=weight_all
    )


def _key(handler: Handler) -> Route:
    return Route(handler=handler, security=Security.KEY)


def _read(handler: Handler, weight: int = 1, weight_all: int | None = None) -> Route:
    return Route(
        handler=handler, security=Security.SIGNED, weight=weight, weight_all=weight_all
    )


def _act(handler: Handler, weight: int = 1, orders: int = 0) -> Route:
    return Route(handler=handler, security=Security.TRADE, weight=weight, orders=orders)


def _info(venue: Venue, _: Params) -> Json:
    return rulebook.exchange_info(venue)


ROUTES: Final[Mapping[tuple[str, str], Route]] = MappingProxyType(
    {
        ("GET", "/fapi/v1/ping"): _open(market.ping),
        ("GET", "/fapi/v1/time"): _open(market.time),
        ("GET", "/fapi/v1/exchangeInfo"): _open(_info),
        ("GET", "/fapi/v1/ticker/24hr"): _open(market.day_tickers, 1, 40),
        ("GET", "/fapi/v1/ticker/price"): _open(market.prices, 1, 2),
        ("GET", "/fapi/v2/ticker/price"): _open(market.prices, 1, 2),
        ("GET", "/fapi/v1/ticker/bookTicker"): _open(market.book_tickers, 2, 5),
        ("GET", "/fapi/v1/premiumIndex"): _open(market.premiums, 1, 10),
        ("GET", "/fapi/v1/klines"): _open(market.klines, 5),
        ("GET", "/fapi/v1/depth"): _open(market.depth, 5),
        ("GET", "/fapi/v1/fundingRate"): _open(market.funding_rates),
        ("GET", "/fapi/v1/fundingInfo"): _open(market.funding_info),
        ("POST", "/fapi/v1/order"): _act(orders.place, 0, 1),
        ("PUT", "/fapi/v1/order"): _act(orders.modify, 0, 1),
        ("GET", "/fapi/v1/order"): _read(orders.query),
        ("DELETE", "/fapi/v1/order"): _act(orders.cancel),
        ("POST", "/fapi/v1/order/test"): _act(orders.test, 0),
        ("GET", "/fapi/v1/openOrder"): _read(orders.query_open),
        ("GET", "/fapi/v1/openOrders"): _read(orders.list_open, 1, 40),
        ("GET", "/fapi/v1/allOrders"): _read(orders.list_all, 5),
        ("DELETE", "/fapi/v1/allOpenOrders"): _act(orders.cancel_all),
        ("POST", "/fapi/v1/batchOrders"): _act(orders.place_batch, 5, 5),
        ("DELETE", "/fapi/v1/batchOrders"): _act(orders.cancel_batch),
        ("POST", "/fapi/v1/algoOrder"): _act(algo.place, 0, 1),
        ("GET", "/fapi/v1/algoOrder"): _read(algo.query),
        ("DELETE", "/fapi/v1/algoOrder"): _act(algo.cancel),
        ("GET", "/fapi/v1/openAlgoOrders"): _read(algo.list_open, 1, 40),
        ("GET", "/fapi/v1/allAlgoOrders"): _read(algo.list_all, 5),
        ("DELETE", "/fapi/v1/algoOpenOrders"): _act(algo.cancel_all),
        ("POST", "/fapi/v1/leverage"): _act(modes.set_leverage),
        ("POST", "/fapi/v1/marginType"): _act(modes.set_margin_type),
        ("GET", "/fapi/v1/positionSide/dual"): _read(modes.dual_side, 30),
        ("POST", "/fapi/v1/positionSide/dual"): _act(modes.set_dual_side),
        ("GET", "/fapi/v1/multiAssetsMargin"): _read(modes.multi_assets, 30),
        ("POST", "/fapi/v1/multiAssetsMargin"): _act(modes.set_multi_assets),
        ("GET", "/fapi/v1/leverageBracket"): _read(account.brackets),
        ("GET", "/fapi/v1/symbolConfig"): _read(account.symbol_config, 5),
        ("GET", "/fapi/v1/accountConfig"): _read(account.account_config, 5),
        ("GET", "/fapi/v2/account"): _read(account.account_v2, 5),
        ("GET", "/fapi/v3/account"): _read(account.account_v3, 5),
        ("GET", "/fapi/v2/balance"): _read(account.balances, 5),
        ("GET", "/fapi/v3/balance"): _read(account.balances, 5),
        ("GET", "/fapi/v2/positionRisk"): _read(account.risks_v2, 5),
        ("GET", "/fapi/v3/positionRisk"): _read(account.risks_v3, 5),
        ("GET", "/fapi/v1/userTrades"): _read(history.trades, 5),
        ("GET", "/fapi/v1/income"): _read(history.incomes, 30),
        ("POST", "/fapi/v1/listenKey"): _key(upkeep.create_key),
        ("PUT", "/fapi/v1/listenKey"): _key(upkeep.extend_key),
        ("DELETE", "/fapi/v1/listenKey"): _key(upkeep.close_key),
        ("POST", "/fapi/v1/countdownCancelAll"): _act(upkeep.set_countdown, 10),
        ("GET", "/fapi/v1/commissionRate"): _read(rights.commission, 20),
        ("GET", "/fapi/v1/rateLimit/order"): _read(rights.order_limits),
        ("GET", "/sapi/v1/account/apiRestrictions"): _read(rights.key_rights),
        ("GET", "/fapi/v1/apiTradingStatus"): _read(rights.quant_rules, 1, 10),
    }
)

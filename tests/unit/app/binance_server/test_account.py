"""What the account is and how it is set up, in every version of the calls."""

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.app.binance_server.desk import BTC, ETH, Desk

D = Decimal
LEVERAGE = "/fapi/v1/leverage"
MARGIN = "/fapi/v1/marginType"
DUAL = "/fapi/v1/positionSide/dual"
MULTI = "/fapi/v1/multiAssetsMargin"


def test_leverage_is_read_back_and_told() -> None:
    desk = Desk()
    set_ = desk.ok("POST", LEVERAGE, symbol=BTC, leverage=50)
    (told,) = desk.told("ACCOUNT_CONFIG_UPDATE")
    (read,) = desk.ok("GET", "/fapi/v1/symbolConfig", symbol=BTC)

    assert (set_["leverage"], read["leverage"], told["ac"]) == (
        50,
        50,
        {"s": "BTCUSDT", "l": 50},
    )
    assert set_["maxNotionalValue"] == read["maxNotionalValue"] == "12000000"


@pytest.mark.parametrize(
    ("leverage", "code"), [("0", -4028), ("126", -4028), ("x", -1100), (None, -1102)]
)
def test_a_leverage_that_cannot_be_is_refused(leverage: str | None, code: int) -> None:
    assert Desk().no("POST", LEVERAGE, symbol=BTC, leverage=leverage) == code


def test_a_young_account_is_capped() -> None:
    desk = Desk()
    desk.dispose(leverage_max=20)

    assert desk.no("POST", LEVERAGE, symbol=BTC, leverage=21) == -4203
    assert desk.ok("POST", LEVERAGE, symbol=BTC, leverage=20)["leverage"] == 20


def test_leverage_goes_up_and_not_down_under_a_position() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")

    assert desk.no("POST", LEVERAGE, symbol=BTC, leverage=10) == -4161
    assert desk.ok("POST", LEVERAGE, symbol=BTC, leverage=25)["leverage"] == 25


def test_leverage_is_not_lowered_below_what_resting_entries_need() -> None:
    desk = Desk()
    desk.limit("BUY", "3", "59000")

    assert desk.no("POST", LEVERAGE, symbol=BTC, leverage=10) == -2028
    assert desk.ok("GET", "/fapi/v1/symbolConfig", symbol=BTC)[0]["leverage"] == 20


def test_no_change_is_a_refusal_that_means_success() -> None:
    desk = Desk()

    assert (
        desk.no("POST", MARGIN, symbol=BTC, marginType="ISOLATED"),
        desk.no("POST", DUAL, dualSidePosition="false"),
        desk.no("POST", MULTI, multiAssetsMargin="false"),
    ) == (-4046, -4059, -4171)


def test_modes_are_locked_by_orders_and_positions() -> None:
    desk = Desk()
    desk.limit("BUY", "0.1", "59000")
    by_order = (
        desk.no("POST", MARGIN, symbol=BTC, marginType="CROSSED"),
        desk.no("POST", DUAL, dualSidePosition="true"),
    )
    desk.ok("DELETE", "/fapi/v1/allOpenOrders", symbol=BTC)
    desk.market("BUY", "0.1")
    by_position = (
        desk.no("POST", MARGIN, symbol=BTC, marginType="CROSSED"),
        desk.no("POST", DUAL, dualSidePosition="true"),
    )

    assert (by_order, by_position) == ((-4047, -4067), (-4048, -4068))


def test_multi_assets_mode_wants_cross_margin_and_forbids_isolated() -> None:
    desk = Desk()
    isolated = desk.no("POST", MULTI, multiAssetsMargin="true")
    for symbol in (BTC, ETH):
        desk.ok("POST", MARGIN, symbol=symbol, marginType="CROSSED")
    desk.ok("POST", MULTI, multiAssetsMargin="true")

    assert isolated == -4167
    assert desk.no("POST", MARGIN, symbol=BTC, marginType="ISOLATED") == -4168
    assert desk.told("ACCOUNT_CONFIG_UPDATE")[-1]["ai"] == {"j": True}
    assert desk.ok("GET", MULTI) == {"multiAssetsMargin": True}


def test_hedge_mode_wants_a_position_side_and_is_not_traded_in() -> None:
    desk = Desk()
    desk.ok("POST", DUAL, dualSidePosition="true")
    order = {"symbol": BTC, "side": "BUY", "type": "MARKET", "quantity": "0.1"}

    assert desk.ok("GET", DUAL) == {"dualSidePosition": True}
    assert desk.no("POST", "/fapi/v1/order", **order) == -4061
    assert desk.no("POST", "/fapi/v1/order", **order, reduceOnly="true") == -1106
    assert desk.no("POST", "/fapi/v1/order", **order, positionSide="LONG") == -1020


def test_every_version_of_the_account_agrees_on_what_is_held() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.play("60500")
    v2, v3 = desk.ok("GET", "/fapi/v2/account"), desk.ok("GET", "/fapi/v3/account")
    (held,) = v3["positions"]
    (risk,) = desk.ok("GET", "/fapi/v3/positionRisk")
    old = {r["symbol"]: r for r in desk.ok("GET", "/fapi/v2/positionRisk")}
    totals = [name for name in v3 if name.startswith("total")]

    assert [v2[name] for name in totals] == [v3[name] for name in totals]
    assert [p["symbol"] for p in v2["positions"]] == [BTC, ETH]
    assert held["positionAmt"] == risk["positionAmt"] == old[BTC]["positionAmt"] == "0.100"
    assert "leverage" not in risk
    assert (old[BTC]["leverage"], old[BTC]["marginType"]) == ("20", "isolated")
    assert D(risk["unRealizedProfit"]) == D("0.1") * (60_500 - D(risk["entryPrice"]))
    assert D(v3["totalMarginBalance"]) == D(v3["totalWalletBalance"]) + D(
        risk["unRealizedProfit"]
    )


def test_the_liquidation_price_is_the_one_the_simulator_liquidates_at() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    (risk,) = desk.ok("GET", "/fapi/v3/positionRisk")
    ruin = D(risk["liquidationPrice"])
    desk.play(str(ruin.quantize(D("0.1")) + D("0.2")), "60000")
    before = desk.position()
    desk.play(str(ruin.quantize(D("0.1")) - D("0.2")), "60000")

    assert (before, desk.position()) == (D("0.1"), D(0))


def test_the_balance_of_both_versions_is_one() -> None:
    desk = Desk(wallet="5000")
    (two,), (three,) = (
        desk.ok("GET", "/fapi/v2/balance"),
        desk.ok("GET", "/fapi/v3/balance"),
    )

    assert two == three
    assert (two["balance"], two["availableBalance"]) == ("5000.00000000", "5000.00000000")


def test_brackets_are_an_object_of_one_symbol_and_an_array_of_all() -> None:
    desk = Desk()
    one = desk.ok("GET", "/fapi/v1/leverageBracket", symbol=BTC)
    all_ = desk.ok("GET", "/fapi/v1/leverageBracket")

    assert one["brackets"][1] == {
        "bracket": 2,
        "initialLeverage": 100,
        "notionalCap": 800000,
        "notionalFloor": 300000,
        "maintMarginRatio": 0.005,
        "cum": 300.0,
    }
    assert [b["symbol"] for b in all_] == [BTC, ETH]


def test_incomes_and_fees_add_up_to_the_wallet() -> None:
    """Conservation: what the wallet moved is what its movements say."""
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.limit("SELL", "0.05", "61000", reduceOnly="true")
    desk.settle("0.0001")
    desk.play("60000", "61500")
    desk.market("SELL", "0.3")
    desk.play("66000", "66000")
    moved = sum(D(i["income"]) for i in desk.ok("GET", "/fapi/v1/income", limit=1000))
    wallet = D(desk.ok("GET", "/fapi/v3/balance")[0]["balance"])

    assert desk.position() == 0  # the short was liquidated
    assert wallet == 10_000 + moved
    assert {i["incomeType"] for i in desk.ok("GET", "/fapi/v1/income", limit=1000)} == {
        "COMMISSION",
        "REALIZED_PNL",
        "FUNDING_FEE",
        "INSURANCE_CLEAR",
    }


def test_rights_fees_and_limits_are_stated() -> None:
    desk = Desk()
    fees = desk.ok("GET", "/fapi/v1/commissionRate", symbol=BTC)
    config = desk.ok("GET", "/fapi/v1/accountConfig")
    limits: Any = desk.ok("GET", "/fapi/v1/rateLimit/order")

    assert (fees["makerCommissionRate"], fees["takerCommissionRate"]) == (
        "0.0002",
        "0.0005",
    )
    assert (config["canTrade"], config["canWithdraw"]) == (True, False)
    assert [(one["interval"], one["limit"]) for one in limits] == [
        ("MINUTE", 1200),
        ("SECOND", 300),
    ]
    assert desk.ok("GET", "/fapi/v1/apiTradingStatus")["indicators"] == {}


@pytest.mark.parametrize(
    ("conditions", "entry", "exit_"),
    [
        ({"reduce_only_account": True}, -4087, 0),
        ({"statuses": {"BTCUSDT": "SETTLING"}}, -4140, 0),
        ({"statuses": {"BTCUSDT": "BREAK"}}, -1122, -1122),
        ({"read_only_key": True}, -2015, -2015),
        ({"maintenance": True}, 0, 0),
    ],
)
def test_a_restricted_account_or_symbol_takes_no_entries(
    conditions: dict[str, Any], entry: int, exit_: int
) -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.dispose(**conditions)
    order = {"symbol": BTC, "type": "MARKET", "quantity": "0.1"}
    refused = desk.no("POST", "/fapi/v1/order", **order, side="BUY")
    reply = desk.send("POST", "/fapi/v1/order", **order, side="SELL", reduceOnly="true")

    assert refused == entry
    if exit_ or conditions.get("maintenance"):
        assert reply.status != 200
        assert desk.position() == D("0.1")
    else:
        assert desk.position() == 0


def test_trades_are_told_seven_days_at_once_and_three_months_back() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    day_ms, traded_ms = 86_400_000, desk.core.now_ms
    path, btc = "/fapi/v1/userTrades", "BTCUSDT"

    def told(start_ms: int) -> int:
        return len(desk.ok("GET", path, symbol=btc, startTime=start_ms))

    desk.core.advance(traded_ms + 20 * day_ms)
    assert told(traded_ms - 8 * day_ms) == 0
    assert told(traded_ms - 6 * day_ms) == 1
    end_ms = traded_ms + 8 * day_ms
    long = desk.no("GET", path, symbol=btc, startTime=traded_ms, endTime=end_ms)
    assert long == -4165

    desk.core.advance(traded_ms + 91 * day_ms)
    assert desk.no("GET", path, symbol=btc, startTime=traded_ms) == -4166

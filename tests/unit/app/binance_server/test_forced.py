"""What the exchange does by itself, told and accounted as it was recorded in 2022."""

from decimal import Decimal
from typing import Any

import msgspec

from bridge_patch.app.binance_server.booking import book_fills, book_insurance, open_order
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.records import OrderRecord, OrderType, TimeInForce
from bridge_patch.domain.intent import Side
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import FillKind
from tests.unit.app.binance_server.desk import BTC, Desk
from tests.unit.sim.recorded_account import (
    BNB,
    Statement,
    Trade,
    cleared,
    needs_record,
    rows,
)

D = Decimal
EXACT = D("0.000001")


def recorded() -> tuple[Decimal, list[Trade], list[Statement]]:
    """The wallet before the recorded liquidation, its fills and its statements."""
    wallet = D(0)
    trades: list[Trade] = []
    stated: list[Statement] = []
    for row in rows():
        forced = isinstance(row, Trade) and row.fill.kind is FillKind.LIQUIDATION
        if isinstance(row, Trade) and forced:
            trades.append(row)
        elif isinstance(row, Statement) and trades:
            if row.reason in {"ORDER", "INSURANCE_CLEAR"}:
                stated.append(row)
        elif isinstance(row, Statement):
            wallet = row.wallet_usd
    return wallet, trades, stated


@needs_record
def test_the_recorded_liquidation_moves_the_told_wallet_as_it_was_recorded() -> None:
    """Five fills without commission, then the insurance fund: each step to 1e-6."""
    wallet, trades, stated = recorded()
    core = Core(symbols=(BNB,), wallet_usd=wallet)
    core.venue.exchange.ledger.positions[BNB] = Position(
        symbol=BNB,
        signed_base=D("-1.6"),
        first_base=D("1.6"),
        entry_price_usd=D("378.79475"),
        margin_usd=D(0),
        opened_ms=trades[0].fill.at_ms,
    )
    core.venue.modes.listen_key = "k"
    stream = core.connect("/private/ws/k")
    assert stream is not None
    order = OrderRecord(
        order_id=1,
        client_id="autoclose-1646759180079333112",
        symbol=BNB,
        side=Side.BUY,
        kind=OrderType.LIQUIDATION,
        original_kind=OrderType.LIQUIDATION,
        tif=TimeInForce.IOC,
        quantity_base=D("1.6"),
        price_usd=D("383.643"),
        reduce_only=False,
        placed_ms=0,
        updated_ms=0,
        shown_ms=0,
    )
    open_order(core.venue, order)
    book_fills(core.venue, order, [t.fill for t in trades])
    book_insurance(core.venue, cleared(stated[-1]))
    core.venue.flush()
    told: list[Any] = [msgspec.json.decode(frame) for frame in stream.take()]
    accounts = [e["a"] for e in told if e["e"] == "ACCOUNT_UPDATE"]
    orders = [e["o"] for e in told if e["e"] == "ORDER_TRADE_UPDATE"]

    assert len(accounts) == len(stated) == 6
    for ours, theirs in zip(accounts, stated, strict=True):
        assert ours["m"] == theirs.reason
        assert abs(D(ours["B"][0]["wb"]) - theirs.wallet_usd) <= EXACT
        assert abs(D(ours["B"][0]["bc"]) - theirs.change_usd) <= EXACT
    assert D(accounts[-1]["B"][0]["wb"]) == D("0.92650437")
    assert [o["x"] for o in orders] == ["NEW", *["TRADE"] * 5]
    assert [o["X"] for o in orders][-2:] == ["PARTIALLY_FILLED", "FILLED"]
    assert (orders[0]["o"], orders[0]["f"], orders[-1]["n"]) == (
        "LIQUIDATION",
        "IOC",
        "0.00000000",
    )


def test_a_liquidation_comes_under_the_exchanges_own_id_and_costs_at_most_the_margin() -> (
    None
):
    desk = Desk()
    desk.market("BUY", "1")
    margin = desk.core.venue.exchange.ledger.margin_usd
    desk.limit("BUY", "0.1", "50000")
    desk.told()
    before = desk.core.venue.exchange.wallet_usd
    desk.play("56000", "59900")
    told = desk.told()
    ended, *rest = [e["o"] for e in told if e["e"] == "ORDER_TRADE_UPDATE"]
    reasons = [e["a"]["m"] for e in told if e["e"] == "ACCOUNT_UPDATE"]

    assert (ended["x"], ended["er"]) == ("EXPIRED", "5")
    assert all(o["c"].startswith("autoclose-") for o in rest)
    assert [(o["o"], o["x"]) for o in rest] == [
        ("LIQUIDATION", "NEW"),
        ("LIQUIDATION", "TRADE"),
    ]
    assert reasons == ["ORDER", "INSURANCE_CLEAR"]
    assert before - desk.core.venue.exchange.wallet_usd <= margin
    assert desk.position() == 0


def test_a_margin_call_comes_once_before_ruin() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    (risk,) = desk.ok("GET", "/fapi/v3/positionRisk")
    near = str(D(risk["liquidationPrice"]).quantize(D("0.1")) + 20)
    desk.told()
    desk.play(near, "60000")
    (call,) = desk.told("MARGIN_CALL")
    desk.play(near, "58000")

    assert (call["p"][0]["s"], call["p"][0]["mt"]) == ("BTCUSDT", "ISOLATED")
    assert desk.told("MARGIN_CALL") == []
    assert desk.position() == D("0.1")


def test_deleveraging_closes_all_under_its_own_id_without_a_fee() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.told()
    set_account(desk.core, AccountSetting(deleverage=BTC))
    trade = desk.told("ORDER_TRADE_UPDATE")[-1]["o"]

    assert (trade["c"], trade["n"], desk.position()) == (
        "adl_autoclose",
        "0.00000000",
        D(0),
    )


def test_funding_is_told_with_the_position_of_isolated_margin() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.told()
    desk.settle("0.0001")
    (told,) = desk.told()
    (paid,) = desk.ok("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")

    assert (told["a"]["m"], told["a"]["S"]) == ("FUNDING_FEE", "BTCUSDT")
    assert D(told["a"]["B"][0]["bc"]) == D(paid["income"]) == D("-0.6")
    assert [p["pa"] for p in told["a"]["P"]] == ["0.1"]


def test_funding_of_cross_margin_is_told_as_a_balance_alone() -> None:
    desk = Desk()
    desk.ok("POST", "/fapi/v1/marginType", symbol=BTC, marginType="CROSSED")
    desk.market("BUY", "0.1")
    desk.told()
    desk.settle("0.0001")
    (told,) = desk.told()

    assert told["a"]["P"] == []


def test_what_somebody_else_does_to_the_account_is_told() -> None:
    desk = Desk()
    setting = AccountSetting(
        dual_side=True,
        multi_assets=True,
        margin_types={"BTCUSDT": "CROSSED"},
        leverages={"BTCUSDT": 7},
        transfer_usd=D("-100"),
    )
    set_account(desk.core, setting)
    told = desk.told()

    assert [e["e"] for e in told] == [
        "ACCOUNT_CONFIG_UPDATE",
        "ACCOUNT_CONFIG_UPDATE",
        "ACCOUNT_UPDATE",
    ]
    assert told[-1]["a"]["m"] == "WITHDRAW"
    assert desk.ok("GET", "/fapi/v1/positionSide/dual") == {"dualSidePosition": True}
    assert desk.ok("GET", "/fapi/v1/symbolConfig", symbol=BTC)[0]["leverage"] == 7
    assert desk.ok("GET", "/fapi/v3/balance")[0]["balance"] == "9900.00000000"


def test_sockets_may_drop_and_a_key_may_expire_on_request() -> None:
    desk = Desk()
    set_account(desk.core, AccountSetting(expire_listen_key=True))
    expired = [e["e"] for e in desk.told()]
    set_account(desk.core, AccountSetting(drop_sockets=True))

    assert (expired, desk.stream.open) == (["listenKeyExpired"], False)

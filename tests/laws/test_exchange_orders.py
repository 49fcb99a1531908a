"""Laws of the served exchange over random orders of every kind, bars and funding."""

from collections import Counter
from decimal import Decimal
from random import Random
from typing import Any, Final

from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.app.binance_server.records import AlgoStatus, OrderRecord
from tests.unit.app.binance_server.desk import BTC, Desk

D = Decimal
WALLET: Final = 5_000
KINDS: Final = (
    *("bar", "bar", "bar", "market", "limit", "limit", "reduce"),
    *("stop", "close", "trail", "cancel", "fund", "modify"),
)
#: (what, buy or sell, two numbers in 0..255)
Step = tuple[int, int, int, int]
scripts = st.binary(min_size=40, max_size=120).map(
    lambda raw: list(zip(raw[::4], raw[1::4], raw[2::4], raw[3::4], strict=False))
)


class Floor(Desk):
    """A desk with an account of its own size; keeps what each order was asked for."""

    def __init__(self) -> None:
        super().__init__(wallet=str(WALLET))
        limits = self.core.limits
        limits.orders_max_10s = limits.orders_max_1m = 10_000
        self.codes: Counter[int] = Counter()
        self.flips = 0

    def take(self, step: Step) -> None:
        what, side, one, two = step
        self._act(KINDS[what % len(KINDS)], ("BUY", "SELL")[side % 2], one, two)

    def _act(self, kind: str, side: str, one: int, two: int) -> None:
        last = self.core.venue.last_usd(BTC) or D(60_000)
        away = (last * (1 + D(one - 128) / 6_000)).quantize(D("0.1"))
        size = str((D(two + 1) / 400).quantize(D("0.001")) + D("0.001"))
        match kind:
            case "bar":
                self._bar(last, side, one, two)
            case "fund":
                self.settle(str(D(one - 128) / 10_000))
            case "cancel":
                self._cancel(two)
            case "modify":
                self._modify(str(away), size)
            case "market" | "reduce":
                more = {"reduceOnly": "true"} if kind == "reduce" else {}
                self._order(type="MARKET", side=side, quantity=size, **more)
            case "limit":
                more = {"reduceOnly": "true"} if one % 3 == 0 else {}
                self._order(
                    type="LIMIT",
                    side=side,
                    quantity=size,
                    price=str(away),
                    timeInForce=("GTC", "IOC", "FOK", "GTX")[two % 4],
                    **more,
                )
            case _:
                self._conditional(kind, side, str(away), size, two)

    def _conditional(self, kind: str, side: str, away: str, size: str, two: int) -> None:
        if kind == "trail":
            self._algo(side, type="TRAILING_STOP_MARKET", callbackRate="0.3", quantity=size)
        elif kind == "close":
            whole = ("STOP_MARKET", "TAKE_PROFIT_MARKET")[two % 2]
            self._algo(side, type=whole, triggerPrice=away, closePosition="true")
        else:
            self._algo(
                side,
                type=("STOP", "TAKE_PROFIT", "STOP_MARKET")[two % 3],
                triggerPrice=away,
                price=away if two % 3 < 2 else None,
                quantity=size,
                reduceOnly=("true", "false")[two % 2],
            )

    def _order(self, **ask: Any) -> None:
        self._send("POST", "/fapi/v1/order", **ask)

    def _algo(self, side: str, **ask: Any) -> None:
        self._send("POST", "/fapi/v1/algoOrder", algoType="CONDITIONAL", side=side, **ask)

    def _send(self, method: str, path: str, **ask: Any) -> None:
        reply = self.send(method, path, symbol=BTC, **ask)
        self.codes[reply.status] += 1

    def _cancel(self, two: int) -> None:
        records = self.core.venue.records
        works, waits = records.open_orders(), records.open_algos()
        if works and two % 2:
            chosen = works[two % len(works)].order_id
            self._send("DELETE", "/fapi/v1/order", orderId=chosen)
        elif waits:
            chosen = waits[two % len(waits)].algo_id
            self._send("DELETE", "/fapi/v1/algoOrder", algoId=chosen)

    def _modify(self, price: str, size: str) -> None:
        for order in self.core.venue.records.open_orders()[:1]:
            self._send(
                "PUT",
                "/fapi/v1/order",
                orderId=order.order_id,
                side=order.side,
                price=price,
                quantity=size,
            )

    def _bar(self, last: Decimal, side: str, one: int, two: int) -> None:
        start = (last * (1 + D(one - 128) / 20_000)).quantize(D("0.1"))
        width = D(two * two) / 1_500_000
        low = (start * (1 - width)).quantize(D("0.1"))
        high = (start * (1 + width)).quantize(D("0.1"))
        close = low if side == "BUY" else high
        self.play(
            str(low), str(high), open_=str(start), close=str(close), volume=str(two / 10)
        )


def walked(script: list[Step]) -> Floor:
    floor = Floor()
    for step in script:
        floor.take(step)
        hold(floor)
    return floor


def hold(floor: Floor) -> None:
    """What holds after every step."""
    venue = floor.core.venue
    ledger = venue.exchange.ledger
    open_base = sum((t.side.sign * t.quantity_base for t in venue.records.trades), D(0))

    assert floor.position() == open_base
    assert ledger.wallet_usd == WALLET + sum(
        (income.amount_usd for income in venue.records.incomes), D(0)
    )
    assert ledger.available_usd >= 0
    assert ledger.margin_usd == sum((p.margin_usd for p in ledger.positions.values()), D(0))
    for order in venue.records.orders.values():
        traded = [t for t in venue.records.trades if t.order_id == order.order_id]
        assert order.executed_base == sum((t.quantity_base for t in traded), D(0))
        assert order.executed_base <= order.quantity_base
        assert all(_no_worse(order, t.price_usd) for t in traded)
    for algo in venue.records.algos.values():
        became = venue.records.orders.get(algo.order_id)
        assert (algo.status in {AlgoStatus.TRIGGERED, AlgoStatus.FINISHED}) is bool(became)
        if algo.status is AlgoStatus.FINISHED:
            assert became is not None
            assert not became.is_open


def _no_worse(order: OrderRecord, price_usd: Decimal) -> bool:
    """A limit order trades at its price or better; what an earlier price gave stays."""
    if order.kind != "LIMIT" or order.amendments:
        return True
    return order.side.sign * (order.price_usd - price_usd) >= 0


def some_scripts(count: int) -> list[list[Step]]:
    rng = Random(11)
    raws = [rng.randbytes(240) for _ in range(count)]
    return [list(zip(r[::4], r[1::4], r[2::4], r[3::4], strict=False)) for r in raws]


def test_the_scripts_do_everything() -> None:
    """Guards the laws: an exchange that refuses all obeys them."""
    seen: Counter[str] = Counter()
    for script in some_scripts(60):
        floor = walked(script)
        records = floor.core.venue.records
        seen.update(f"order {o.kind} {o.status}" for o in records.orders.values())
        seen.update(f"algo {a.kind} {a.status}" for a in records.algos.values())
        seen.update(i.kind for i in records.incomes)
        seen["maker"] += sum(t.maker for t in records.trades)

    wanted = [f"order LIMIT {s}" for s in ("NEW", "FILLED", "CANCELED", "EXPIRED")]
    wanted += ["order MARKET FILLED", "order LIQUIDATION FILLED", "maker", "FUNDING_FEE"]
    wanted += [
        f"algo {kind} FINISHED"
        for kind in (
            *("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET"),
            "TRAILING_STOP_MARKET",
        )
    ]
    wanted += ["algo STOP_MARKET REJECTED", "algo STOP_MARKET EXPIRED"]
    wanted += ["algo TRAILING_STOP_MARKET CANCELED", "INSURANCE_CLEAR"]
    assert {what: seen[what] for what in wanted if seen[what] < 2} == {}


@given(script=scripts)
def test_money_positions_and_orders_agree_after_every_step(script: list[Step]) -> None:
    walked(script)


@given(script=scripts)
def test_a_reduction_never_opens_enlarges_or_flips(script: list[Step]) -> None:
    """Each trade of a reduce-only order moves the position towards zero, never past it."""
    floor = walked(script)
    records, open_base = floor.core.venue.records, D(0)
    for trade in records.trades:
        after = open_base + trade.side.sign * trade.quantity_base
        if records.orders[trade.order_id].reduce_only:
            assert abs(after) < abs(open_base)
            assert after * open_base >= 0
        open_base = after

"""One call: stamped, bounded by the budget, sent once, and read only when it is whole."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.venue_ccxt.budget import BAN_MS, SHARES, RequestBudget, Window
from bridge_patch.adapters.venue_ccxt.calls import (
    ACCOUNT,
    INFO,
    PLACE,
    QUERY,
    TIME,
    Purpose,
)
from bridge_patch.adapters.venue_ccxt.outcome import (
    Accepted,
    Answer,
    NoReply,
    Refused,
    Reply,
)
from bridge_patch.adapters.venue_ccxt.replies import Filter, RateLimit
from bridge_patch.adapters.venue_ccxt.rules import SymbolRules
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, Unknown

D = Decimal
NOW = 1_800_000_000_000
ORDER = (
    '{"orderId":1,"clientOrderId":"bp-1","symbol":"BTCUSDT","status":"NEW","side":"BUY",'
    '"origQty":"1","executedQty":"0"}'
)


class Script:
    """A wire that answers as scripted; the venue's clock is `ahead_ms` of ours."""

    def __init__(self, *answers: Answer, ahead_ms: int = 0) -> None:
        self.clock = ManualClock(UnixMs(NOW))
        self.answers, self.ahead_ms = list(answers), ahead_ms
        self.sent: list[tuple[str, dict[str, str]]] = []

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        self.sent.append((method, dict(params)))
        if method == TIME.method:
            server_ms = self.clock.now_ms() + self.ahead_ms
            return Reply(status=200, body=f'{{"serverTime":{server_ms}}}')
        return self.answers.pop(0)

    async def frames(self, path: str) -> AsyncGenerator[str, None]:
        yield ""

    async def close(self) -> None:
        pass

    def orders(self) -> list[dict[str, str]]:
        return [params for method, params in self.sent if method != TIME.method]


def called(
    script: Script, purpose: Purpose = Purpose.ENTRY, transport: Transport | None = None
) -> object:
    made = transport or Transport(script, script.clock)
    return asyncio.run(made.call(PLACE, {"symbol": "BTCUSDT"}, purpose=purpose))


def test_a_call_is_stamped_with_the_venues_time_and_a_short_window() -> None:
    script = Script(Reply(status=200, body=ORDER), ahead_ms=250)
    outcome = called(script)

    assert isinstance(outcome, Accepted)
    (sent,) = script.orders()
    assert sent["timestamp"] == str(NOW + 250)
    assert int(sent["recvWindow"]) <= 5_000


@pytest.mark.parametrize("window_ms", [0, -1, 5_001])
def test_a_window_that_is_too_long_does_not_start(window_ms: int) -> None:
    script = Script()
    with pytest.raises(InvalidValueError):
        Transport(script, script.clock, recv_window_ms=window_ms)


@pytest.mark.parametrize("code", [-1021, -5028])
def test_a_stamp_that_was_refused_is_made_anew_once(code: int) -> None:
    late = Reply(status=400, body=f'{{"code":{code},"msg":"outside"}}')
    script = Script(late, late)
    outcome = called(script, Purpose.PROTECT)

    assert isinstance(outcome, Refused)
    assert len(script.orders()) == 2
    taken = Script(late, Reply(status=200, body=ORDER))
    assert isinstance(called(taken, Purpose.PROTECT), Accepted)


@pytest.mark.parametrize("code", [-1021, -5028])
def test_what_may_open_something_is_never_stamped_anew(code: int) -> None:
    """The receive window is all that bounds what a stopped writer has under way."""
    late = Reply(status=400, body=f'{{"code":{code},"msg":"outside"}}')
    script = Script(late, Reply(status=200, body=ORDER))
    outcome = called(script, Purpose.ENTRY)

    assert isinstance(outcome, Refused)
    assert outcome.definite
    assert len(script.orders()) == 1


def test_a_call_that_brings_its_stamp_leaves_with_it_and_asks_for_no_time() -> None:
    script = Script(Reply(status=200, body=ORDER))
    transport = Transport(script, script.clock)
    asyncio.run(transport.sync())
    script.clock.set(UnixMs(NOW + 600_000))
    outcome = asyncio.run(
        transport.call(
            PLACE, {"symbol": "BTCUSDT"}, purpose=Purpose.ENTRY, stamp_ms=UnixMs(NOW)
        )
    )

    assert isinstance(outcome, Accepted)
    assert [params["timestamp"] for params in script.orders()] == [str(NOW)]
    assert [method for method, _ in script.sent].count(TIME.method) == 1


@pytest.mark.parametrize(
    "answer",
    [
        NoReply("reset"),
        Reply(status=503, body="{}"),
        Reply(status=200, body=""),
        Reply(status=200, body="[]"),
        Reply(status=200, body='{"orderId":1}'),
        Reply(status=200, body=ORDER.replace('"1"', '"NaN"')),
        Reply(status=400, body='{"code":-9999,"msg":"new"}'),
    ],
)
def test_what_is_not_proved_is_unknown_and_is_sent_once(answer: Answer) -> None:
    script = Script(answer)

    assert isinstance(called(script), Unknown)
    assert len(script.orders()) == 1


def test_the_clock_is_asked_again_after_a_minute() -> None:
    script = Script(*[Reply(status=200, body=ORDER)] * 3)
    transport = Transport(script, script.clock)
    called(script, transport=transport)
    called(script, transport=transport)
    assert [m for m, _ in script.sent].count(TIME.method) == 1
    script.clock.set(UnixMs(NOW + 60_000))
    called(script, transport=transport)
    assert [m for m, _ in script.sent].count(TIME.method) == 2


def test_entries_stop_before_reading_and_reading_before_exits() -> None:
    for used, allowed in (
        ("0.59", {Purpose.ENTRY, Purpose.READ, Purpose.PROTECT}),
        ("0.7", {Purpose.READ, Purpose.PROTECT}),
        ("0.9", {Purpose.PROTECT}),
        ("1", set()),
    ):
        budget = RequestBudget()
        weight = budget.windows[0]
        weight.used, weight.begun_ms = int(weight.most * D(used)), NOW - NOW % 60_000
        free = {p for p in Purpose if not budget.objection(QUERY, p, NOW)}
        assert free == allowed


def test_orders_count_apart_from_weight_and_each_window_begins_anew() -> None:
    budget = RequestBudget()
    for _ in range(180):
        assert not budget.objection(PLACE, Purpose.ENTRY, NOW)
        budget.spend(PLACE, NOW)
    assert budget.objection(PLACE, Purpose.ENTRY, NOW)
    assert not budget.objection(PLACE, Purpose.PROTECT, NOW)
    assert not budget.objection(QUERY, Purpose.ENTRY, NOW)
    assert not budget.objection(PLACE, Purpose.ENTRY, NOW + 10_000)


def test_the_venues_own_count_and_limits_are_believed() -> None:
    budget = RequestBudget()
    budget.hear(Reply(status=200, body="", headers={"x-mbx-used-weight-1m": "2399"}), NOW)
    assert budget.objection(ACCOUNT, Purpose.PROTECT, NOW)
    limit = RateLimit(
        rate_limit_type="REQUEST_WEIGHT", interval="MINUTE", interval_num=1, limit=6_000
    )
    budget.learn([limit])
    assert not budget.objection(ACCOUNT, Purpose.PROTECT, NOW)


@pytest.mark.parametrize(
    ("reply", "silent_ms"),
    [
        (Reply(status=429, body="", headers={"retry-after": "7"}), 7_000),
        (Reply(status=429, body=""), 60_000),
        (Reply(status=418, body=""), BAN_MS),
        (
            Reply(status=418, body=f'{{"code":-1003,"msg":"banned until {NOW + 5_000}."}}'),
            5_000,
        ),
        (Reply(status=200, body="{}"), 0),
    ],
)
def test_a_ban_silences_everything_for_as_long_as_it_says(
    reply: Reply, silent_ms: int
) -> None:
    budget = RequestBudget()
    budget.hear(reply, NOW)
    for purpose in Purpose:
        assert bool(budget.objection(INFO, purpose, NOW)) == (silent_ms > 0)
        assert not budget.objection(INFO, purpose, NOW + silent_ms)


@given(
    used=st.lists(st.integers(0, 40), max_size=30),
    told=st.integers(0, 3_000),
    share=st.sampled_from(list(SHARES.values())),
)
def test_a_window_never_allows_more_than_its_share(
    used: list[int], told: int, share: Decimal
) -> None:
    window = Window("h", 60_000, 1_000)
    window.hear({"h": str(told)}, NOW)
    for cost in used:
        if window.fits(cost, share, NOW):
            window.spend(cost, NOW)

    assert window.at(NOW) <= max(D(told), 1_000 * share)


RULES = SymbolRules(
    trading=True,
    lots=(
        Filter(
            filter_type="LOT_SIZE",
            min_qty=D("0.001"),
            max_qty=D(1000),
            step_size=D("0.001"),
        ),
        Filter(
            filter_type="MARKET_LOT_SIZE",
            min_qty=D("0.01"),
            max_qty=D(120),
            step_size=D("0.01"),
        ),
    ),
    tick=D("0.1"),
    notional_min=D(100),
)


@pytest.mark.parametrize(
    ("quantity", "mark", "fault"),
    [
        ("1", "100", ""),
        ("120", "100", ""),
        ("0.005", "100000", "MARKET_LOT_SIZE"),
        ("120.01", "100", "MARKET_LOT_SIZE"),
        ("0.015", "100000", "MARKET_LOT_SIZE"),
        ("1000.001", "100", "LOT_SIZE"),
        ("0.99", "101", "MIN_NOTIONAL"),
        ("0", "100", "LOT_SIZE"),
        ("-1", "100", "LOT_SIZE"),
    ],
)
def test_a_quantity_is_held_against_both_lot_filters_and_the_notional(
    quantity: str, mark: str, fault: str
) -> None:
    said = RULES.objection(D(quantity), D(mark))

    assert said.startswith(fault) if fault else said == ""


@given(quantity=st.decimals("0.001", "500", places=5))
def test_what_is_reducible_is_never_more_and_on_the_step(quantity: Decimal) -> None:
    part = RULES.reducible(quantity)

    assert 0 <= part <= min(quantity, D(120))
    assert part % D("0.01") == 0
    assert quantity - part < D("0.02") or part == 120

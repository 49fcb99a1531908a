"""The control surface: time, a market fed by hand, faults, and what it refuses."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from bridge_patch.app.binance_server.control import Control
from bridge_patch.app.binance_server.core import CREDENTIALS
from bridge_patch.app.binance_server.pace import shifted
from bridge_patch.app.binance_server.wire import Request
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Funding, FundingTerms, Tick
from tests.unit.app.binance_server.desk import BTC, MINUTE, START, Desk, bar

D = Decimal


def ticks(*prices: str, first: int = 2) -> list[Tick]:
    return [
        Tick(
            at_ms=UnixMs(START + (first + n) * MINUTE),
            bars=(bar(price, minute=first + n),),
            fundings=(
                Funding(
                    symbol=BTC,
                    at_ms=UnixMs(START + (first + n) * MINUTE - 1),
                    rate_fraction=D("0.0001"),
                ),
            ),
        )
        for n, price in enumerate(prices)
    ]


def ask(control: Control, name: str, body: Any = None, method: str = "POST") -> Any:
    reply = control.handle(
        Request(
            method=method,
            path=f"/sim/{name}",
            body="" if body is None else msgspec.json.encode(body).decode(),
            api_key=CREDENTIALS.api_key,
        )
    )
    return msgspec.json.decode(reply.body)


def test_an_advance_plays_the_data_up_to_and_including_a_time() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    control = Control(desk.core, iter(ticks("60100", "60200", "60300")))
    desk.told()
    answer = ask(control, "advance", {"to_ms": START + 3 * MINUTE})
    told = desk.told()

    assert answer["now_ms"] == START + 3 * MINUTE
    assert answer["events"] == len(told) == 2
    assert [e["a"]["m"] for e in told] == ["FUNDING_FEE", "FUNDING_FEE"]
    assert desk.ok("GET", "/fapi/v1/ticker/price", symbol=BTC)["price"] == "60200"
    assert ask(control, "state", method="GET")["next_ms"] == START + 4 * MINUTE


def test_time_goes_on_between_bars_and_never_back() -> None:
    desk = Desk()
    control = Control(desk.core)
    now = desk.core.now_ms
    ask(control, "advance", {"to_ms": now + 1_234})
    ask(control, "advance", {"to_ms": now})

    assert desk.core.now_ms == now + 1_234


def test_a_driver_may_feed_its_own_ticks() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.told()
    at = START + 2 * MINUTE
    answer = ask(
        Control(desk.core),
        "tick",
        {
            "at_ms": at,
            "bars": [
                {
                    "symbol": "BTCUSDT",
                    "open_ms": at - MINUTE,
                    "close_ms": at,
                    "open": "60000",
                    "high": "60000",
                    "low": "50000",
                    "close": "50000",
                    "volume": "10",
                }
            ],
            "fundings": [{"symbol": "BTCUSDT", "at_ms": at - 1, "rate": "0.001"}],
            "terms": [
                {"symbol": "BTCUSDT", "rate": "0.001", "interval_ms": MINUTE, "at_ms": at}
            ],
        },
    )

    assert answer["now_ms"] == at
    assert answer["events"] == len(desk.told()) > 2
    assert desk.position() == 0


@pytest.mark.parametrize(
    ("name", "body", "named"),
    [
        ("advance", {}, "to_ms"),
        ("advance", {"to_ms": 1, "really": True}, "really"),
        ("faults", {"faults": [{"kind": "earthquake"}]}, "earthquake"),
        ("faults", {"conditions": {"weather": "bad"}}, "weather"),
        ("tick", {"at_ms": 1, "bars": [{"symbol": "x"}]}, "open_ms"),
        ("nothing", {}, "nothing"),
        ("faults", {"conditions": {"volume_base": "NaN"}}, "volume_base"),
        ("faults", {"conditions": {"fill_parts": 0}}, "fill_parts"),
        ("faults", {"account": {"transfer_usd": "Infinity"}}, "transfer_usd"),
        ("faults", {"account": {"leverages": {"?": 1}}}, "symbol"),
    ],
)
def test_a_call_that_cannot_be_is_refused_by_name(
    name: str, body: dict[str, object], named: str
) -> None:
    """A misspelt fault that silently never strikes would prove anything."""
    desk = Desk()

    assert named in ask(Control(desk.core), name, body)["msg"]
    assert desk.core.faults.struck == 0


def test_faults_conditions_and_account_are_set_in_one_call() -> None:
    desk = Desk()
    state = ask(
        Control(desk.core),
        "faults",
        {
            "seed": 3,
            "faults": [{"kind": "status", "status": 502, "path": "/fapi/v1/time"}],
            "conditions": {"leverage_max": 20, "volume_base": "0.5"},
            "account": {"leverages": {"BTCUSDT": 11}},
        },
    )

    assert state["conditions"]["leverage_max"] == 20
    assert desk.send("GET", "/fapi/v1/time").status == 502
    assert desk.ok("GET", "/fapi/v1/symbolConfig", symbol=BTC)[0]["leverage"] == 11
    ask(Control(desk.core), "faults", {"faults": []})
    assert desk.core.venue.conditions.leverage_max == 20


def test_the_state_says_what_is_open() -> None:
    desk = Desk()
    desk.market("BUY", "0.1")
    desk.limit("SELL", "0.1", "61000", newClientOrderId="exit")
    desk.algo("SELL", "STOP_MARKET", triggerPrice="59000", closePosition="true")
    state = ask(Control(desk.core), "state", method="GET")

    assert state["positions"] == {"BTCUSDT": "0.100"}
    assert (state["open_orders"], len(state["open_algos"])) == (["exit"], 1)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("POST", "advance"),
        ("POST", "tick"),
        ("POST", "faults"),
        ("GET", "state"),
        ("GET", "events"),
        ("GET", "nonsense"),
    ],
)
@pytest.mark.parametrize(("key", "code"), [("", -2014), ("sim-kez", -2015)])
def test_no_control_call_is_heard_without_the_key(
    method: str, name: str, key: str, code: int
) -> None:
    """Nor is anything said: the whole call is refused, and nothing has moved."""
    desk = Desk()
    before = desk.core.now_ms
    reply = Control(desk.core).handle(
        Request(
            method=method,
            path=f"/sim/{name}",
            body=msgspec.json.encode({"to_ms": before + MINUTE}).decode(),
            api_key=key,
        )
    )

    assert reply.status == 401
    assert msgspec.json.decode(reply.body)["code"] == code
    assert desk.core.now_ms == before


def test_what_happened_can_be_read_where_the_stream_was_silent() -> None:
    desk = Desk()
    desk.dispose(silent_user_stream=True)
    before = desk.core.venue.numbered
    desk.limit("BUY", "0.1", "59000", newClientOrderId="unheard")
    control = Control(desk.core)
    reply = control.handle(
        Request(
            method="GET",
            path="/sim/events",
            query=f"after={before}",
            api_key=CREDENTIALS.api_key,
        )
    )
    (event,) = msgspec.json.decode(reply.body)

    assert desk.told() == []
    assert event["o"]["c"] == "unheard"


def test_data_is_moved_to_now_in_whole_minutes() -> None:
    old = ticks("60000", "60100", first=0)
    old[0] = Tick(
        at_ms=old[0].at_ms,
        bars=old[0].bars,
        terms=(
            FundingTerms(symbol=BTC, rate_fraction=D(0), interval_ms=0, at_ms=old[0].at_ms),
        ),
    )
    now = START + 777 * MINUTE + 12_345
    first, second = shifted(old, now)

    assert (first.at_ms, second.at_ms) == (START + 777 * MINUTE, START + 778 * MINUTE)
    assert first.bars[0].close_ms == first.terms[0].at_ms == first.at_ms
    assert second.fundings[0].at_ms == second.at_ms - 1

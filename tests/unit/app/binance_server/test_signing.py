"""Keys, signatures and the window of time."""

from dataclasses import replace
from urllib.parse import urlencode

import msgspec
import pytest

from bridge_patch.app.binance_server.core import CREDENTIALS
from bridge_patch.app.binance_server.signing import signature_of
from bridge_patch.app.binance_server.wire import Reply, Request
from tests.unit.app.binance_server.desk import Desk

PATH = "/fapi/v3/balance"


def signed(desk: Desk, **params: object) -> Request:
    text = urlencode({"timestamp": desk.core.now_ms, **params})
    return Request(
        method="GET",
        path=PATH,
        query=f"{text}&signature={signature_of(text, CREDENTIALS.secret)}",
        api_key=CREDENTIALS.api_key,
    )


def code(reply: Reply) -> int:
    return int(msgspec.json.decode(reply.body)["code"])


def test_a_signed_request_of_now_passes() -> None:
    desk = Desk()

    assert desk.core.handle(signed(desk)).status == 200


@pytest.mark.parametrize(
    ("change", "expected", "status"),
    [
        ({"api_key": ""}, -2014, 401),
        ({"api_key": "somebody else's"}, -2015, 401),
        ({"query": ""}, -1102, 400),
    ],
)
def test_who_is_not_the_account_is_refused(
    change: dict[str, str], expected: int, status: int
) -> None:
    desk = Desk()
    reply = desk.core.handle(replace(signed(desk), **change))

    assert (code(reply), reply.status) == (expected, status)


def test_one_changed_character_breaks_the_signature() -> None:
    desk = Desk()
    request = signed(desk, limit=5)

    assert code(
        desk.core.handle(replace(request, query=request.query.replace("5", "6", 1)))
    ) in {
        -1021,
        -1022,
    }
    assert (
        code(
            desk.core.handle(
                replace(request, query=request.query.replace("limit", "limiT"))
            )
        )
        == -1022
    )


def test_query_and_body_are_signed_joined_without_a_separator() -> None:
    desk = Desk()
    query, body = "symbol=BTCUSDT&leverage=7", f"timestamp={desk.core.now_ms}"
    signature = signature_of(query + body, CREDENTIALS.secret)
    reply = desk.core.handle(
        Request(
            method="POST",
            path="/fapi/v1/leverage",
            query=query,
            body=f"{body}&signature={signature}",
            api_key=CREDENTIALS.api_key,
        )
    )

    assert msgspec.json.decode(reply.body)["leverage"] == 7


@pytest.mark.parametrize(
    ("offset_ms", "window_ms", "taken"),
    [
        (0, None, True),
        (-5_000, None, True),
        (-5_001, None, False),
        (-2_000, 2_000, True),
        (-2_001, 2_000, False),
        (999, None, True),
        (1_000, None, False),
    ],
)
def test_the_window_is_judged_on_the_exchanges_time(
    offset_ms: int, window_ms: int | None, taken: bool
) -> None:
    desk = Desk()
    reply = desk.send(
        "GET", PATH, timestamp=desk.core.now_ms + offset_ms, recvWindow=window_ms
    )

    assert (reply.status == 200) is taken
    if not taken:
        assert code(reply) == -1021


def test_a_skewed_clock_says_its_own_time_and_judges_by_it() -> None:
    desk = Desk()
    desk.dispose(clock_skew_ms=2_000)
    now = desk.core.now_ms

    assert desk.ok("GET", "/fapi/v1/time")["serverTime"] == now + 2_000
    assert desk.no("GET", PATH, timestamp=now, recvWindow=1_000) == -1021
    assert desk.send("GET", PATH, timestamp=now + 2_000, recvWindow=1_000).status == 200


def test_a_revoked_key_reads_and_trades_no_more() -> None:
    desk = Desk()
    desk.dispose(key_revoked=True)

    assert desk.no("GET", PATH) == -2015
    assert desk.no("POST", "/fapi/v1/listenKey") == -2015


def test_credentials_do_not_show_themselves() -> None:
    assert "sim" not in repr(CREDENTIALS)


def test_an_unknown_path_is_not_found() -> None:
    assert Desk().send("GET", "/fapi/v1/nothing").status == 404

"""Who hears what: user streams in every form, market streams by room."""

from typing import Any

import msgspec
import pytest

from bridge_patch.app.binance_server.streams import Connection
from tests.unit.app.binance_server.desk import Desk


def frames(connection: Connection) -> list[Any]:
    return [msgspec.json.decode(frame) for frame in connection.take()]


def key(desk: Desk) -> str:
    return str(desk.ok("POST", "/fapi/v1/listenKey")["listenKey"])


@pytest.mark.parametrize(
    "form",
    [
        "/private/ws/{key}",
        "/private/ws?listenKey={key}",
        "/private/ws/?listenKey={key}",
        "/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE",
    ],
)
def test_every_form_of_the_user_streams_address_hears(form: str) -> None:
    desk = Desk()
    stream = desk.open(form.format(key=key(desk)))
    desk.limit("BUY", "0.1", "59000")

    assert [f["e"] for f in frames(stream)] == ["ORDER_TRADE_UPDATE"]


def test_the_combined_form_wraps_and_filters() -> None:
    desk = Desk()
    name = key(desk)
    stream = desk.open(f"/private/stream?listenKey={name}&events=TRADE_LITE/ACCOUNT_UPDATE")
    desk.market("BUY", "0.1")

    assert [(f["stream"], f["data"]["e"]) for f in frames(stream)] == [
        (name, "TRADE_LITE"),
        (name, "ACCOUNT_UPDATE"),
    ]


def test_a_key_can_be_subscribed_to() -> None:
    desk = Desk()
    stream, name = desk.open("/private/stream"), key(desk)
    ask = {"method": "SUBSCRIBE", "params": [name], "id": 7}
    desk.core.venue.hub.heed(stream, msgspec.json.encode(ask).decode())
    desk.limit("BUY", "0.1", "59000")

    answer, event = frames(stream)
    assert (answer, event["stream"]) == ({"result": None, "id": 7}, name)


def test_the_old_address_connects_and_stays_silent() -> None:
    desk = Desk()
    old = desk.open(f"/ws/{key(desk)}")
    desk.market("BUY", "0.1")

    assert desk.told() != []
    assert frames(old) == []


def test_an_unserved_path_is_no_stream() -> None:
    assert Desk().core.connect("/elsewhere/ws") is None


def test_a_key_is_returned_again_extended_and_expires_with_a_word() -> None:
    desk = Desk()
    first, again = key(desk), key(desk)
    desk.core.advance(desk.core.now_ms + 3_599_000)
    desk.ok("PUT", "/fapi/v1/listenKey")
    desk.core.advance(desk.core.now_ms + 3_599_000)
    quiet = desk.told()
    desk.core.advance(desk.core.now_ms + 1_000)
    (expired,) = desk.told()
    desk.market("BUY", "0.1")

    assert first == again
    assert (quiet, expired["e"], expired["listenKey"]) == ([], "listenKeyExpired", first)
    assert desk.told() == []
    assert desk.stream.open
    assert desk.no("PUT", "/fapi/v1/listenKey") == -1125
    assert key(desk) != first


def test_a_closed_key_tells_nothing_more() -> None:
    desk = Desk()
    desk.ok("DELETE", "/fapi/v1/listenKey")
    desk.market("BUY", "0.1")

    assert desk.told() == []
    assert desk.no("DELETE", "/fapi/v1/listenKey") == -1125


def test_a_silent_stream_stays_open_and_tells_nothing() -> None:
    desk = Desk()
    desk.dispose(silent_user_stream=True)
    desk.market("BUY", "0.1")

    assert desk.told() == []
    assert desk.stream.open


def test_events_may_come_twice_or_in_another_order_across_types() -> None:
    """Within a type the order holds, as the exchange promises."""
    desk = Desk()
    desk.dispose(duplicate_events=True, reorder_events=True)
    desk.market("BUY", "0.1")
    told = desk.told()
    orders = [e["o"]["x"] for e in told if e["e"] == "ORDER_TRADE_UPDATE"]

    assert orders == ["NEW", "NEW", "TRADE", "TRADE"]
    assert [e["e"] for e in told][:2] == ["TRADE_LITE", "TRADE_LITE"]
    assert told[-1]["e"] == "ACCOUNT_UPDATE"


def test_market_streams_follow_the_bars() -> None:
    desk = Desk()
    names = "btcusdt@kline_1m/btcusdt@aggTrade/btcusdt@markPrice"
    market = desk.open(f"/market/stream?streams={names}")
    book = desk.open("/public/ws/btcusdt@bookTicker")
    desk.play("59000", "61000", open_="60000", close="60500")
    told = frames(market)
    kinds = [f["data"]["e"] for f in told]
    candle = next(f["data"]["k"] for f in told if f["data"]["e"] == "kline")
    (top,) = frames(book)

    assert kinds == [*["aggTrade"] * 4, "kline", "markPriceUpdate"]
    assert [f["data"]["p"] for f in told[:4]] == ["60000", "59000", "61000", "60500"]
    assert (candle["o"], candle["h"], candle["l"], candle["c"], candle["x"]) == (
        "60000",
        "61000",
        "59000",
        "60500",
        True,
    )
    assert float(top["b"]) < 60_500 < float(top["a"])


def test_each_room_hears_its_own_streams_only() -> None:
    """An unrouted connection hears books alone."""
    desk = Desk()
    heard = {}
    for room in ("/market", "/public", ""):
        stream = desk.open(f"{room}/stream?streams=btcusdt@kline_1m/btcusdt@bookTicker")
        heard[room] = stream
    desk.play("60000")

    assert {room: [f["stream"] for f in frames(s)] for room, s in heard.items()} == {
        "/market": ["btcusdt@kline_1m"],
        "/public": ["btcusdt@bookTicker"],
        "": ["btcusdt@bookTicker"],
    }


def test_streams_are_subscribed_to_listed_and_left() -> None:
    desk = Desk()
    stream, hub = desk.open("/market/ws"), desk.core.venue.hub
    for method, params in (
        ("SUBSCRIBE", ["btcusdt@kline_1m"]),
        ("LIST_SUBSCRIPTIONS", []),
        ("UNSUBSCRIBE", ["btcusdt@kline_1m"]),
        ("DANCE", []),
    ):
        ask = {"method": method, "params": params, "id": 1}
        hub.heed(stream, msgspec.json.encode(ask).decode())
    hub.heed(stream, "{not json")
    desk.play("60000")
    subscribed, listed, left, refused, broken = frames(stream)

    assert (subscribed["result"], left["result"]) == (None, None)
    assert listed["result"] == ["btcusdt@kline_1m"]
    assert (refused["error"]["code"], broken["error"]["code"]) == (2, 2)


def test_a_connection_hears_at_most_so_many_streams() -> None:
    desk = Desk()
    stream = desk.open("/market/ws")
    for first in (0, 1_000):
        names = [f"x{n}@kline_1m" for n in range(first, first + 1_000)]
        ask = {"method": "SUBSCRIBE", "params": names, "id": 1}
        desk.core.venue.hub.heed(stream, msgspec.json.encode(ask).decode())
    taken, refused = frames(stream)

    assert (taken["result"], refused["error"]["code"]) == (None, 2)
    assert len(stream.names) == 1_000

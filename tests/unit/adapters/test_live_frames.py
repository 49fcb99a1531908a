"""What the exchange says is a whole value, or a fault with words."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.feeds.live_frames import (
    AHEAD_MAX_MS,
    Frame,
    FundingInfo,
    FundingRow,
    KlineEvent,
    KlineRow,
    MarkEvent,
    bar_of,
    bar_of_row,
    funding_of,
    interval_ms_of,
    mark_of,
    next_ms_of,
    read_as,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Mark
from tests.public_exchange import (
    HOUR_MS,
    MINUTE_MS,
    kline_frame,
    kline_row,
    mark_frame,
)

D = Decimal
BTC = Symbol("BTCUSDT")
OPEN_MS = 1_795_972_800_000
NOW_MS = UnixMs(OPEN_MS + MINUTE_MS + 200)


def heard(text: str | bytes, now_ms: UnixMs = NOW_MS) -> Bar | Mark | None:
    """Read a frame as the feed does."""
    event = read_as(Frame, text).data
    if isinstance(event, KlineEvent):
        return bar_of(BTC, event.candle, now_ms)
    next_ms_of(event)
    return mark_of(event, now_ms)


def test_a_closed_candle_is_a_bar_with_every_digit() -> None:
    bar = heard(kline_frame("BTCUSDT", OPEN_MS, c="95000.10", h="95999.90"))

    assert isinstance(bar, Bar)
    assert (bar.open_ms, bar.close_ms) == (OPEN_MS, OPEN_MS + MINUTE_MS)
    assert (bar.close, bar.high) == (D("95000.10"), D("95999.90"))


def test_a_candle_that_is_still_open_is_no_bar() -> None:
    assert heard(kline_frame("BTCUSDT", OPEN_MS, closed=False)) is None


def test_a_mark_comes_with_its_index_and_is_never_from_the_future() -> None:
    early = heard(mark_frame("BTCUSDT", NOW_MS - 400, 95_000))
    ahead = heard(mark_frame("BTCUSDT", NOW_MS + 400, 95_000))

    assert isinstance(early, Mark)
    assert (early.mark_usd, early.index_usd) == (D("95000.00000000"), D("95019.00000000"))
    assert early.at_ms == NOW_MS - 400
    assert isinstance(ahead, Mark)
    assert ahead.at_ms == NOW_MS


def test_a_contract_without_funding_settles_never() -> None:
    event = read_as(Frame, mark_frame("BTCUSDT", NOW_MS, 95_000, T=0)).data

    assert isinstance(event, MarkEvent)
    assert next_ms_of(event) is None


FRAMES: dict[str, Any] = {
    "no JSON": "{",
    "no text": b"\xff\xfe",
    "no frame": "[]",
    "deep": "[" * 100_000,
    "an event of another kind": '{"stream":"x","data":{"e":"aggTrade","s":"BTCUSDT"}}',
    "NaN": kline_frame("BTCUSDT", OPEN_MS, c="NaN"),
    "infinite": kline_frame("BTCUSDT", OPEN_MS, v="Infinity"),
    "negative": kline_frame("BTCUSDT", OPEN_MS, l="-1"),
    "zero": kline_frame("BTCUSDT", OPEN_MS, l="0"),
    "high below low": kline_frame("BTCUSDT", OPEN_MS, h="1", l="2"),
    "endless": kline_frame("BTCUSDT", OPEN_MS, h="1E+999999"),
    "endlessly small": kline_frame("BTCUSDT", OPEN_MS, v="1E-999999"),
    "long": kline_frame("BTCUSDT", OPEN_MS, v="1." + "1" * 60),
    "a float": kline_frame("BTCUSDT", OPEN_MS, v=None),
    "five minutes": kline_frame("BTCUSDT", OPEN_MS, i="5m"),
    "too long": kline_frame("BTCUSDT", OPEN_MS, T=OPEN_MS + 5 * MINUTE_MS - 1),
    "off the minute": kline_frame("BTCUSDT", OPEN_MS + 1),
    "from the future": kline_frame("BTCUSDT", OPEN_MS + MINUTE_MS),
    "from before time": kline_frame("BTCUSDT", -MINUTE_MS),
    "mark from the future": mark_frame("BTCUSDT", NOW_MS + AHEAD_MAX_MS + 1, 95_000),
    "mark of zero": mark_frame("BTCUSDT", NOW_MS, 0),
    "mark NaN": mark_frame("BTCUSDT", NOW_MS, 95_000, p="NaN"),
    "index far away": mark_frame("BTCUSDT", NOW_MS, 95_000, i="40000"),
    "rate of everything": mark_frame("BTCUSDT", NOW_MS, 95_000, r="1"),
    "settles in three days": mark_frame("BTCUSDT", NOW_MS, 1, T=NOW_MS + 72 * HOUR_MS),
    "settled yesterday": mark_frame("BTCUSDT", NOW_MS, 1, T=NOW_MS - 24 * HOUR_MS),
}


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES.keys())
def test_what_is_absurd_is_refused(frame: str) -> None:
    """Nothing is filled in, and nothing that cannot be is let through."""
    with pytest.raises(InvalidValueError):
        heard(frame)


@given(st.binary(max_size=200))
def test_no_bytes_do_more_than_be_refused(frame: bytes) -> None:
    with pytest.raises(InvalidValueError):
        heard(frame)


@given(
    field=st.sampled_from(["o", "h", "l", "c", "v", "t", "T", "x", "i"]),
    value=st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=8), st.floats()
    ),
)
def test_a_spoilt_candle_is_refused_or_a_bar_that_can_be(field: str, value: Any) -> None:
    """A whole bar has an order among its prices, whatever was sent."""
    try:
        bar = heard(kline_frame("BTCUSDT", OPEN_MS, **{field: value}))
    except InvalidValueError:
        return
    if isinstance(bar, Bar):
        assert 0 < bar.low <= min(bar.open, bar.close)
        assert max(bar.open, bar.close) <= bar.high
        assert bar.close_ms <= NOW_MS + AHEAD_MAX_MS


def test_a_row_is_a_bar_once_its_minute_is_over() -> None:
    (row,) = read_as(list[KlineRow], json.dumps([kline_row("BTCUSDT", OPEN_MS)]))

    bar = bar_of_row(BTC, row, NOW_MS)
    assert bar is not None
    assert bar == heard(kline_frame("BTCUSDT", OPEN_MS))
    assert bar_of_row(BTC, row, UnixMs(OPEN_MS + MINUTE_MS - 1)) is None


def test_a_row_of_another_length_is_refused() -> None:
    whole = kline_row("BTCUSDT", OPEN_MS)
    five = [*whole[:6], OPEN_MS + 300_000 - 1, *whole[7:]]
    (long,) = read_as(list[KlineRow], json.dumps([five]))

    with pytest.raises(InvalidValueError, match="one minute"):
        bar_of_row(BTC, long, NOW_MS)
    with pytest.raises(InvalidValueError):
        read_as(list[KlineRow], json.dumps([whole[:6]]))


def test_funding_is_read_and_an_absurd_interval_refused() -> None:
    told = '{"symbol":"BTCUSDT","fundingTime":1795968000003,"fundingRate":"-0.0002"}'
    funding = funding_of(read_as(FundingRow, told))
    assert (funding.at_ms, funding.rate_fraction) == (1_795_968_000_003, D("-0.0002"))

    assert interval_ms_of(FundingInfo("BTCUSDT", 4)) == 4 * HOUR_MS
    with pytest.raises(InvalidValueError, match="within a day"):
        interval_ms_of(FundingInfo("BTCUSDT", 0))

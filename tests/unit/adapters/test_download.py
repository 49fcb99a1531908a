"""Fetching public bars: gently, resumably, from one host, and only what fits."""

import json
from pathlib import Path

import pytest

from bridge_patch.adapters.feeds.download import (
    DownloadError,
    Klines,
    Progress,
    download,
)
from bridge_patch.adapters.feeds.files import BadMarketDataError
from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.adapters.feeds.series import Window
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs
from tests.unit.adapters.archive import Archive, Waits, kline, source, window
from tests.unit.adapters.bars import BTC, MINUTE, NAME, START_MS


def fetch(archive: Archive, cache: Path, span: Window, waits: Waits | None = None) -> None:
    download([BTC], span, interval="1m", cache=cache, source=source(archive, waits))


def count(cache: Path, span: Window) -> int:
    return replay(cache, [BTC], span).info.ticks


def test_a_window_is_fetched_page_by_page_and_can_be_played(
    archive: Archive, tmp_path: Path
) -> None:
    """2,500 bars are three pages of at most 1,000, asked for without a key."""
    seen: list[Progress] = []
    download(
        [BTC],
        window(2500),
        interval="1m",
        cache=tmp_path,
        source=source(archive),
        on_progress=seen.append,
    )

    assert count(tmp_path, window(2500)) == 2500
    assert [query["path"] for query in archive.asked] == ["/fapi/v1/klines"] * 3
    assert archive.asked[1]["startTime"] == str(START_MS + 1000 * MINUTE)
    assert archive.asked[0] == {
        "path": "/fapi/v1/klines",
        "symbol": "BTCUSDT",
        "interval": "1m",
        "startTime": str(START_MS),
        "endTime": str(START_MS + 2500 * MINUTE - 1),
        "limit": "1000",
    }
    assert [(p.bars, p.bars_wanted) for p in seen] == [
        (1000, 2500),
        (2000, 2500),
        (2500, 2500),
    ]


def test_what_the_cache_holds_is_not_fetched_again(
    archive: Archive, tmp_path: Path
) -> None:
    fetch(archive, tmp_path, window(100))
    archive.asked.clear()
    fetch(archive, tmp_path, window(50, first=20))

    assert archive.asked == []
    assert count(tmp_path, window(100)) == 100


def test_a_download_goes_on_where_it_was_cut_off(archive: Archive, tmp_path: Path) -> None:
    """The first page is kept when the second one fails, and only the rest is asked for."""
    page = json.dumps([kline(START_MS)]).encode()
    archive.faults = [(200, {}, page), *[(500, {}, b"")] * 3]
    with pytest.raises(DownloadError, match="HTTP 500"):
        fetch(archive, tmp_path, window(30))
    archive.asked.clear()
    fetch(archive, tmp_path, window(30))

    assert [query["startTime"] for query in archive.asked] == [str(START_MS + MINUTE)]
    assert count(tmp_path, window(30)) == 30


def test_a_window_that_the_cache_does_not_touch_replaces_it(
    archive: Archive, tmp_path: Path
) -> None:
    """A file never holds two stretches with a gap between them."""
    fetch(archive, tmp_path, window(10))
    fetch(archive, tmp_path, window(10, first=50))

    assert count(tmp_path, window(10, first=50)) == 10
    with pytest.raises(BadMarketDataError, match="inside the window"):
        count(tmp_path, window(10))


def test_a_corrupt_cache_is_fetched_anew(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"half a file")
    fetch(archive, tmp_path, window(10))

    assert count(tmp_path, window(10)) == 10


def test_a_bar_that_has_not_closed_is_not_fetched(archive: Archive, tmp_path: Path) -> None:
    """The newest bar still changes: kept once, it would be wrong for ever."""
    now_sec = (START_MS + 5 * MINUTE + 30_000) / 1000
    early = Klines(base_url=archive.url, pause=Waits(), clock=lambda: now_sec)
    download([BTC], window(10), interval="1m", cache=tmp_path, source=early)

    assert count(tmp_path, window(10)) == 5


def test_a_passing_fault_is_waited_out(archive: Archive, tmp_path: Path) -> None:
    waits = Waits()
    archive.faults = [(503, {}, b"busy"), (429, {"Retry-After": "7"}, b"slower")]
    fetch(archive, tmp_path, window(10), waits)

    assert waits.seconds == [1.0, 7.0]
    assert count(tmp_path, window(10)) == 10


def test_a_used_up_budget_makes_us_wait(archive: Archive, tmp_path: Path) -> None:
    """Others share our address: past half of the minute's weight we stand back."""
    waits = Waits()
    body = json.dumps([kline(START_MS + n * MINUTE) for n in range(10)]).encode()
    archive.faults = [(200, {"X-MBX-USED-WEIGHT-1M": "1201"}, body)]
    fetch(archive, tmp_path, window(10), waits)

    assert waits.seconds == [20.0]


@pytest.mark.parametrize(
    ("status", "headers"), [(400, {}), (404, {}), (302, {"Location": "http://127.0.0.2/"})]
)
def test_a_clear_no_and_a_redirect_are_not_tried_again(
    status: int, headers: dict[str, str], archive: Archive, tmp_path: Path
) -> None:
    """Following a redirect would leave the host that was asserted."""
    archive.faults = [(status, headers, b"{}")]

    with pytest.raises(DownloadError, match=f"HTTP {status}"):
        fetch(archive, tmp_path, window(10))
    assert len(archive.asked) == 1


def one_bar(change: dict[int, object]) -> bytes:
    row = kline(START_MS)
    for at, value in change.items():
        row[at] = value
    return json.dumps([row]).encode()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "not JSON"),
        (b'{"code": -1121, "msg": "Invalid symbol."}', "not a list of bars"),
        (b"[1, 2]", "not a list of bars"),
        (b"[[]]", "cannot be read"),
        (b"[]", "has no bar of 2025-05-05 00:00"),
        (one_bar({1: 95_000.1}), "cannot be read"),
        (one_bar({1: "lots"}), "cannot be read"),
        (one_bar({1: "NaN"}), "expected open to be a positive number"),
        (one_bar({2: "1.0"}), "expected high >="),
        (one_bar({0: "1746403200000"}), "cannot be read"),
        (one_bar({0: START_MS + MINUTE}), "the bar of 2025-05-05 00:00 UTC was asked for"),
        (
            json.dumps([kline(START_MS), kline(START_MS + 2 * MINUTE)]).encode(),
            "a gap of 1 bars",
        ),
    ],
)
def test_an_answer_that_is_not_bars_is_refused(
    body: bytes, message: str, archive: Archive, tmp_path: Path
) -> None:
    """Nothing of it reaches the cache."""
    archive.faults = [(200, {}, body)]

    with pytest.raises(DownloadError, match=message):
        fetch(archive, tmp_path, window(10))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://fapi.binance.com",
        "https://fapi.binance.com.example.org",
        "https://user@fapi.binance.com",
        "https://api.binance.com",
        "https://127.0.0.1",
        "http://10.0.0.1",
        "file:///etc/passwd",
        "",
    ],
)
def test_only_the_exchange_and_loopback_are_asked(url: str) -> None:
    with pytest.raises(InvalidValueError, match="bars come from"):
        Klines(base_url=url)


def test_a_window_without_an_end_is_refused(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="a start and an end"):
        fetch(archive, tmp_path, Window(start_ms=UnixMs(START_MS)))

"""Recorded bars: exact when sane, refused with file, row and remedy when not."""

from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from bridge_patch.adapters.feeds.files import (
    BadMarketDataError,
)
from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.adapters.feeds.series import Feed, FeedKind, Window, interval_ms
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar
from tests.unit.adapters.bars import (
    BTC,
    MINUTE,
    NAME,
    SOL,
    START_MS,
    columns,
    series,
    write,
)

D = Decimal
MARKET = Path(__file__).parents[4] / "shared" / "market" / "binance-usdm-2025-05"


def test_a_bar_is_read_exactly_and_known_at_its_close(tmp_path: Path) -> None:
    """95000.1 is 95000.1, not the binary number beside it."""
    write(tmp_path / NAME, columns(2))
    first, second = replay(tmp_path, [BTC])

    assert first.at_ms == START_MS + MINUTE
    assert first.bars == (
        Bar(
            symbol=BTC,
            open_ms=UnixMs(START_MS),
            close_ms=UnixMs(START_MS + MINUTE),
            open=D("95000.1"),
            high=D("95001"),
            low=D("94999.5"),
            close=D("95000.6"),
            volume=D("1.25"),
        ),
    )
    assert second.at_ms == START_MS + 2 * MINUTE


def test_bars_that_close_together_share_a_tick() -> None:
    """SOL begins two minutes later: it is absent from the ticks before, and only there."""
    feed = Feed(FeedKind.REPLAY, [series(5, SOL).rows(2, 5), series(4, BTC)], "Some bars")

    assert [[bar.symbol for bar in tick.bars] for tick in feed] == [
        [BTC],
        [BTC],
        [SOL, BTC],
        [SOL, BTC],
        [SOL],
    ]
    assert feed.info.ticks == 5
    assert all(bar.close_ms == tick.at_ms for tick in feed for bar in tick.bars)


def test_a_feed_says_what_it_is_and_can_be_played_again(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(10))
    feed = replay(tmp_path, [BTC])

    assert feed.info.kind is FeedKind.REPLAY
    assert feed.info.label == (
        "Recorded bars: BTCUSDT, 2025-05-05 00:00 to 2025-05-05 00:10 UTC;"
        " mark = last price (synthetic); no funding on record, none is charged"
    )
    assert (feed.info.start_ms, feed.info.end_ms) == (START_MS, START_MS + 10 * MINUTE)
    assert list(feed) == list(feed)


def test_a_window_takes_the_bars_that_lie_whole_inside(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(10))
    window = Window(
        start_ms=UnixMs(START_MS + MINUTE // 2), end_ms=UnixMs(START_MS + 4 * MINUTE)
    )

    assert [tick.at_ms for tick in replay(tmp_path, [BTC], window)] == [
        START_MS + n * MINUTE for n in (2, 3, 4)
    ]


def test_a_window_must_end_after_it_begins() -> None:
    with pytest.raises(InvalidValueError, match="end after its start"):
        Window(start_ms=UnixMs(2), end_ms=UnixMs(2))


def test_the_finest_shared_interval_is_played(tmp_path: Path) -> None:
    five = 5 * MINUTE
    write(tmp_path / NAME, columns(10))
    write(tmp_path / "BTC_USDT_USDT-5m-futures.feather", columns(2, every_ms=five))
    write(tmp_path / "SOL_USDT_USDT-5m-futures.feather", columns(2, every_ms=five))

    assert replay(tmp_path, [BTC]).info.ticks == 10
    assert replay(tmp_path, [BTC, SOL]).info.ticks == 2


def test_other_files_of_the_folder_are_no_bars(tmp_path: Path) -> None:
    """Mark-price files lie beside the bars; they say nothing about single minutes."""
    write(tmp_path / NAME, columns(3))
    (tmp_path / "BTC_USDT_USDT-8h-mark.feather").write_bytes(b"mark prices")
    (tmp_path / "LICENSE").write_text("MIT")

    assert replay(tmp_path, [BTC, BTC]).info.symbols == (BTC,)


def test_symbols_are_played_for_the_time_they_share(tmp_path: Path) -> None:
    """A symbol that is there alone would be traded alone, and compared with nothing."""
    write(tmp_path / NAME, columns(10))
    early = columns(5, start_ms=START_MS - 2 * MINUTE)
    write(tmp_path / "SOL_USDT_USDT-1m-futures.feather", early)
    feed = replay(tmp_path, [BTC, SOL])

    assert [len(tick.bars) for tick in feed] == [2, 2, 2]
    assert "00:00 to 2025-05-05 00:03 UTC, the time that all of them share;" in (
        feed.info.label
    )
    assert "share" not in replay(tmp_path, [BTC]).info.label


def test_symbols_that_share_no_time_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(10))
    later = columns(5, start_ms=START_MS + 10 * MINUTE)
    write(tmp_path / "SOL_USDT_USDT-1m-futures.feather", later)

    with pytest.raises(
        InvalidValueError, match="BTCUSDT 2025-05-05 00:00 to 2025-05-05 00:10"
    ):
        replay(tmp_path, [BTC, SOL])


def test_a_folder_that_is_not_there_and_a_symbol_that_is_not_in_it(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(3))

    with pytest.raises(BadMarketDataError, match="expected bars of SOLUSDT, found BTCUSDT"):
        replay(tmp_path, [BTC, SOL])
    with pytest.raises(BadMarketDataError, match="at least one symbol"):
        replay(tmp_path, [])
    with pytest.raises(BadMarketDataError, match="check the path"):
        replay(tmp_path / "nowhere", [BTC])


def test_a_window_without_bars_names_those_there_are(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(3))
    window = Window(start_ms=UnixMs(START_MS + 10 * MINUTE))

    with pytest.raises(BadMarketDataError, match="2025-05-05 00:00 to 2025-05-05 00:03"):
        replay(tmp_path, [BTC], window)


def test_symbols_without_a_shared_interval_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(3))
    name = "SOL_USDT_USDT-5m-futures.feather"
    write(tmp_path / name, columns(2, every_ms=5 * MINUTE))

    with pytest.raises(BadMarketDataError, match="one interval"):
        replay(tmp_path, [BTC, SOL])


@pytest.mark.parametrize("text", ["", "1", "m", "0m", "1s", "1M", "-1m", "1.5h"])
def test_an_interval_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidValueError, match="interval must be"):
        interval_ms(text)


@pytest.mark.skipif(not MARKET.is_dir(), reason="recorded market is not beside the project")
def test_the_recorded_month_is_played_whole() -> None:
    """Four symbols that end at four times; LAYER's funding turns from 4 hours to one."""
    names = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "LAYERUSDT")
    feed = replay(MARKET, [Symbol(name) for name in names])
    ticks = list(feed)

    assert feed.info.label == (
        "Recorded bars: BTCUSDT, ETHUSDT, SOLUSDT, LAYERUSDT,"
        " 2025-05-04 15:37 to 2025-06-03 15:32 UTC, the time that all of them share;"
        " mark = last price (synthetic); funding as recorded, last 2025-06-03 00:00 UTC"
    )
    assert len(ticks) == feed.info.ticks == 30 * 24 * 60 - 5
    assert all(len(tick.bars) == 4 for tick in ticks)
    settled = Counter(f.symbol for tick in ticks for f in tick.fundings)
    times = [f.at_ms for t in ticks for f in t.fundings if f.symbol == "LAYERUSDT"]
    hours = Counter(round((b - a) / (60 * MINUTE)) for a, b in pairwise(times))

    assert hours == {4: 10, 1: 678}
    assert settled == {"BTCUSDT": 89, "ETHUSDT": 90, "SOLUSDT": 89, "LAYERUSDT": 689}

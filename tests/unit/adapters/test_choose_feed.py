"""Which market is played, and that it is never another one than was asked for."""

import socket
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.feeds.choose import DEFAULT_WINDOW, choose_feed
from bridge_patch.adapters.feeds.download import Klines
from bridge_patch.adapters.feeds.files import BadMarketDataError
from bridge_patch.adapters.feeds.series import FeedKind, Window
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.intent import Symbol, UnixMs
from tests.unit.adapters.archive import LATE_SEC, Archive, Waits, window
from tests.unit.adapters.bars import BTC, MINUTE, NAME, SOL, START_MS, columns, write


def closed_port() -> str:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def choose(
    data: Path | None, cache: Path, base_url: str, span: Window, *symbols: Symbol
) -> tuple[FeedKind, str, int]:
    feed = choose_feed(
        data,
        symbols=symbols or (BTC,),
        cache_dir=cache,
        instruments=ListedInstruments(),
        seed=7,
        window=span,
        source=Klines(base_url=base_url, pause=Waits(), clock=lambda: LATE_SEC),
    )
    return feed.info.kind, feed.info.label, feed.info.ticks


def test_the_named_folder_is_played_first(archive: Archive, tmp_path: Path) -> None:
    write(tmp_path / "data" / NAME, columns(5))
    kind, label, ticks = choose(
        tmp_path / "data", tmp_path / "cache", archive.url, Window()
    )

    assert (kind, ticks) == (FeedKind.REPLAY, 5)
    assert label.startswith("Recorded bars: BTCUSDT")
    assert archive.asked == []


def test_a_fault_in_the_named_folder_is_never_papered_over(
    archive: Archive, tmp_path: Path
) -> None:
    with pytest.raises(BadMarketDataError):
        choose(tmp_path / "nowhere", tmp_path / "cache", archive.url, Window())
    assert archive.asked == []


def test_without_a_folder_the_archive_is_fetched(archive: Archive, tmp_path: Path) -> None:
    kind, label, ticks = choose(None, tmp_path, archive.url, window(20), BTC, SOL)

    assert (kind, ticks) == (FeedKind.DOWNLOAD, 20)
    assert label.startswith(f"Public bars of {archive.url}: BTCUSDT, SOLUSDT, 2025-05-05")


def test_without_an_archive_the_market_is_generated_and_says_why(
    archive: Archive, tmp_path: Path
) -> None:
    kind, label, ticks = choose(None, tmp_path, closed_port(), window(20))

    assert (kind, ticks) == (FeedKind.GENERATED, 20)
    assert label.startswith("GENERATED prices, not a market (seed 7; no archive: BTCUSDT")
    assert "refused" in label


def test_an_open_window_is_two_weeks(archive: Archive, tmp_path: Path) -> None:
    fortnight = 14 * 24 * 60
    start = Window(start_ms=UnixMs(START_MS))
    end = Window(end_ms=UnixMs(START_MS + fortnight * MINUTE))

    for span in (Window(), start, end):
        assert choose(None, tmp_path, closed_port(), span)[2] == fortnight
    assert DEFAULT_WINDOW.start_ms == START_MS

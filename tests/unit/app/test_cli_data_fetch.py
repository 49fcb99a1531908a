"""`data fetch` fills the cache from a public archive, and goes on where it stopped."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.feeds.download import DownloadError
from bridge_patch.adapters.feeds.files import BarFile, read_series
from bridge_patch.app.commands.data_fetch import data_fetch
from bridge_patch.app.commands.offline_options import FetchOptions
from bridge_patch.domain.errors import InvalidValueError
from tests.unit.adapters.archive import Archive, serving, source, window
from tests.unit.adapters.bars import BTC, MINUTE, NAME, SOL, START_MS


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as here:
        yield here


def options(cache: Path, bars: int, **changes: Any) -> FetchOptions:
    asked = window(bars)
    return FetchOptions(
        **{
            "symbols": (BTC,),
            "start_ms": asked.start_ms,
            "end_ms": asked.end_ms,
            "interval": "1m",
            "cache": cache,
            "env_file": None,
            **changes,
        }
    )


def rows(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines() if "USDT" in line]


def test_it_says_what_the_cache_holds_then(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert data_fetch(options(tmp_path, 1500), source(archive)) == 0
    (row,) = rows(capsys.readouterr().out)

    assert row == [
        "BTCUSDT",
        "1500",
        "1500",
        *("2025-05-05", "00:00", "2025-05-06", "01:00"),
        str(tmp_path / NAME),
    ]
    file = BarFile(path=tmp_path / NAME, symbol=BTC, interval="1m")
    assert len(read_series(file)) == 1500


def test_a_second_run_asks_for_nothing_again(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data_fetch(options(tmp_path, 10), source(archive))
    archive.asked.clear()
    data_fetch(options(tmp_path, 10), source(archive))

    assert archive.asked == []
    assert rows(capsys.readouterr().out)[-1][1:3] == ["10", "0"]


def test_what_was_cut_off_goes_on_where_it_stopped(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first page came, the second did not: a thousand bars are not asked for twice."""
    broken = source(archive)
    archive.faults = []
    data_fetch(options(tmp_path, 1000), broken)
    archive.faults = [(404, {}, b"")]
    with pytest.raises(DownloadError, match="run the same command again") as error:
        data_fetch(options(tmp_path, 1200), broken)
    capsys.readouterr()
    archive.asked.clear()
    data_fetch(options(tmp_path, 1200), source(archive))

    assert str(tmp_path) in str(error.value)
    assert [int(q["startTime"]) for q in archive.asked] == [START_MS + 1000 * MINUTE]
    assert rows(capsys.readouterr().out)[-1][1:3] == ["1200", "200"]


def test_several_symbols_each_get_their_file(archive: Archive, tmp_path: Path) -> None:
    data_fetch(options(tmp_path, 5, symbols=(BTC, SOL)), source(archive))

    assert sorted(path.name for path in tmp_path.glob("*.feather")) == [
        "BTC_USDT_USDT-1m-futures.feather",
        "SOL_USDT_USDT-1m-futures.feather",
    ]


def test_a_cache_that_is_replaced_counts_as_fetched(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bars from before what is held do not fit in front of it: all come again."""
    late = window(10, first=100)
    data_fetch(
        options(tmp_path, 10, start_ms=late.start_ms, end_ms=late.end_ms), source(archive)
    )
    data_fetch(options(tmp_path, 10), source(archive))

    assert rows(capsys.readouterr().out)[-1][1:3] == ["10", "10"]


def test_offline_is_one_clear_message(tmp_path: Path) -> None:
    with serving() as gone:
        pass

    with pytest.raises(DownloadError) as error:
        data_fetch(options(tmp_path, 5), source(gone))
    assert f"BTCUSDT bars of 2025-05-05 00:00 UTC from {gone.url}: " in str(error.value)


def test_a_period_that_has_not_closed_yet_says_so(archive: Archive, tmp_path: Path) -> None:
    ahead = window(5, first=100_000_000)
    future = options(tmp_path, 5, start_ms=ahead.start_ms, end_ms=ahead.end_ms)

    with pytest.raises(DownloadError, match="no bar of the period has closed yet"):
        data_fetch(future, source(archive))


def test_a_cache_that_cannot_be_written_says_so(archive: Archive, tmp_path: Path) -> None:
    taken = tmp_path / "file"
    taken.write_text("")

    with pytest.raises(DownloadError, match="run the same command again"):
        data_fetch(options(taken, 5), source(archive))


@pytest.mark.parametrize("interval", ["7m", "1M", "", "1 m"])
def test_an_interval_that_the_exchange_does_not_keep_is_bad_input(
    interval: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidValueError, match="--interval must be one of 1m, 3m, 5m"):
        data_fetch(options(tmp_path, 5, interval=interval))

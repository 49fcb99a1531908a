"""`data fetch`: public bars into the cache, with progress; a second run goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from bridge_patch.adapters.feeds.download import (
    DownloadError,
    Klines,
    download,
)
from bridge_patch.adapters.feeds.download import Progress as Fetched
from bridge_patch.adapters.feeds.files import (
    BadMarketDataError,
    BarFile,
    bar_file_name,
    read_series,
)
from bridge_patch.adapters.feeds.series import Window, utc
from bridge_patch.app.commands.offline_options import FetchOptions
from bridge_patch.app.commands.run import CACHE_NAME
from bridge_patch.app.screen import cell, console, print_table, table
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol

#: What the exchange keeps bars of.
INTERVALS: Final = (
    *("1m", "3m", "5m", "15m", "30m"),
    *("1h", "2h", "4h", "6h", "8h", "12h", "1d"),
)


def data_fetch(options: FetchOptions, source: Klines | None = None) -> int:
    """Fetch what the cache lacks of the period, and say what it holds then."""
    settings = load_settings(env_file=options.env_file)
    symbols = options.symbols or settings.symbols
    cache = options.cache or settings.state_dir / CACHE_NAME
    if options.interval not in INTERVALS:
        msg = f"--interval must be one of {', '.join(INTERVALS)}, was {options.interval!r}"
        raise InvalidValueError(msg)
    window = Window(start_ms=options.start_ms, end_ms=options.end_ms)
    kept = {symbol: _extent(_file(cache, symbol, options.interval)) for symbol in symbols}
    try:
        _with_progress(symbols, window, options.interval, cache, source or Klines())
    except (DownloadError, OSError) as e:
        msg = f"{e}; what has come is kept in {cache}: run the same command again"
        raise DownloadError(msg) from e
    print_table(_held(symbols, options.interval, cache, kept))
    return 0


def _with_progress(
    symbols: tuple[Symbol, ...], window: Window, interval: str, cache: Path, source: Klines
) -> None:
    """Draw on stderr, so that stdout carries the result alone."""
    screen = console(on_stderr=True)
    bar = Progress(
        "{task.description}",
        BarColumn(),
        MofNCompleteColumn(),
        "bars, left",
        TimeRemainingColumn(),
        console=screen,
        disable=not screen.is_terminal,
    )
    with bar:
        tasks = {symbol: bar.add_task(symbol, total=None) for symbol in symbols}

        def tell(fetched: Fetched) -> None:
            bar.update(
                tasks[fetched.symbol], completed=fetched.bars, total=fetched.bars_wanted
            )

        for symbol in symbols:
            download(
                (symbol,),
                window,
                interval=interval,
                cache=cache,
                source=source,
                on_progress=tell,
            )
            bar.update(tasks[symbol], total=1, completed=1)


def _held(
    symbols: tuple[Symbol, ...],
    interval: str,
    cache: Path,
    before: dict[Symbol, _Extent | None],
) -> Table:
    made = table("symbol", "bars", "fetched now", "from (UTC)", "to (UTC)", "file")
    for symbol in symbols:
        file = _file(cache, symbol, interval)
        now, then = _extent(file), before[symbol]
        if now is None:
            msg = f"{symbol}: no bar of the period has closed yet"
            raise DownloadError(msg)
        kept = then.bars if then is not None and then.start_ms == now.start_ms else 0
        texts = (
            symbol,
            now.bars,
            now.bars - kept,
            utc(now.start_ms),
            utc(now.end_ms),
            file.path,
        )
        made.add_row(*(cell(text) for text in texts))
    return made


@dataclass(frozen=True, slots=True)
class _Extent:
    """How many bars a file has, from when and until when."""

    bars: int
    start_ms: int
    end_ms: int


def _extent(file: BarFile) -> _Extent | None:
    """Return what the cache has of a symbol; a damaged file has nothing."""
    if not file.path.is_file():
        return None
    try:
        series = read_series(file)
    except BadMarketDataError:
        return None
    first, last = int(series.open_ms[0]), int(series.open_ms[-1])
    return _Extent(len(series), first, last + series.interval_ms)


def _file(cache: Path, symbol: Symbol, interval: str) -> BarFile:
    path = cache / bar_file_name(symbol, interval)
    return BarFile(path=path, symbol=symbol, interval=interval)

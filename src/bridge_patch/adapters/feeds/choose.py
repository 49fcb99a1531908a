"""Which market is played: the folder that was named, else the archive, else a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bridge_patch.adapters.feeds.download import (
    DownloadError,
    Klines,
    Progress,
    download,
)
from bridge_patch.adapters.feeds.generated import MINUTE_MS, generate
from bridge_patch.adapters.feeds.replay import recorded, replay
from bridge_patch.adapters.feeds.series import EVERYTHING, Feed, FeedKind, Window
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.services.ports import Instruments

#: What is fetched or generated where nobody says which time to play.
DEFAULT_WINDOW: Final = Window(
    start_ms=UnixMs(int(datetime(2025, 5, 5, tzinfo=UTC).timestamp()) * 1000),
    end_ms=UnixMs(int(datetime(2025, 5, 19, tzinfo=UTC).timestamp()) * 1000),
)

_INTERVAL: Final = "1m"
_SPAN_MS: Final = 14 * 86_400_000


def choose_feed(
    data_dir: Path | None,
    *,
    symbols: Sequence[Symbol],
    cache_dir: Path,
    instruments: Instruments,
    seed: int,
    window: Window = EVERYTHING,
    source: Klines | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Feed:
    """Return the best market there is; `feed.info.label` says which, in one sentence.

    A folder that was named is played or refused: a fault in it is never papered over with
    other prices.
    """
    if data_dir is not None:
        return replay(data_dir, symbols, window)
    span = _span(window)
    source = source or Klines()
    try:
        download(
            symbols,
            span,
            interval=_INTERVAL,
            cache=cache_dir,
            source=source,
            on_progress=on_progress,
        )
    except (DownloadError, OSError) as e:
        return _generated(symbols, instruments, seed, span, why=f"no archive: {e}")
    archive = f"Public bars of {source.base_url}"
    return recorded(FeedKind.DOWNLOAD, archive, cache_dir, symbols, span)


def _span(window: Window) -> Window:
    """Return a window with both ends; one that is not given is two weeks from the other."""
    start, end = window.start_ms, window.end_ms
    if start is None and end is None:
        return DEFAULT_WINDOW
    if start is None:
        start = UnixMs((end or 0) - _SPAN_MS)
    return Window(start_ms=start, end_ms=UnixMs(start + _SPAN_MS) if end is None else end)


def _generated(
    symbols: Sequence[Symbol],
    instruments: Instruments,
    seed: int,
    span: Window,
    *,
    why: str,
) -> Feed:
    start, end = span.start_ms or 0, span.end_ms or 0
    first = -(-start // MINUTE_MS) * MINUTE_MS
    return generate(
        symbols,
        instruments=instruments,
        seed=seed,
        start_ms=UnixMs(first),
        bars=max((end - first) // MINUTE_MS, 1),
        why=why,
    )

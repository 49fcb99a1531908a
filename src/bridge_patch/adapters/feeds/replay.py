"""Recorded bars and funding from a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bridge_patch.adapters.feeds.files import (
    BadMarketDataError,
    BarFile,
    bar_file,
    read_series,
)
from bridge_patch.adapters.feeds.funding import settlements
from bridge_patch.adapters.feeds.series import (
    EVERYTHING,
    Feed,
    FeedKind,
    Series,
    Window,
    interval_ms,
    shared,
    utc,
)
from bridge_patch.domain.intent import Symbol

#: How a label says that bars were left out because not every symbol has them.
SHARED: Final = ", the time that all of them share"


def replay(folder: Path, symbols: Sequence[Symbol], window: Window = EVERYTHING) -> Feed:
    """Play the folder's bars of these symbols, in the finest interval they share.

    Only the time for which all of them have bars is played, and the label says so.
    """
    return recorded(FeedKind.REPLAY, "Recorded bars", folder, symbols, window)


def recorded(
    kind: FeedKind,
    source: str,
    folder: Path,
    symbols: Sequence[Symbol],
    window: Window = EVERYTHING,
) -> Feed:
    """Return the market that a folder holds, or say which file or symbol is at fault."""
    once = tuple(dict.fromkeys(symbols))
    whole = tuple(_cut(file, window) for file in _files(folder, once))
    series = shared(whole)
    cut = sum(map(len, series)) < sum(map(len, whole))
    return Feed(
        kind,
        series,
        source,
        settlements=settlements(folder, once),
        note=SHARED if cut else "",
    )


def held_symbols(folder: Path) -> frozenset[Symbol]:
    """Return the symbols a folder has bars of; none where there is no such folder."""
    if not folder.is_dir():
        return frozenset()
    return frozenset(file.symbol for path in folder.iterdir() if (file := bar_file(path)))


def _files(folder: Path, symbols: Sequence[Symbol]) -> tuple[BarFile, ...]:
    if not folder.is_dir():
        msg = f"{folder}: expected a folder of *.feather files, found none; check the path"
        raise BadMarketDataError(msg)
    found = [file for path in sorted(folder.iterdir()) if (file := bar_file(path))]
    held = {(file.symbol, file.interval): file for file in found}
    lacking = [s for s in symbols if s not in {file.symbol for file in found}]
    if lacking or not symbols:
        there = ", ".join(sorted({file.symbol for file in found})) or "no bars at all"
        wanted = ", ".join(lacking) or "at least one symbol"
        msg = f"{folder}: expected bars of {wanted}, found {there}; choose among those"
        raise BadMarketDataError(msg)
    shared = set.intersection(
        *({file.interval for file in found if file.symbol == s} for s in symbols)
    )
    if not shared:
        msg = (
            f"{folder}: expected one interval that {', '.join(symbols)} share, found none;"
            " play them apart"
        )
        raise BadMarketDataError(msg)
    finest = min(shared, key=interval_ms)
    return tuple(held[symbol, finest] for symbol in symbols)


def _cut(file: BarFile, window: Window) -> Series:
    series = read_series(file)
    part = series.within(window)
    if len(part) == 0:
        first, last = int(series.open_ms[0]), int(series.open_ms[-1]) + series.interval_ms
        msg = (
            f"{file.path.name}: expected bars inside the window asked for, found bars from"
            f" {utc(first)} to {utc(last)} UTC only; choose a window among those"
        )
        raise BadMarketDataError(msg)
    return part

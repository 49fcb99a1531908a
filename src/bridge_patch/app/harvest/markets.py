"""Which recorded markets a folder holds, and every exit's trial over each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import final

from bridge_patch.adapters.feeds.replay import held_symbols, replay
from bridge_patch.adapters.feeds.series import EVERYTHING, Feed, Window
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.app.harvest.parallel import on_all_cores
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import bounds_of
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.services.exit_trials import ExitTrials, Trial
from bridge_patch.services.market import MarketView


@final
@dataclass(frozen=True, slots=True)
class Place:
    """A folder of bars and the symbols in it that this installation knows."""

    folder: Path
    symbols: tuple[Symbol, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.resolve().name


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """One symbol's market and what came of every entry in it.

    `bar_ms` is the length of its bars; `abstained` counts the entries the sizer refused.
    """

    place: Place
    symbol: Symbol
    label: str
    bar_ms: int
    start_ms: int
    end_ms: int
    abstained: int
    trials: tuple[Trial, ...]


def places_in(data: Path) -> tuple[Place, ...]:
    """Return the folder itself where it holds bars, else each folder in it that does."""
    if not data.is_dir():
        msg = f"--data must be a folder of recorded bars, or of such folders, was {data}"
        raise InvalidValueError(msg)
    inside = sorted(path for path in data.iterdir() if path.is_dir())
    listed = ListedInstruments()
    found = []
    for folder in (data, *inside):
        symbols = sorted(
            symbol
            for symbol in held_symbols(folder)
            if not isinstance(listed.find(symbol), Unknown)
        )
        found += [Place(folder, tuple(symbols))] if symbols else []
    if not found:
        msg = f"{data}: expected bars of a listed contract, found none"
        raise InvalidValueError(msg)
    return tuple(found)


def try_all(
    places: Sequence[Place], tell: Callable[[int, int], None], window: Window = EVERYTHING
) -> tuple[Tried, ...]:
    """Try the exits in every symbol's market; `tell` hears how many are done."""
    jobs = [(place, symbol, window) for place in places for symbol in place.symbols]
    return tuple(on_all_cores(tried, jobs, tell))


def tried(job: tuple[Place, Symbol, Window]) -> Tried:
    """Play one symbol's market through every mode's trials."""
    place, symbol, window = job
    feed = replay(place.folder, (symbol,), window)
    bar_ms, market = bar_length_ms(feed), MarketView()
    bounds = bounds_of(load_settings({}))
    trials = [
        ExitTrials(
            symbol, mode, instruments=ListedInstruments(), bounds=bounds, bar_ms=bar_ms
        )
        for mode in HarvestMode
    ]
    for tick in feed:
        market.on_tick(tick)
        for one in trials:
            one.on_tick(tick, market)
    return Tried(
        place=place,
        symbol=symbol,
        label=feed.info.label,
        bar_ms=bar_ms,
        start_ms=feed.info.start_ms,
        end_ms=feed.info.end_ms,
        abstained=sum(one.abstained for one in trials),
        trials=tuple(trial for one in trials for trial in one.trials()),
    )


def bar_length_ms(feed: Feed) -> int:
    """Return the length of a feed's bars."""
    bar = next(iter(feed)).bars[0]
    return bar.close_ms - bar.open_ms

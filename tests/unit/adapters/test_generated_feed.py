"""The invented market: repeatable, rough in the right way, never taken for a real one."""

from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from bridge_patch.adapters.feeds.generated import generate
from bridge_patch.adapters.feeds.series import Feed, FeedKind
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, UnixMs
from tests.unit.adapters.bars import BTC, MINUTE, SOL, START_MS

D = Decimal
LISTED = ListedInstruments()


def market(*symbols: Symbol, seed: int = 7, bars: int = 500) -> Feed:
    return generate(
        symbols, instruments=LISTED, seed=seed, start_ms=UnixMs(START_MS), bars=bars
    )


def returns(bars: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    closes = [float(tick.bars[0].close) for tick in market(BTC, bars=bars)]
    return np.diff(np.log(np.array(closes)))


def test_the_same_seed_gives_the_same_market_and_another_seed_another() -> None:
    assert list(market(BTC, SOL)) == list(market(BTC, SOL))
    assert list(market(BTC)) != list(market(BTC, seed=8))


def test_a_symbol_does_not_depend_on_its_company() -> None:
    """Adding a symbol to a run must not change what the others did."""
    alone = [tick.bars[0] for tick in market(SOL)]
    together = [tick.bars[1] for tick in market(BTC, SOL)]

    assert alone == together


def test_it_says_that_it_is_no_market() -> None:
    """Nobody may take its results for evidence."""
    info = market(BTC).info

    assert info.kind is FeedKind.GENERATED
    assert info.label.startswith("GENERATED prices, not a market (seed 7; by request)")


@pytest.mark.parametrize("symbol", LISTED.symbols)
def test_prices_are_on_the_tick_and_bars_follow_each_other(symbol: Symbol) -> None:
    """Every listed contract can be generated; Bar itself checks that prices are sane."""
    instrument = LISTED.find(symbol)
    assert isinstance(instrument, Instrument)
    bars = [tick.bars[0] for tick in market(symbol, bars=300)]

    assert len(bars) == 300
    for before, bar in pairwise(bars):
        assert bar.open_ms == before.close_ms
        assert bar.close_ms == bar.open_ms + MINUTE
        assert bar.open == before.close
    assert all(
        price % instrument.price_tick == 0
        for bar in bars
        for price in (bar.open, bar.high, bar.low, bar.close)
    )
    assert all(bar.low < bar.high for bar in bars)


def test_tails_are_fat_and_volatility_comes_in_clusters() -> None:
    """A normal market (kurtosis 3, no memory) would flatter every stop."""
    moves = returns(20_000)
    size = np.abs(moves - moves.mean())
    kurtosis = float(np.mean(size**4) / np.mean(size**2) ** 2)
    memory = float(np.corrcoef(size[:-1], size[1:])[0, 1])

    assert kurtosis > 5
    assert memory > 0.1


def test_volatility_is_of_the_size_it_claims() -> None:
    """BTC is meant to have about 50 % a year; within a factor of two will do."""
    yearly = float(returns(20_000).std() * np.sqrt(365 * 24 * 60))

    assert 0.25 < yearly < 1.0


@pytest.mark.parametrize(("start_ms", "bars"), [(START_MS + 1, 10), (START_MS, 0)])
def test_a_market_without_a_minute_is_refused(start_ms: int, bars: int) -> None:
    with pytest.raises(InvalidValueError, match="begin on a minute"):
        generate([BTC], instruments=LISTED, seed=1, start_ms=UnixMs(start_ms), bars=bars)


def test_an_unlisted_symbol_is_refused() -> None:
    with pytest.raises(InvalidValueError, match="NOPEUSDT is not a listed contract"):
        market(Symbol("NOPEUSDT"))


def test_no_real_data_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It must work where there is nothing: no folder, no network."""
    monkeypatch.chdir(tmp_path)

    assert market(BTC, bars=3).info.ticks == 3
    assert list(tmp_path.iterdir()) == []

"""What the trials amount to: results by way out, paired differences, hits of a trail."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import fmean
from typing import Final, final

from bridge_patch.app.harvest.markets import Tried
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import Symbol
from bridge_patch.evidence.noise import trail_hit_chance
from bridge_patch.evidence.paired import (
    DRAWS,
    PAIRS_MIN,
    Interval,
    paired_interval,
    together,
)
from bridge_patch.evidence.trades import ExitReason
from bridge_patch.services.exit_trials import Trial, Way, ways_of

#: What each mode is held against.
BASELINES: Final = (Way.FIXED_STOP, Way.HOLD)
#: What a single symbol's interval is drawn from: it is read beside a dozen others.
DRAWS_SYMBOL: Final = 2_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one way out made of a mode's entries. Shares are fractions of the entries."""

    market: str
    mode: HarvestMode
    way: Way
    entries: int
    net_bp: float
    cost_bp: float
    hold_min: float
    worst_bp: float
    shares: dict[ExitReason, float]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A mode less a baseline, per moment of entry, in bp of what was entered.

    `symbol` None is all of the market's symbols together; `interval` None is too few.
    """

    market: str
    symbol: Symbol | None
    mode: HarvestMode
    baseline: Way
    interval: Interval | None

    @property
    def word(self) -> str:
        """Say what the interval says."""
        found = self.interval
        if found is None:
            return "too few"
        if not found.significant:
            return "not significant"
        return "better" if found.mean > 0 else "worse"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """How often a mode's trail, active from the entry, ended a position in its hold.

    `walk` is what a walk without drift would do at the volatility known at each entry.
    `regretted` is the share of the hits after which holding to time had made more.
    """

    market: str
    symbol: Symbol
    mode: HarvestMode
    entries: int
    share: float
    walk: float
    regretted: float | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One symbol's market: its bars, the entries in it, and those the sizer refused."""

    market: str
    symbol: Symbol
    label: str
    bar_ms: int
    start_ms: int
    end_ms: int
    entries: int
    abstained: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """All that the trials say, in the order in which it is shown."""

    played: tuple[Played, ...]
    standings: tuple[Standing, ...]
    pooled: tuple[Comparison, ...]
    by_symbol: tuple[Comparison, ...]
    hits: tuple[Hits, ...]

    @property
    def markets(self) -> tuple[str, ...]:
        """The names of the markets, in order."""
        return tuple(dict.fromkeys(one.market for one in self.played))


def evaluated(tried: Sequence[Tried], tell: Callable[[int, int], None]) -> Evaluation:
    """Draw every interval and sum up the rest; `tell` hears how many are done."""
    markets = {
        name: tuple(group) for name, group in groupby(tried, lambda one: one.place.name)
    }
    wanted = [
        (market, symbol, mode, baseline)
        for market, group in markets.items()
        for symbol in (None, *(one.symbol for one in group))
        for mode in HarvestMode
        for baseline in BASELINES
    ]
    compared: list[Comparison] = []
    for market, symbol, mode, baseline in wanted:
        trials = _of(markets[market], mode, symbol)
        compared.append(
            Comparison(
                market=market,
                symbol=symbol,
                mode=mode,
                baseline=baseline,
                interval=_interval(
                    trials, baseline, DRAWS if symbol is None else DRAWS_SYMBOL
                ),
            )
        )
        tell(len(compared), len(wanted))
    return Evaluation(
        played=tuple(
            Played(
                market=one.place.name,
                symbol=one.symbol,
                label=one.label,
                bar_ms=one.bar_ms,
                start_ms=one.start_ms,
                end_ms=one.end_ms,
                entries=len(one.trials),
                abstained=one.abstained,
            )
            for one in tried
        ),
        standings=tuple(
            row for name, group in markets.items() for row in _standings(name, group)
        ),
        pooled=tuple(one for one in compared if one.symbol is None),
        by_symbol=tuple(one for one in compared if one.symbol is not None),
        hits=tuple(row for name, group in markets.items() for row in _hits(name, group)),
    )


def _of(group: Iterable[Tried], mode: HarvestMode, symbol: Symbol | None) -> list[Trial]:
    return [
        trial
        for one in group
        if symbol in {None, one.symbol}
        for trial in one.trials
        if trial.mode is mode
    ]


def _interval(trials: Sequence[Trial], baseline: Way, draws: int) -> Interval | None:
    """Return the interval of the mode less the baseline, one difference a moment."""
    differences = together(
        (t.at_ms, t.ends[Way.HARVEST].net_bp - t.ends[baseline].net_bp) for t in trials
    )
    if len(differences) < PAIRS_MIN:
        return None
    return paired_interval(differences, draws=draws)


def _standings(market: str, group: Sequence[Tried]) -> Iterator[Standing]:
    for mode in HarvestMode:
        trials = _of(group, mode, None)
        if not trials:
            continue
        for way in ways_of(mode):
            ends = [trial.ends[way] for trial in trials]
            yield Standing(
                market=market,
                mode=mode,
                way=way,
                entries=len(ends),
                net_bp=fmean(end.net_bp for end in ends),
                cost_bp=fmean(end.cost_bp for end in ends),
                hold_min=fmean(end.hold_ms for end in ends) / 60_000,
                worst_bp=min(end.net_bp for end in ends),
                shares={
                    reason: sum(end.reason is reason for end in ends) / len(ends)
                    for reason in ExitReason
                },
            )


def _hits(market: str, group: Sequence[Tried]) -> Iterator[Hits]:
    for one in group:
        for mode in HarvestMode:
            trials = _of((one,), mode, None)
            if not trials:
                continue
            way = Way.TRAIL if Way.TRAIL in ways_of(mode) else Way.HARVEST
            policy = POLICIES[mode]
            hit = [t for t in trials if t.ends[way].reason is ExitReason.TRAIL]
            walks = (
                trail_hit_chance(
                    float(policy.trail_pct), trial.volatility, policy.hold_max_sec
                )
                for trial in trials
            )
            worse = [t for t in hit if t.ends[Way.HOLD].net_bp > t.ends[way].net_bp]
            yield Hits(
                market=market,
                symbol=one.symbol,
                mode=mode,
                entries=len(trials),
                share=len(hit) / len(trials),
                walk=fmean(walks),
                regretted=len(worse) / len(hit) if hit else None,
            )

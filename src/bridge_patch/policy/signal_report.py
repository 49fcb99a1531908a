"""What the honest signal did over a stretch of market: looks, silences, reliability."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import final

from bridge_patch.domain.instrument import CostRates
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.market import Tick
from bridge_patch.policy.baseline import BASELINE_VERSION, Outcome
from bridge_patch.policy.reliability import Reliability, reliability
from bridge_patch.policy.signal import (
    SIGNAL_NAME,
    Abstention,
    CalibratedMomentum,
    Look,
    flat_costs,
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Trials that have ended: how many, how many of them paid, and the mean net move."""

    n: int
    paid: int
    net_mean_fraction: float | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignalReport:
    """A walk forward in figures.

    `abstained` counts each silent look by its first objection and sums up to them;
    `objections` counts every objection. `raw` and `calibrated` are about the same
    forecasts, before and after calibration. `decided` is everything that was followed to
    its end, `opinions_ended` the part of it that had been said aloud, `voided` what a hole
    in the bars cut off. `costs` are those of a round trip, without the `fundings` seen.
    """

    looks: int
    opinions: int
    abstained: Mapping[Abstention, int]
    objections: Mapping[Abstention, int]
    decided: Ended
    opinions_ended: Ended
    voided: int
    fundings: int
    raw: Reliability | None
    calibrated: Reliability | None
    costs: Mapping[Symbol, Decimal]


@final
@dataclass(slots=True)
class SignalTally:
    """Counts what a signal does; give `resolved` to it and every look to `look`."""

    _objections: Counter[Abstention] = field(default_factory=Counter)
    _first: Counter[Abstention] = field(default_factory=Counter)
    _looks: int = 0
    _ended: list[tuple[Outcome, bool]] = field(default_factory=list)
    _symbols: set[Symbol] = field(default_factory=set)

    def look(self, look: Look) -> None:
        """Count one look."""
        self._looks += 1
        self._symbols.add(look.symbol)
        self._objections.update(look.objections)
        self._first.update(look.objections[:1])

    def resolved(self, outcome: Outcome, spoke: bool) -> None:  # noqa: FBT001 - a callback
        """Count one outcome."""
        self._ended.append((outcome, spoke))

    def report(self, signal: CalibratedMomentum) -> SignalReport:
        """Return the figures so far."""
        return SignalReport(
            looks=self._looks,
            opinions=self._looks - self._first.total(),
            abstained=_in_order(self._first),
            objections=_in_order(self._objections),
            decided=_ended([outcome for outcome, _ in self._ended]),
            opinions_ended=_ended([outcome for outcome, spoke in self._ended if spoke]),
            voided=signal.voided,
            fundings=signal.fundings,
            raw=reliability(signal.scored_raw),
            calibrated=signal.reliability(),
            costs=MappingProxyType(
                {
                    symbol: signal.costs(symbol).round_trip_fraction
                    for symbol in sorted(self._symbols)
                }
            ),
        )


def evaluate_signal(
    ticks: Iterable[Tick], costs: Callable[[Symbol], CostRates] = flat_costs
) -> SignalReport:
    """Walk a fresh signal through a market, bar by bar, and report."""
    tally = SignalTally()
    signal = CalibratedMomentum(costs=costs, resolved=tally.resolved)
    for tick in ticks:
        for look in signal.looks(tick):
            tally.look(look)
    return tally.report(signal)


def told(report: SignalReport) -> Iterator[str]:
    """Tell a report in lines of plain text."""
    yield f"{SIGNAL_NAME}, {BASELINE_VERSION}"
    yield "costs of a round trip: " + ", ".join(
        f"{symbol} {cost:.3%}" for symbol, cost in report.costs.items()
    )
    yield f"funding settlements seen: {report.fundings or 'none, and none is charged'}"
    yield f"looks {report.looks}, opinions {report.opinions}, voided {report.voided}"
    for name, ended in (("decisions", report.decided), ("opinions", report.opinions_ended)):
        if ended.net_mean_fraction is not None:
            share, net_bp = ended.paid / ended.n, ended.net_mean_fraction * 10_000
            yield f"ended {name} {ended.n}: {share:.1%} paid, mean net {net_bp:+.1f} bp"
    for reason, count in report.objections.items():
        first = report.abstained.get(reason, 0)
        yield f"  {reason:<24} named in {count:>6} looks, first in {first}"
    for name, each in (("raw", report.raw), ("calibrated", report.calibrated)):
        if each is not None:
            yield from _told_reliability(name, each)


def _told_reliability(name: str, each: Reliability) -> Iterator[str]:
    yield f"{name}: forecast  observed   [95 % interval]      n  hours"
    for row in each.bins:
        interval = f"[{row.low:.3f}, {row.high:.3f}]"
        yield (
            f"  {row.forecast:>14.3f}  {row.observed:>8.3f}   {interval}"
            f" {row.n:>6} {row.times:>6}"
        )
    yield (
        f"  n {each.n}, base rate {each.base_rate:.3f}, ECE {each.ece:.3f} (at most"
        f" {each.ece_limit:.3f}), in the large z {each.large_z:+.2f}, Brier"
        f" {each.brier:.4f} (base rate {each.brier_base:.4f}, gain at least"
        f" {each.brier_gain_low:+.5f})"
    )
    yield f"  {'; '.join(each.faults) or 'stands every test'}"


def _ended(outcomes: list[Outcome]) -> Ended:
    n = len(outcomes)
    net = sum(outcome.net_fraction for outcome in outcomes)
    return Ended(
        n=n,
        paid=sum(outcome.paid for outcome in outcomes),
        net_mean_fraction=net / n if n else None,
    )


def _in_order(counts: Counter[Abstention]) -> Mapping[Abstention, int]:
    return MappingProxyType({each: counts[each] for each in Abstention if counts[each]})

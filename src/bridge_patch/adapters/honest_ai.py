"""The honest signal as a source for the engine: one that mostly has nothing to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.instrument import CostRates
from bridge_patch.domain.intent import Confidence, Symbol
from bridge_patch.domain.market import Tick
from bridge_patch.policy import signal_report
from bridge_patch.policy.signal import SIGNAL_NAME, CalibratedMomentum, Look
from bridge_patch.policy.signal_report import SignalReport, SignalTally
from bridge_patch.services.engine import Signal
from bridge_patch.sim.costs import Costs

#: In every intent and every line about it.
SOURCE: Final = SIGNAL_NAME
#: The order whose slippage a trial is charged with.
COST_NOTIONAL_USD: Final = Decimal(10_000)

_COSTS: Final = Costs()


def paper_costs(symbol: Symbol) -> CostRates:
    """Return what the paper venue charges an order of $10,000: taker fee and slippage."""
    return CostRates(
        taker_fraction=_COSTS.taker_fraction,
        slippage_fraction=_COSTS.slippage_fraction(symbol, COST_NOTIONAL_USD),
    )


def evaluate_signal(
    ticks: Iterable[Tick], costs: Callable[[Symbol], CostRates] = paper_costs
) -> SignalReport:
    """Walk a fresh signal through a market at the paper venue's costs."""
    return signal_report.evaluate_signal(ticks, costs)


def _ignored(look: Look) -> None:
    """Do nothing with an abstention."""


@final
@dataclass(slots=True)
class HonestAI:
    """A signal source; every silent look goes to `abstained`, and all are counted.

    What it has learned lives in memory. A fresh one is silent until it has seen enough; to
    start with a past, give it past ticks and drop what it says. Ticks that come again
    change nothing, so one source may go through several runs over the same market.
    """

    costs: Callable[[Symbol], CostRates] = paper_costs
    abstained: Callable[[Look], None] = _ignored
    _tally: SignalTally = field(default_factory=SignalTally)
    _signal: CalibratedMomentum = field(init=False)

    def __post_init__(self) -> None:
        self._signal = CalibratedMomentum(costs=self.costs, resolved=self._tally.resolved)

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        """Return its opinions about the bars that just closed."""
        return tuple(
            signal
            for look in self._signal.looks(tick)
            if (signal := self._said(look)) is not None
        )

    def report(self) -> SignalReport:
        """Return what it has done so far: opinions, abstentions, reliability."""
        return self._tally.report(self._signal)

    def _said(self, look: Look) -> Signal | None:
        self._tally.look(look)
        confidence = look.confidence
        if confidence is None or look.side is None or look.forecast is None:
            self.abstained(look)
            return None
        return Signal(
            symbol=look.symbol,
            side=look.side,
            confidence=Confidence(confidence),
            source=SOURCE,
            reason=(
                f"score {look.score:+.2f}, raw {look.raw:.3f}, forecast"
                f" {look.forecast.probability:.3f}, at least {look.forecast.lower:.3f}"
            ),
        )

"""An honest signal: momentum with a calibrated confidence, silent until it has earned one.

Once an hour per symbol, at the close of the bar that ends the hour, it looks at what has
closed: a side, a raw probability, a forecast, and then an opinion or every reason to have
none. What it would have done is followed to its end either way (`baseline.py`), and only
what has ended teaches the calibration (`calibration.py`). It speaks when forecasts made
beforehand have proven right (`reliability.py`) and when the lower bound of this one is
above one half; the lower bound is then the confidence.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final, final

from bridge_patch.domain.instrument import CostRates
from bridge_patch.domain.intent import Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Bar, Funding, Tick
from bridge_patch.policy.baseline import HOLD_MS, Outcome, Trial, begun
from bridge_patch.policy.calibration import OUTCOMES_KEPT, Calibrator, Forecast
from bridge_patch.policy.momentum import Tape, raw_probability
from bridge_patch.policy.reliability import (
    FORECASTS_MIN,
    Reliability,
    Scored,
    reliability,
)
from bridge_patch.policy.sizing import COIN_FLIP, FACTOR_MAX, FACTOR_MIN
from bridge_patch.policy.volatility import Ewma, volatility_factor

SIGNAL_NAME: Final = "momentum-calibrated"

_PLACES: Final = Decimal("0.0001")
_DAWN: Final = UnixMs(0)


class Abstention(StrEnum):
    """Why it says nothing; stable, counted and shown, in the order they are asked."""

    VOLATILITY_UNKNOWN = "VOLATILITY_UNKNOWN"
    VOLATILITY_OUT_OF_RANGE = "VOLATILITY_OUT_OF_RANGE"
    HISTORY_TOO_SHORT = "HISTORY_TOO_SHORT"
    NO_DIRECTION = "NO_DIRECTION"
    CALIBRATION_TOO_FEW = "CALIBRATION_TOO_FEW"
    CALIBRATION_UNPROVEN = "CALIBRATION_UNPROVEN"
    CALIBRATION_FAILED = "CALIBRATION_FAILED"
    LOWER_BOUND_TOO_LOW = "LOWER_BOUND_TOO_LOW"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one look at one symbol came to; what could not be had is None.

    Without objections it is an opinion: `side`, at the confidence `forecast.lower`.
    """

    symbol: Symbol
    at_ms: UnixMs
    objections: tuple[Abstention, ...]
    side: Side | None = None
    score: float | None = None
    raw: float | None = None
    forecast: Forecast | None = None

    @property
    def confidence(self) -> Decimal | None:
        """The lower bound of the forecast, rounded down; None unless this is an opinion."""
        if self.objections or self.forecast is None:
            return None
        return _confidence(self.forecast)


@final
@dataclass(slots=True)
class _Desk:
    """What is known about one symbol."""

    ewma: Ewma
    tape: Tape = field(default_factory=Tape)
    trial: Trial | None = None
    spoke: bool = False


def flat_costs(symbol: Symbol) -> CostRates:  # noqa: ARG001 - the same for every symbol
    """Return the cost allowance of the Governor's own arithmetic."""
    return CostRates()


@final
@dataclass(slots=True)
class CalibratedMomentum:
    """The signal as a fold of ticks; it holds the past and nothing else.

    `resolved` is told every outcome, and whether it had been an opinion.
    """

    costs: Callable[[Symbol], CostRates] = flat_costs
    calibrator: Calibrator = field(default_factory=Calibrator)
    forecasts_min: int = FORECASTS_MIN
    resolved: Callable[[Outcome, bool], None] = lambda outcome, spoke: None  # noqa: ARG005
    scored: deque[Scored] = field(default_factory=lambda: deque(maxlen=OUTCOMES_KEPT))
    scored_raw: deque[Scored] = field(default_factory=lambda: deque(maxlen=OUTCOMES_KEPT))
    voided: int = 0
    fundings: int = 0
    _desks: dict[Symbol, _Desk] = field(default_factory=dict)
    _now_ms: UnixMs = _DAWN
    _proof: tuple[UnixMs, Reliability | None] | None = None

    def looks(self, tick: Tick) -> tuple[Look, ...]:
        """Take in closed bars; return what was seen at an hour's end, symbol by symbol.

        Funding is settled before prices move, as everywhere that plays a tick.
        Every outcome of the tick is known before the first look, and symbols come by name,
        so the order of its bars does not matter. What is not newer than what was seen
        changes nothing: neither an older tick nor a bar that its symbol is already past.
        """
        if tick.at_ms < self._now_ms:
            return ()
        self._now_ms = tick.at_ms
        for funding in tick.fundings:
            self._settle(funding)
        by_name = sorted(tick.bars, key=lambda bar: bar.symbol)
        fresh = [bar for bar in by_name if self._takes(bar)]
        return tuple(self._look(bar) for bar in fresh if bar.close_ms % HOLD_MS == 0)

    def reliability(self) -> Reliability | None:
        """Return how the forecasts that have ended turned out."""
        return reliability(self.scored)

    def _takes(self, bar: Bar) -> bool:
        desk = self._desks.get(bar.symbol)
        if desk is None:
            desk = _Desk(Ewma(bar_ms=bar.close_ms - bar.open_ms))
            self._desks[bar.symbol] = desk
        last_ms = desk.ewma.last_ms
        if last_ms is not None and bar.close_ms <= last_ms:
            return False
        desk.ewma = desk.ewma.after(bar.close, bar.close_ms)
        desk.tape.take(bar)
        if desk.trial is not None:
            self._follow(desk, desk.trial.after(bar))
        return True

    def _settle(self, funding: Funding) -> None:
        desk = self._desks.get(funding.symbol)
        if desk is None or funding.at_ms < (desk.ewma.last_ms or _DAWN):
            return
        self.fundings += 1
        if desk.trial is not None:
            desk.trial = desk.trial.settled(funding)

    def _follow(self, desk: _Desk, next_: Trial | Outcome | None) -> None:
        if isinstance(next_, Trial):
            desk.trial = next_
            return
        desk.trial = None
        if next_ is None:
            self.voided += 1
            return
        self.calibrator.resolve(next_, self._now_ms)
        if next_.forecast is not None:
            decided_ms, paid = next_.decided_ms, next_.paid
            self.scored.append(Scored(next_.forecast, paid, decided_ms))
            self.scored_raw.append(Scored(next_.raw, paid, decided_ms))
        self.resolved(next_, desk.spoke)

    def _look(self, bar: Bar) -> Look:
        desk, at_ms = self._desks[bar.symbol], bar.close_ms
        seen = _seen(desk)
        if isinstance(seen, Abstention):
            return Look(symbol=bar.symbol, at_ms=at_ms, objections=(seen,))
        score, annual, factor = seen
        side = Side.BUY if score > 0 else Side.SELL
        cost = self.costs(bar.symbol).round_trip_fraction
        raw = raw_probability(
            score, annual=annual, cost_fraction=float(cost), hold_ms=HOLD_MS
        )
        calibration = self.calibrator.calibration(self._now_ms)
        forecast = None if calibration is None else calibration.forecast(raw)
        look = Look(
            symbol=bar.symbol,
            at_ms=at_ms,
            objections=self._objections(forecast),
            side=side,
            score=score,
            raw=raw,
            forecast=forecast,
        )
        desk.spoke = not look.objections
        desk.trial = begun(
            side=side,
            bar=bar,
            factor=factor,
            cost_fraction=cost,
            raw=raw,
            forecast=None if forecast is None else forecast.probability,
        )
        return look

    def _objections(self, forecast: Forecast | None) -> tuple[Abstention, ...]:
        if forecast is None:
            return (Abstention.CALIBRATION_TOO_FEW,)
        found = []
        if len(self.scored) < self.forecasts_min:
            found.append(Abstention.CALIBRATION_UNPROVEN)
        elif not self._proven():
            found.append(Abstention.CALIBRATION_FAILED)
        if _confidence(forecast) <= COIN_FLIP:
            found.append(Abstention.LOWER_BOUND_TOO_LOW)
        return tuple(found)

    def _proven(self) -> bool:
        """Tell whether the forecasts have stood the tests, asked once per instant."""
        if self._proof is None or self._proof[0] != self._now_ms:
            self._proof = (self._now_ms, self.reliability())
        proof = self._proof[1]
        return proof is not None and not proof.faults


def _confidence(forecast: Forecast) -> Decimal:
    return Decimal(forecast.lower).quantize(_PLACES, ROUND_FLOOR)


def _seen(desk: _Desk) -> tuple[float, float, Decimal] | Abstention:
    """Return score, volatility and its factor, or what keeps them from being seen."""
    read = desk.ewma.annual()
    if isinstance(read, Unknown):
        return Abstention.VOLATILITY_UNKNOWN
    factor = volatility_factor(read)
    if not FACTOR_MIN <= factor <= FACTOR_MAX:
        return Abstention.VOLATILITY_OUT_OF_RANGE
    features = desk.tape.features(float(read))
    if features is None:
        return Abstention.HISTORY_TOO_SHORT
    if features.score == 0:
        return Abstention.NO_DIRECTION
    return features.score, float(read), factor

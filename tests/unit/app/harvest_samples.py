"""A small evaluation and a small crash, as the command finds them, with known figures."""

from decimal import Decimal

from bridge_patch.app.harvest.outcome import Asked, Attempt, StopFill
from bridge_patch.app.harvest.rows import (
    Comparison,
    Evaluation,
    Hits,
    Played,
    Standing,
)
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.evidence.paired import Interval
from bridge_patch.evidence.trades import ExitReason
from bridge_patch.services.exit_trials import Way

BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
MARKET = "a-month"
AT_MS = UnixMs(1_746_360_000_000)


def compared(
    symbol: Symbol | None, mode: HarvestMode, baseline: Way, low: float, high: float
) -> Comparison:
    interval = Interval(mean=(low + high) / 2, low=low, high=high, block=2, count=700)
    return Comparison(
        market=MARKET, symbol=symbol, mode=mode, baseline=baseline, interval=interval
    )


def several(symbol: Symbol | None) -> tuple[Comparison, ...]:
    """Worse, better, and for the rest not significant."""
    ends = {
        (HarvestMode.SWING, Way.HOLD): (-4.0, -1.0),
        (HarvestMode.SCALPER, Way.FIXED_STOP): (0.5, 2.5),
    }
    return tuple(
        compared(symbol, mode, baseline, *ends.get((mode, baseline), (-1.0, 2.0)))
        for mode in HarvestMode
        for baseline in (Way.FIXED_STOP, Way.HOLD)
    )


EVALUATION = Evaluation(
    played=tuple(
        Played(
            market=MARKET,
            symbol=symbol,
            label="Recorded bars; funding as recorded",
            bar_ms=60_000,
            start_ms=AT_MS,
            end_ms=AT_MS + 86_400_000,
            entries=1_412,
            abstained=3,
        )
        for symbol in (BTC, SOL)
    ),
    standings=(
        Standing(
            market=MARKET,
            mode=HarvestMode.SWING,
            way=Way.HARVEST,
            entries=1_412,
            net_bp=-14.94,
            cost_bp=10.0,
            hold_min=51.2,
            worst_bp=-412.0,
            shares={
                reason: {ExitReason.TRAIL: 0.33, ExitReason.TIME: 0.668}.get(reason, 0.001)
                for reason in ExitReason
            },
        ),
    ),
    pooled=several(None),
    by_symbol=(*several(BTC), *several(SOL)),
    hits=tuple(
        Hits(
            market=MARKET,
            symbol=BTC,
            mode=mode,
            entries=700,
            share=0.51,
            walk=0.58,
            regretted=0.49,
        )
        for mode in HarvestMode
    ),
)


def attempt(*, forced: bool, said: str, stops: tuple[StopFill, ...] = ()) -> Attempt:
    asked = Asked(
        crash="LAYER", symbol=BTC, side=Side.BUY, mode=HarvestMode.SWING, at_ms=AT_MS
    )
    opened = ":" not in said
    return Attempt(
        asked=asked,
        forced=forced,
        opened=opened,
        said=said,
        leverage=5.0 if opened else 0.0,
        net_pct=-4.69 if opened else 0.0,
        toward_liquidation=0.36 if opened else 0.0,
        stops=stops,
    )


STOP = StopFill(trigger_usd=Decimal("2.1085"), price_usd=Decimal("2.1066"), beyond_bp=9.01)
ATTEMPTS = (
    attempt(forced=False, said="sizer: VOLATILITY_OUT_OF_RANGE"),
    attempt(forced=True, said="hard stop", stops=(STOP,)),
    attempt(forced=True, said="longest hold"),
    attempt(forced=True, said="Governor: SHOCK"),
)

"""A process as it is watched, with a clock that a test winds."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bridge_patch.adapters.alerts_herald import Herald
from bridge_patch.adapters.health_progress import Progress
from bridge_patch.adapters.metrics_sample import (
    Ages,
    EquityKnown,
    ExposureKnown,
    Identity,
    Sample,
)
from bridge_patch.adapters.metrics_told import Told
from bridge_patch.domain.account_events import TradingState
from bridge_patch.domain.intent import UnixMs

D = Decimal
NOW_MS = UnixMs(1_746_403_200_000)
IDENTITY = Identity(
    part="execution", mode="live", limits_hash="32ca08ec864a", build="0.1.0", venue="paper"
)
EQUITY = EquityKnown(
    equity_usd=D(9_000),
    at_ms=NOW_MS,
    peak_usd=D(10_000),
    day_start_usd=D(10_000),
    drawdown_pct=D(10),
    drawdown_max_pct=D(20),
    day_loss_pct=D(3),
    day_loss_max_pct=D(6),
)
AGES = Ages(
    mark_ms=NOW_MS,
    mark_age_max_ms=5_000,
    account_age_max_ms=10_000,
    exits_silence_max_ms=30_000,
)
EXPOSURE = ExposureKnown(
    used_usd={"long": D(400), "short": D(100), "gross": D(500), "net": D(300)},
    most_usd={"gross": D(36_000)},
    margin_usd=D(50),
    margin_max_usd=D(3_600),
    reserved_usd=D(100),
    positions=2,
    positions_max=10,
)


def sample(**more: Any) -> Sample:
    """A live account with which all is well, but for what is said."""
    given: dict[str, Any] = {
        "now_ms": NOW_MS,
        "live": True,
        "state": TradingState.RUNNING,
        "cause": "",
        "equity": EQUITY,
        "exposure": EXPOSURE,
        "ages": AGES,
        "unknown_age_max_ms": 60_000,
    }
    return Sample(**given | more)


@dataclass
class Wound:
    """A steady clock, in seconds, and the time of the run beside it."""

    sec: float = 1_000.0

    def now_sec(self) -> float:
        return self.sec

    def now_ms(self) -> int:
        return NOW_MS + int((self.sec - 1_000) * 1000)


def told(clock: Wound | None = None, **more: Any) -> Told:
    """A process that came round just now."""
    clock = clock or Wound()
    given: dict[str, Any] = {
        "identity": IDENTITY,
        "acts": True,
        "progress": Progress(clock.now_sec),
        "herald": Herald("execution"),
        "now_ms": clock.now_ms,
    }
    made = Told(**given | more)
    made.progress.begin()
    return made

"""A gauge as the keeper feeds it, and the journal that it leaves behind."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.events import (
    Book,
    Event,
    LatchSet,
    TradingState,
    Transferred,
)
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.holds import OPERATOR
from tests.questions import SHIPPED

D = Decimal
RUNNING, REDUCING = TradingState.RUNNING, TradingState.REDUCING
HALTED = TradingState.HALTED
BTC = Symbol("BTCUSDT")
#: 2025-05-04 00:00 UTC, and the hours after it. A jump is more than 5 % of equity.
DAY, HOUR = 1_746_316_800_000, 3_600_000


def hour(n: float) -> UnixMs:
    return UnixMs(int(DAY + n * HOUR))


class Watched:
    """A gauge as the keeper feeds it, and the journal that it leaves behind."""

    def __init__(self, *journal: Event) -> None:
        self.gauge, self.hours = EquityGauge(Book.ACCOUNT), 0.0
        self.journal: list[Event] = []
        self.write(*journal)

    def write(self, *events: Event) -> None:
        self.journal += events
        for event in events:
            self.gauge.apply(event)

    def read(
        self, equity: str, unrealised: str = "0", *, after: float = 0.1
    ) -> LatchSet | None:
        """Read equity some time later; return the latch that this pulled or released."""
        self.hours += after
        now_ms = hour(self.hours)
        mark = self.gauge.observe(D(equity), now_ms, D(unrealised), SHIPPED)
        latch = self.gauge.latch_due(SHIPPED, now_ms)
        self.write(*(event for event in (mark, latch) if event is not None))
        kept = self.gauge.mark()
        self.write(*[kept] if kept else [])
        return latch

    def paid(self, amount: str) -> None:
        self.write(
            Transferred(book=Book.ACCOUNT, at_ms=hour(self.hours), amount_usd=D(amount))
        )

    def told(self, state: TradingState, cause: str = OPERATOR, who: str = "ann") -> None:
        self.write(
            self.gauge.holds.latch(
                *(state, cause, "so", hour(self.hours)),
                who=who,
                releases={OPERATOR, self.gauge.holds.cause} if state is RUNNING else (),
            )
        )

    def restarted(self) -> Watched:
        again = Watched(*self.journal)
        again.hours = self.hours
        return again


def value(reading: Reading) -> Decimal:
    assert isinstance(reading, Known), reading
    return reading.value


def losses(watched: Watched) -> tuple[Decimal, Decimal]:
    gauge = watched.gauge
    return value(gauge.day_loss_pct()), value(gauge.drawdown_pct())

"""What a shadow run has shown, and whether that is enough to be promoted.

It is computed from what was journaled, never from log lines. What is missing, broken off or
cannot be told is never a pass.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from statistics import median
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    EquityMarked,
    Event,
    Filled,
    FillKind,
    IntentReceived,
    Judged,
    LatchSet,
    ModeOrdered,
    RunStarted,
    Settled,
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode, UnixMs
from bridge_patch.evidence.mandate import REPLAYED

HOUR_MS: Final = 3_600_000
#: A run says at least every hour what its books are worth. What lies between two signs of
#: life farther apart was not a shadow run: nobody was there.
SILENCE_MAX_MS: Final = 75 * 60_000
#: An intent that was received longer ago has its outcome, or has lost it.
OUTCOME_MAX_MS: Final = 5 * 60_000
#: What was shown longer ago than a week was shown of another market.
AGE_MAX_MS: Final = 7 * 24 * HOUR_MS
_NEVER: Final = UnixMs(-SILENCE_MAX_MS - 1)


@final
@dataclass(frozen=True, slots=True)
class Span:
    """The least, the middle and the most of a series of sizes."""

    least: Decimal
    middle: Decimal
    most: Decimal

    @classmethod
    def of(cls, values: list[Decimal]) -> Span | None:
        """Return the span of these; None where there are none."""
        if not values:
            return None
        return cls(min(values), median(values), max(values))


@final
@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a promotion needs, what was found, and whether that will do."""

    name: str
    wanted: str
    found: str
    met: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What shadow runs on one live market, by one build and set of limits, have shown.

    Decisions are the verdicts on entries; `unended` are those without an outcome.
    `heard_ms` is the last sign of life of such a run.
    """

    limits_hash: str
    market: str
    heard_ms: UnixMs
    shadow_ms: int
    runs: int
    decisions: int
    accepted: int
    clamped: int
    refused: tuple[tuple[str, int], ...]
    margins_usd: Span | None
    leverages: Span | None
    liquidations: int
    unended: int

    @property
    def hours(self) -> Decimal:
        """Return the time in shadow, in hours, rounded down to a tenth."""
        return Decimal(self.shadow_ms * 10 // HOUR_MS) / 10


@dataclass(slots=True)
class _Tally:
    """What is counted until an order back to shadow begins it anew."""

    shadow_ms: int = 0
    runs: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    margins_usd: list[Decimal] = field(default_factory=list)
    leverages: list[Decimal] = field(default_factory=list)
    liquidations: int = 0
    open_since_ms: dict[IntentId, UnixMs] = field(default_factory=dict)


@final
@dataclass(slots=True, kw_only=True)
class ShadowRuns:
    """A fold of a journal: what counts for a promotion to this market, by these limits.

    An order back to shadow begins it anew, and so does a run that was live, a fall that
    halted the book that was judged, and a silence of more than `AGE_MAX_MS`.
    """

    limits_hash: str
    market: str
    build: str
    _counts: bool = False
    _heard_ms: UnixMs = _NEVER
    _tally: _Tally = field(default_factory=_Tally)

    def apply(self, event: Event) -> None:
        """Fold one journaled event, in the journal's order."""
        tally = self._tally
        match event:
            case RunStarted():
                self._started(event)
            case (
                ModeOrdered(mode=Mode.SHADOW)
                | LatchSet(book=Book.GOVERNED, adds="DRAWDOWN")
            ):
                self._begin_anew(event.at_ms)
            case EquityMarked(at_ms=at_ms):
                self._heard(at_ms)
            case Judged() if self._counts and event.confidence is not None:
                self._judged(event)
            case IntentReceived() if self._counts:
                tally.open_since_ms[event.intent_id] = event.at_ms
            case Settled():
                tally.open_since_ms.pop(event.intent_id, None)
            case BulkExpired():
                for intent_id in event.intent_ids:
                    tally.open_since_ms.pop(intent_id, None)
            case Filled(book=Book.GOVERNED, kind=FillKind.LIQUIDATION) if self._counts:
                tally.liquidations += 1
            case _:
                pass

    def shown(self) -> Shown:
        """Return what was found so far."""
        tally = self._tally
        late_ms = self._heard_ms - OUTCOME_MAX_MS
        return Shown(
            limits_hash=self.limits_hash,
            market=self.market,
            heard_ms=self._heard_ms,
            shadow_ms=tally.shadow_ms,
            runs=tally.runs,
            decisions=tally.verdicts.total(),
            accepted=tally.verdicts[Verdict.ACCEPT],
            clamped=tally.verdicts[Verdict.CLAMP],
            refused=tuple(tally.codes.most_common()),
            margins_usd=Span.of(tally.margins_usd),
            leverages=Span.of(tally.leverages),
            liquidations=tally.liquidations,
            unended=sum(since < late_ms for since in tally.open_since_ms.values()),
        )

    def _started(self, run: RunStarted) -> None:
        self._counts = False  # the run before has ended
        if run.mode is Mode.LIVE or self._is_forgotten(run.at_ms):
            self._begin_anew(run.at_ms)
        told = (run.mode, run.limits_hash, run.market, run.build)
        wanted = (Mode.SHADOW, self.limits_hash, self.market, self.build)
        self._counts = told == wanted and run.market != REPLAYED
        self._heard_ms = run.at_ms if self._counts else self._heard_ms
        self._tally.runs += self._counts

    def _is_forgotten(self, at_ms: UnixMs) -> bool:
        """Tell whether what was shown so far is too old to count."""
        return at_ms - self._heard_ms > AGE_MAX_MS

    def _begin_anew(self, at_ms: UnixMs) -> None:
        """Forget what was counted; a run that goes on counts from here."""
        self._tally = _Tally(runs=int(self._counts))
        self._heard_ms = max(at_ms, self._heard_ms)

    def _heard(self, at_ms: UnixMs) -> None:
        """Count the time since the last sign of life, where it was not too long."""
        if not self._counts:
            return
        if self._is_forgotten(at_ms):
            self._begin_anew(at_ms)
        since_ms = at_ms - self._heard_ms
        if 0 <= since_ms <= SILENCE_MAX_MS:
            self._tally.shadow_ms += since_ms
        self._heard_ms = max(at_ms, self._heard_ms)

    def _judged(self, judged: Judged) -> None:
        self._heard(judged.at_ms)
        tally = self._tally
        tally.verdicts[judged.verdict] += 1
        if judged.verdict is Verdict.REJECT:
            tally.codes[judged.codes[0]] += 1
        elif judged.margin_usd is not None and judged.leverage is not None:
            tally.margins_usd.append(judged.margin_usd)
            tally.leverages.append(judged.leverage)


def needs(
    shown: Shown,
    *,
    hours_min: int,
    now_ms: UnixMs,
    chain_fault: str | None,
    mismatches: int | None,
) -> tuple[Need, ...]:
    """Return everything that a promotion needs, met or not.

    `chain_fault` is what is wrong with the journal ("" nothing) and `mismatches` how many
    verdicts came out otherwise when judged again; None where that could not be told, or
    where none was there to be judged, which is not a pass.
    """
    intact = "could not be checked" if chain_fault is None else chain_fault or "intact"
    again = "none was judged again" if mismatches is None else f"{mismatches} differ"
    allowed, age_ms = shown.accepted + shown.clamped, now_ms - shown.heard_ms
    since = f"{Decimal(age_ms * 10 // HOUR_MS) / 10} h ago" if shown.runs else "never"
    return (
        Need(
            f"time in shadow on {shown.market}",
            f"{hours_min} h; a replay does not count",
            f"{shown.hours} h in {shown.runs} runs",
            shown.shadow_ms >= hours_min * HOUR_MS,
        ),
        Need(
            "last sign of life",
            f"within {AGE_MAX_MS // HOUR_MS} h",
            since,
            shown.runs > 0 and age_ms <= AGE_MAX_MS,
        ),
        Need("decisions", "at least 1", f"{shown.decisions}", shown.decisions > 0),
        Need("entries allowed", "at least 1", f"{allowed}", allowed > 0),
        Need("intents without an outcome", "0", f"{shown.unended}", shown.unended == 0),
        Need(
            "liquidations of the governed book",
            "0",
            f"{shown.liquidations}",
            shown.liquidations == 0,
        ),
        Need("journal", "intact", intact, chain_fault == ""),
        Need("verdicts judged again", "0 differ", again, mismatches == 0),
    )

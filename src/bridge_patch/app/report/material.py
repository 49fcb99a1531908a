"""What the report is about: one pass over a journal's events, folded for its pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    EquityMarked,
    Event,
    Filled,
    FundingPaid,
    InsuranceCleared,
    Judged,
    LatchSet,
    OrderEnded,
    RunStarted,
    Sending,
    StopArmed,
    TrailingSet,
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode, Symbol, UnixMs
from bridge_patch.evidence.books import BookHistory, BooksFold, Stretch
from bridge_patch.evidence.trades import Trade

#: What is read for a report; the rest of a journal need not be.
KINDS: Final = frozenset(
    kind.__name__
    for kind in (
        RunStarted,
        Judged,
        Sending,
        Filled,
        StopArmed,
        TrailingSet,
        OrderEnded,
        FundingPaid,
        InsuranceCleared,
        EquityMarked,
        LatchSet,
        DeadLettered,
        BulkExpired,
        DuplicateSeen,
    )
)
TOO_OLD: Final = "too_old"


class Role(StrEnum):
    """The three accounts that a report compares; each has one look throughout."""

    ASKED = "asked"
    GOVERNED = "governed"
    BASELINE = "baseline"


@final
@dataclass(slots=True, kw_only=True)
class Phase:
    """Consecutive runs of one mode, at least one."""

    runs: list[RunStarted]
    end_ms: UnixMs
    entries: Counter[Verdict] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    caps: Counter[str] = field(default_factory=Counter)
    refused_reductions: Counter[str] = field(default_factory=Counter)
    dead: Counter[str] = field(default_factory=Counter)
    reductions: int = 0
    duplicates: int = 0

    @property
    def run(self) -> RunStarted:
        """The newest run: what is in force."""
        return self.runs[-1]

    @property
    def mode(self) -> Mode:
        """Whether anything was sent."""
        return self.run.mode

    @property
    def start_ms(self) -> UnixMs:
        """When the first run began, in data time."""
        return self.runs[0].at_ms

    @property
    def governed(self) -> Book:
        """The book that the Governor guarded."""
        return Book.ACCOUNT if self.mode is Mode.LIVE else Book.GOVERNED

    def book_of(self, role: Role) -> Book:
        """Return whose events tell about a role in this phase."""
        match role:
            case Role.ASKED:
                return Book.ASKED
            case Role.GOVERNED:
                return self.governed
            case Role.BASELINE:
                return Book.BASELINE


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One verdict on an entry: what was asked, what was allowed; USD and times."""

    at_ms: UnixMs
    intent_id: IntentId
    symbol: Symbol
    verdict: Verdict
    code: str
    asked_usd: Decimal | None
    asked_leverage: Decimal | None
    margin_usd: Decimal | None
    notional_usd: Decimal | None

    @property
    def asked_notional_usd(self) -> Decimal | None:
        """The exposure that was asked for."""
        if self.asked_usd is None or self.asked_leverage is None:
            return None
        return self.asked_usd * self.asked_leverage


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One role in one phase. `marked` is whether its curve is equity, not the wallet."""

    phase: Phase
    role: Role
    stretch: Stretch
    marked: bool


@final
@dataclass(slots=True, kw_only=True)
class Material:
    """Everything the report shows, in the order in which it happened."""

    phases: list[Phase] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    latches: list[LatchSet] = field(default_factory=list)
    books: Mapping[Book, BookHistory] = field(default_factory=dict)
    standings: tuple[Standing, ...] = ()

    @property
    def start_ms(self) -> UnixMs:
        """When the first run began."""
        return self.phases[0].start_ms

    @property
    def end_ms(self) -> UnixMs:
        """The last moment the journal knows."""
        return self.phases[-1].end_ms

    def standing(self, phase: Phase, role: Role) -> Standing | None:
        """Return how a role fared in a phase; None where its book did not exist."""
        for each in self.standings:
            if each.phase is phase and each.role is role:
                return each
        return None

    def positions(self, phase: Phase) -> list[Trade]:
        """Return the positions that the guarded book opened in a phase, oldest first."""
        history = self.books.get(phase.governed)
        if history is None:
            return []
        last = phase is self.phases[-1]
        return [
            trade
            for trade in history.trades
            if phase.start_ms <= trade.opened_ms < phase.end_ms
            or (last and trade.opened_ms == phase.end_ms)
        ]


def gather(events: Iterable[Event]) -> Material:
    """Fold a journal's events, oldest first; without a run there is nothing to show."""
    material, books = Material(), BooksFold()
    for event in events:
        books.take(event)
        if isinstance(event, RunStarted):
            _begin(material, event)
        elif material.phases:
            _take(material, material.phases[-1], event)
    material.books = books.histories()
    material.standings = tuple(_standings(material))
    return material


def _begin(material: Material, run: RunStarted) -> None:
    last = material.phases[-1] if material.phases else None
    if last is not None and last.mode is run.mode:
        last.runs.append(run)
        last.end_ms = max(last.end_ms, run.at_ms)
        return
    if last is not None:
        last.end_ms = max(last.end_ms, run.at_ms)
    material.phases.append(Phase(runs=[run], end_ms=run.at_ms))


def _take(material: Material, phase: Phase, event: Event) -> None:
    phase.end_ms = max(phase.end_ms, event.at_ms)
    match event:
        case Judged(confidence=None):
            phase.reductions += 1
            if event.verdict is Verdict.REJECT:
                phase.refused_reductions[_headline(event)] += 1
        case Judged():
            _judged(material, phase, event)
        case DeadLettered():
            phase.dead[event.reason] += 1
        case BulkExpired():
            phase.dead[TOO_OLD] += len(event.intent_ids)
        case DuplicateSeen():
            phase.duplicates += 1
        case LatchSet():
            material.latches.append(event)
        case _:
            pass


def _judged(material: Material, phase: Phase, judged: Judged) -> None:
    phase.entries[judged.verdict] += 1
    if judged.verdict is Verdict.REJECT:
        phase.refusals[_headline(judged)] += 1
    elif judged.verdict is Verdict.CLAMP:
        phase.caps.update(judged.binding.split())
    material.decided.append(
        Decided(
            at_ms=judged.at_ms,
            intent_id=judged.intent_id,
            symbol=judged.symbol,
            verdict=judged.verdict,
            code=_headline(judged),
            asked_usd=judged.proposed_margin_usd,
            asked_leverage=judged.proposed_leverage,
            margin_usd=judged.margin_usd,
            notional_usd=judged.notional_usd,
        )
    )


def _headline(judged: Judged) -> str:
    return judged.codes[0] if judged.codes else "?"


def _standings(material: Material) -> list[Standing]:
    found = []
    for phase in material.phases:
        for role in Role:
            history = material.books.get(phase.book_of(role))
            if history is not None:
                stretch = history.over(phase.start_ms, phase.end_ms)
                found.append(
                    Standing(phase=phase, role=role, stretch=stretch, marked=history.marked)
                )
    return found

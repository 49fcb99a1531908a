"""A case as the journal keeps it: flat, complete, enough to judge again bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.domain.account import Activity, Exposure, Venues
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.market import FundingTerms


@final
@dataclass(frozen=True, slots=True)
class ReadingRecord:
    """A reading that was had (`value`), or was not (`value` None, and `why`)."""

    value: Decimal | None
    at_ms: UnixMs
    why: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRecord:
    """Everything the rules looked at, but the limits and the venue's trading rules.

    Those are journaled by themselves (`RunStarted.limits`, `InstrumentSeen`). Where a value
    is None it was not known or not stated, and the matching `*_why` says so.
    """

    symbol: Symbol
    side: Side
    confidence: Decimal
    margin_usd: Decimal
    leverage: Decimal
    leverage_quantum: Decimal
    reference_price_usd: Decimal | None
    stated_limits: str
    hold_max_ms: int
    stop_fraction: Decimal | None
    stop_why: str
    sigma_move: Decimal | None
    sigma_why: str
    risk_budget_usd: Decimal | None
    now_ms: UnixMs
    taken_ms: UnixMs
    state: str
    equity: ReadingRecord
    available: ReadingRecord
    mark: ReadingRecord
    index: ReadingRecord
    volatility: ReadingRecord
    shock_sigmas: ReadingRecord
    turnover_usd: ReadingRecord
    day_loss_pct: ReadingRecord
    drawdown_pct: ReadingRecord
    equity_jump_pct: ReadingRecord
    clock_skew_ms: ReadingRecord
    funding: FundingTerms | None
    funding_why: str
    instrument_why: str
    filters_ms: UnixMs
    holding_side: Side | None
    holding_base: Decimal | None
    holding_why: str
    exposure: Exposure | None
    exposure_why: str
    activity: Activity | None
    activity_why: str
    exits_ms: UnixMs | None
    exits_why: str
    journal_has_room: bool
    venues: Venues

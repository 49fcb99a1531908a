"""A case as the journal keeps it: flat, complete, enough to judge again bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.domain.intent import Side, UnixMs


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

    Those are journaled once per run (`RunStarted.limits`, `InstrumentSeen`). Where a value
    is None it was not known or not stated, and the matching `*_why` says so.
    """

    side: Side
    confidence: Decimal
    margin_usd: Decimal
    leverage: Decimal
    leverage_quantum: Decimal
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
    volatility: ReadingRecord
    day_loss_pct: ReadingRecord
    drawdown_pct: ReadingRecord
    instrument_why: str
    holding_side: Side | None
    holding_base: Decimal | None
    holding_why: str
    exposure_notional_usd: Decimal | None
    exposure_margin_usd: Decimal | None
    exposure_unknown_orders: int
    exposure_why: str

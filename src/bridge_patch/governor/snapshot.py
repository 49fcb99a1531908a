"""What the Governor knows at the moment it judges; not knowing is a value too."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, final

from bridge_patch.domain.account import Activity, Exposure, Venues
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.domain.market import FundingTerms


@final
@dataclass(frozen=True, slots=True)
class Known:
    """A reading and the time it was true."""

    value: Decimal
    at_ms: UnixMs


Reading: TypeAlias = Known | Unknown


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What stands on the intent's own symbol; flat is `quantity_base` zero, `side` None."""

    side: Side | None
    quantity_base: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSnapshot:
    """One consistent reading of account and market, made by us, never by the proposal.

    `volatility` is annualised (0.5 = 50 %); `equity` includes what is unrealised;
    `day_loss_pct` and `drawdown_pct` are positive where money was lost; `equity_jump_pct`
    is the change of equity that no fill, fee, funding, price or transfer explains.
    `shock_sigmas` is the largest move of one bar within the pause, in its own standard
    deviations. `turnover_usd` is what traded in the newest bar. `clock_skew_ms` is our
    clock less the venue's. `exits_ms` is when the exit path was last alive.
    """

    taken_ms: UnixMs
    state: TradingState
    equity: Reading
    available: Reading
    mark: Reading
    index: Reading
    volatility: Reading
    shock_sigmas: Reading
    turnover_usd: Reading
    funding: FundingTerms | Unknown
    instrument: Instrument | Unknown
    filters_ms: UnixMs
    holding: Holding | Unknown
    exposure: Exposure | Unknown
    activity: Activity | Unknown
    day_loss_pct: Reading
    drawdown_pct: Reading
    equity_jump_pct: Reading
    clock_skew_ms: Reading
    exits_ms: UnixMs | Unknown
    journal_has_room: bool
    venues: Venues

"""What the Governor knows at the moment it judges; not knowing is a value too."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias, final

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, UnixMs, Unknown


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
class Exposure:
    """Worst case over positions, working, unknown and reserved orders, account-wide, USD.

    An unknown order counts as filled. Aggregates, not lists: a verdict takes the same time
    with one open symbol or a thousand.
    """

    notional_usd: Decimal
    margin_usd: Decimal
    unknown_orders: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RiskSnapshot:
    """One consistent reading of account and market, made by us, never by the proposal.

    `volatility` is annualised (0.5 = 50 %); `equity` includes what is unrealised;
    `day_loss_pct` and `drawdown_pct` are positive where money was lost.
    """

    taken_ms: UnixMs
    state: TradingState
    equity: Reading
    available: Reading
    mark: Reading
    volatility: Reading
    instrument: Instrument | Unknown
    holding: Holding | Unknown
    exposure: Exposure | Unknown
    day_loss_pct: Reading
    drawdown_pct: Reading

"""What a rule may look at, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias, final

from bridge_patch.domain.intent import (
    Proposal,
    RiskBudget,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Price
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.snapshot import RiskSnapshot


@final
@dataclass(frozen=True, slots=True)
class Allow:
    """The rule has no objection."""


@final
@dataclass(frozen=True, slots=True)
class CapMargin:
    """Allowed at no more than this margin, in USD."""

    at_usd: Decimal
    reason: Reason
    detail: str


@final
@dataclass(frozen=True, slots=True)
class CapLeverage:
    """Allowed at no more than this leverage."""

    at_times: Decimal
    reason: Reason
    detail: str


@final
@dataclass(frozen=True, slots=True)
class Warn:
    """An objection that fail-open softened; it is recorded and never counts as passed."""

    reason: Reason
    detail: str


@final
@dataclass(frozen=True, slots=True)
class Deny:
    """Not allowed, at any size."""

    reason: Reason
    detail: str


Vote: TypeAlias = Allow | CapMargin | CapLeverage | Warn | Deny
ALLOW: Final = Allow()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a rule may look at.

    `proposal` is as asked in the first stage and as bounded in the second.
    `reference_price` is the asker's idea of the price, None where none is stated;
    `stated_limits` is the digest the asker says it sized under, "" where it says nothing.
    `hold_max_ms` is the policy's longest hold.
    `sigma_move` is one standard deviation of the price over the policy's longest hold, as a
    fraction: a fact about the market, the same under any limits.
    """

    symbol: Symbol
    side: Side
    confidence: Decimal
    proposal: Proposal
    reference_price: Price | None
    stated_limits: str
    stop: StopDistance | Unknown
    hold_max_ms: int
    sigma_move: Decimal | Unknown
    risk_budget: RiskBudget | None
    snapshot: RiskSnapshot
    limits: Limits
    leverage_quantum: Decimal
    now_ms: UnixMs


Rule: TypeAlias = Callable[[Case], Vote]

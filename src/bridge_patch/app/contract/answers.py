"""A bare question to the Governor and its answer; garbage is refused before any rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.app.contract.arguments import (
    Action,
    How,
    Number,
    Unusable,
    action,
    number,
    symbol,
)
from bridge_patch.domain.account import Venues
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import (
    Mode,
    Proposal,
    RiskBudget,
    Side,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import ONE, ZERO, Leverage, Margin
from bridge_patch.governor.case import LEVERAGE_QUANTUM
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import CONTRACT_BOUNDS, CONTRACT_CHECKS
from bridge_patch.governor.ruling import Finding, Refused, Ruling
from bridge_patch.governor.snapshot import RiskSnapshot
from bridge_patch.governor.votes import Case
from bridge_patch.governor.weigh import weigh

_ASKER: Final = "input"
_NOT_ASKED: Final = Unknown("no account was asked about")
_NO_ACCOUNT: Final = RiskSnapshot(
    taken_ms=UnixMs(0),
    state=TradingState.RUNNING,
    equity=_NOT_ASKED,
    available=_NOT_ASKED,
    mark=_NOT_ASKED,
    index=_NOT_ASKED,
    volatility=_NOT_ASKED,
    shock_sigmas=_NOT_ASKED,
    turnover_usd=_NOT_ASKED,
    funding=_NOT_ASKED,
    instrument=_NOT_ASKED,
    filters_ms=UnixMs(0),
    holding=_NOT_ASKED,
    exposure=_NOT_ASKED,
    activity=_NOT_ASKED,
    day_loss_pct=_NOT_ASKED,
    drawdown_pct=_NOT_ASKED,
    equity_jump_pct=_NOT_ASKED,
    clock_skew_ms=_NOT_ASKED,
    exits_ms=_NOT_ASKED,
    journal_has_room=False,
    venues=Venues(orders="", account="", prices=""),
)
#: For a reduction these say that nothing was stated, which is as it should be.
_UNSTATED: Final = frozenset({How.MISSING, How.ZERO})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The arguments of one question, as they came: anything at all."""

    symbol: object
    action: object
    confidence: object
    position_size_usd: object
    leverage: object
    risk_budget_usd: object


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reduction:
    """Leave to reduce whatever is open, by numbers that only the position can judge."""

    margin_usd: Decimal
    leverage: Decimal


def answer(asked: Asked, limits: Limits) -> Ruling | Reduction:
    """Judge an entry by the contract's own rules; a CLOSE passes as a reduction.

    No entry rule may forbid a reduction, and what it may close is decided where the
    position is known. Garbage is refused in both.
    """
    what = action(asked.action)
    closing = what is Action.CLOSE
    margin = _stated(number(asked.position_size_usd), closing=closing)
    leverage = _stated(number(asked.leverage), closing=closing)
    confidence = _confidence(number(asked.confidence), closing=closing)
    budget = _budget(number(asked.risk_budget_usd))
    named = symbol(asked.symbol)
    read = (named, what, margin, leverage, confidence, budget)
    faults = tuple(_faults(read))
    if (
        faults
        or isinstance(named, Unusable)
        or isinstance(what, Unusable)
        or isinstance(margin, Unusable)
        or isinstance(leverage, Unusable)
        or isinstance(confidence, Unusable)
        or isinstance(budget, Unusable)
    ):
        return Refused(findings=faults)
    if closing:
        return Reduction(margin_usd=margin, leverage=leverage)
    case = Case(
        symbol=named,
        side=Side(what),
        confidence=confidence,
        proposal=Proposal(margin=Margin(margin), leverage=Leverage(leverage)),
        reference_price=None,
        stated_limits="",
        hold_max_ms=0,
        stop=Unknown("a bare question states no stop"),
        sigma_move=_NOT_ASKED,
        risk_budget=budget,
        snapshot=_NO_ACCOUNT,
        limits=limits,
        leverage_quantum=LEVERAGE_QUANTUM[Mode.SHADOW],
        now_ms=UnixMs(0),
    )
    return weigh(case, CONTRACT_BOUNDS, CONTRACT_CHECKS)


def _stated(value: Number, *, closing: bool) -> Number:
    unstated = isinstance(value, Unusable) and value.how in _UNSTATED
    return ZERO if closing and unstated else value


def _confidence(value: Number, *, closing: bool) -> Number:
    """Zero is a confidence, and a rule refuses it; above one is none."""
    if isinstance(value, Unusable):
        zero = value.how is How.ZERO or (closing and value.how is How.MISSING)
        return ZERO if zero else value
    return value if value <= ONE else Unusable(How.INVALID, "was above 1")


def _budget(value: Number) -> RiskBudget | Unusable | None:
    """None sets no budget; a budget of zero allows nothing, and a rule says so."""
    if not isinstance(value, Unusable):
        return RiskBudget(value)
    if value.how is How.MISSING:
        return None
    return RiskBudget(ZERO) if value.how is How.ZERO else value


def _faults(read: tuple[object, ...]) -> Iterator[Finding]:
    """Say what each argument had to be and was not; size and leverage have own codes."""
    for value, (name, expected, prefix) in zip(read, _ARGUMENTS, strict=True):
        if isinstance(value, Unusable):
            own = prefix and value.how is not How.INVALID
            reason = Reason(f"{prefix}_{value.how}") if own else Reason.INPUT_INVALID
            yield Finding(_ASKER, reason, f"{name} must be {expected}, {value.why}")


_ARGUMENTS: Final = (
    ("symbol", "2 to 24 of A-Z and 0-9", ""),
    ("action", "BUY, SELL or CLOSE", ""),
    ("position_size_usd", "a number above 0", "SIZE"),
    ("leverage", "a number above 0", "LEVERAGE"),
    ("confidence", "a number from 0 to 1", ""),
    ("risk_budget_usd", "a number from 0, or None", ""),
)

"""How an entry and our own readings are laid out for the rules."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import Entry, Mode, UnixMs, Unknown
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Refused, refusal
from bridge_patch.governor.snapshot import Reading, RiskSnapshot
from bridge_patch.governor.votes import Case

_YEAR_SEC: Final = 365 * 24 * 3600
#: A venue takes whole leverages; a shadow record keeps a tenth.
LEVERAGE_QUANTUM: Final = MappingProxyType(
    {Mode.LIVE: Decimal(1), Mode.SHADOW: Decimal("0.1")}
)


def case_of(
    entry: Entry, *, mode: Mode, snapshot: RiskSnapshot, limits: Limits, now_ms: UnixMs
) -> Case | Refused:
    """Lay out an entry for the rules; what proposes nothing or is mixed up is refused."""
    proposal, instrument = entry.proposal, snapshot.instrument
    if isinstance(proposal, Unknown):
        return refusal(Reason.SIZE_MISSING, proposal.why)
    if not isinstance(instrument, Unknown) and instrument.symbol != entry.symbol:
        detail = f"the rules of {instrument.symbol} were read for {entry.symbol}"
        return refusal(Reason.SYMBOL_UNKNOWN, detail)
    policy = entry.policy or POLICY_FALLBACK
    return Case(
        symbol=entry.symbol,
        side=entry.side,
        confidence=entry.confidence.value,
        proposal=proposal,
        reference_price=entry.reference_price,
        stated_limits=entry.limits_hash,
        stop=entry.stop,
        hold_max_ms=policy.hold_max_sec * 1000,
        sigma_move=sigma_move(snapshot.volatility, policy.hold_max_sec),
        risk_budget=entry.risk_budget,
        snapshot=snapshot,
        limits=limits,
        leverage_quantum=LEVERAGE_QUANTUM[mode],
        now_ms=now_ms,
    )


def sigma_move(volatility: Reading, hold_sec: int) -> Decimal | Unknown:
    """Return one standard deviation of the price over a hold, as a fraction."""
    if isinstance(volatility, Unknown):
        return volatility
    annual = volatility.value
    if not (annual.is_finite() and annual > 0):
        return Unknown(f"volatility must be finite and positive, was {annual}")
    with exactly():
        return annual * _root_of_years(hold_sec)


@lru_cache(maxsize=64)
def _root_of_years(hold_sec: int) -> Decimal:
    return (Decimal(hold_sec) / _YEAR_SEC).sqrt()

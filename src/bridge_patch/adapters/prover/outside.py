"""Limits that no rule reads as such: where each is applied, and how it is compared.

`fields` of the two that differ and stand neither in a rule nor here would be compared by
nobody, so a test lists them.
"""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Final

from bridge_patch.adapters.prover.ordinary import ordinary_case
from bridge_patch.domain.money import ONE
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.snapshot import Known
from bridge_patch.governor.votes import Case
from bridge_patch.governor.weigh import weigh

OUTSIDE: Final = MappingProxyType(
    {
        "below_min": "raises a proposal before the rules are asked; compared as that",
        "taker_fee_pct": "a part of round_trip_fraction, which rules read",
        "slippage_pct": "a part of round_trip_fraction, which rules read",
        "shock_pause_ms": (
            "how far back the snapshot looks for the largest move: the longer, the larger"
            " that move, and the theorem `worse` says that a larger one permits no more"
        ),
    }
)


def forgets_sooner(limits_a: Limits, limits_b: Limits) -> bool:
    """Tell whether a shock stops entries for a shorter time under B."""
    return limits_b.shock_pause_ms < limits_a.shock_pause_ms


def after_a_shock(limits_a: Limits, limits_b: Limits) -> tuple[Case, Case] | None:
    """Return one entry as A and as B see it, which only B permits, or None.

    The shock is as old as B's pause, so only A's snapshot still holds it.
    """
    under_b = ordinary_case(limits_b)
    shock = Known(limits_a.shock_sigmas_max + ONE, under_b.now_ms)
    seen = replace(under_b.snapshot, shock_sigmas=shock)
    under_a = replace(under_b, limits=limits_a, snapshot=seen)
    if isinstance(weigh(under_b), Permitted) and isinstance(weigh(under_a), Refused):
        return under_a, under_b
    return None

"""Where a rule turns: the last value it allows, and the first it does not."""

from dataclasses import dataclass
from decimal import Decimal

from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import CapLeverage, CapMargin, Deny, Rule
from tests.unit.governor.disturbances import (
    Disturb,
)

D = Decimal
R = Reason


@dataclass(frozen=True)
class Edge:
    """Where a rule turns: `at` it allows, `beyond` it votes so."""

    rule: Rule
    at: Disturb
    beyond: Disturb
    vote: Deny | CapMargin | CapLeverage


def deny(reason: Reason) -> Deny:
    return Deny(reason, "")


def less_margin(reason: Reason, usd: str) -> CapMargin:
    return CapMargin(D(usd), reason, "")


def less_leverage(reason: Reason, times: str) -> CapLeverage:
    return CapLeverage(D(times), reason, "")

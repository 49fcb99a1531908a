"""The yardstick of `bench_judge`: ten plain checks of an order.

Written as a script would have them, once with floats and once with decimals: the price of
exact numbers is the ratio of the two, and what votes, reasons and unknown readings cost is
the ratio of `judge` to the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar, final

N = TypeVar("N", float, Decimal)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Order(Generic[N]):
    """What is asked for, and what the checks have to know about the account."""

    margin: N
    leverage: N
    confidence: N
    stop: N
    equity: N
    available: N
    open_notional: N
    open_margin: N
    age_ms: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds(Generic[N]):
    """The bounds of those checks."""

    margin_min: N
    margin_max: N
    leverage_max: N
    confidence_min: N
    notional_max: N
    equity_multiple: N
    margin_share: N
    risk_share: N
    cost: N
    age_max_ms: int


def ten_checks(order: Order[N], bounds: Bounds[N]) -> tuple[bool, str, dict[str, object]]:
    """Tell whether ten checks pass, the first that does not, and which were made."""
    notional = order.margin * order.leverage
    loss = notional * (order.stop + bounds.cost)
    checks = (
        ("margin_min", order.margin >= bounds.margin_min),
        ("margin_max", order.margin <= bounds.margin_max),
        ("leverage_max", order.leverage <= bounds.leverage_max),
        ("confidence", order.confidence >= bounds.confidence_min),
        ("total_notional", notional + order.open_notional <= bounds.notional_max),
        ("equity_multiple", notional <= order.equity * bounds.equity_multiple),
        ("margin", order.margin + order.open_margin <= order.equity * bounds.margin_share),
        ("risk", loss <= order.equity * bounds.risk_share),
        ("balance", order.margin + notional * bounds.cost <= order.available),
        ("age", 0 <= order.age_ms <= bounds.age_max_ms),
    )
    made: list[str] = []
    for name, passed in checks:
        made.append(name)
        if not passed:
            return False, name, {"notional": notional, "policies_checked": made}
    return True, "PASS", {"notional": notional, "policies_checked": made}

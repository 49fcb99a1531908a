"""The bounds a person set, checked against each other once; there is no unlimited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.money import HUNDRED, ONE, ZERO

#: There is no unlimited: a larger bound is a mistyped number.
NUMBER_MAX: Final = Decimal(10**12)
_MAY_BE_ZERO: Final = frozenset(
    {
        *("confidence_min", "taker_fee_pct", "slippage_pct"),
        *("unknown_orders_max", "losers_pause_ms", "shock_pause_ms"),
    }
)
_RANGES: Final = MappingProxyType(
    {
        "leverage_min": (ONE, Decimal(125)),
        "leverage_max": (ONE, Decimal(125)),
        "confidence_min": (ZERO, ONE),
        "initial_margin_max_pct": (ZERO, HUNDRED),
        "risk_per_trade_max_pct": (ZERO, HUNDRED),
        "daily_loss_max_pct": (ZERO, HUNDRED),
        "drawdown_max_pct": (ZERO, HUNDRED),
        "liquidation_stops_min": (ONE, NUMBER_MAX),
        "taker_fee_pct": (ZERO, HUNDRED),
        "slippage_pct": (ZERO, HUNDRED),
        "order_quantity_max_pct": (ZERO, HUNDRED),
        "turnover_max_pct": (ZERO, HUNDRED),
        "price_collar_pct": (ZERO, HUNDRED),
        "index_gap_max_pct": (ZERO, HUNDRED),
        "funding_max_risk_pct": (ZERO, HUNDRED),
        "slippage_1h_max_pct": (ZERO, HUNDRED),
        "equity_jump_max_pct": (ZERO, HUNDRED),
        "malformed_max_pct": (ZERO, HUNDRED),
        "entry_orders_max_pct": (ZERO, HUNDRED),
        "exit_orders_reserve_pct": (ZERO, HUNDRED),
    }
)


class BelowMin(StrEnum):
    """What happens to a proposal below a minimum."""

    REFUSE = "refuse"
    CLAMP = "clamp"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every bound the Governor enforces; one object serves the sizer too.

    USD amounts are margin where the name says margin, exposure where it says notional.
    Percentages are percent (2.5 = 2.5 %), of account equity unless the name says otherwise.
    `symbols` are those that may be entered. What each bound does is in `docs/governor.md`.
    """

    margin_min_usd: Decimal
    margin_max_usd: Decimal
    notional_max_usd: Decimal
    leverage_min: Decimal
    leverage_max: Decimal
    confidence_min: Decimal
    fail_open: bool
    below_min: BelowMin
    order_notional_max_equity_multiple: Decimal
    initial_margin_max_pct: Decimal
    risk_per_trade_max_pct: Decimal
    daily_loss_max_pct: Decimal
    drawdown_max_pct: Decimal
    liquidation_stops_min: Decimal
    liquidation_sigmas_min: Decimal
    snapshot_age_max_ms: int
    mark_age_max_ms: int
    volatility_age_max_ms: int
    taker_fee_pct: Decimal
    slippage_pct: Decimal
    symbols: tuple[str, ...]
    order_quantity_max_pct: Decimal
    turnover_max_pct: Decimal
    symbol_notional_max_equity_multiple: Decimal
    side_notional_max_equity_multiple: Decimal
    gross_notional_max_equity_multiple: Decimal
    net_notional_max_equity_multiple: Decimal
    open_positions_max: int
    notional_1m_max_equity_multiple: Decimal
    notional_1h_max_equity_multiple: Decimal
    notional_1d_max_equity_multiple: Decimal
    symbol_entries_1h_max: int
    losers_pause_min: int
    losers_pause_ms: int
    losers_latch_min: int
    venue_orders_10s_max: int
    venue_orders_1m_max: int
    entry_orders_max_pct: Decimal
    exit_orders_reserve_pct: Decimal
    slippage_1h_max_pct: Decimal
    malformed_max_pct: Decimal
    equity_jump_max_pct: Decimal
    price_collar_pct: Decimal
    index_gap_max_pct: Decimal
    shock_sigmas_max: Decimal
    shock_pause_ms: int
    funding_max_risk_pct: Decimal
    funding_age_max_ms: int
    clock_skew_max_ms: int
    filters_age_max_ms: int
    exits_silence_max_ms: int
    unknown_orders_max: int
    unknown_age_max_ms: int
    #: Entry and exit at market: two taker fees and two slippages, as a fraction.
    round_trip_fraction: Decimal = field(init=False, repr=False)
    _digest: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        with exactly():
            faults = self._mistyped() or [*self._unusable(), *self._contradictions()]
            if faults:
                raise InvalidValueError("; ".join(faults))
            costs_pct = 2 * (self.taker_fee_pct + self.slippage_pct)
            object.__setattr__(self, "round_trip_fraction", costs_pct / 100)
        object.__setattr__(self, "symbols", tuple(sorted(self.symbols)))
        digest = blake2b(self.text().encode(), digest_size=6, person=b"bridge-limits")
        object.__setattr__(self, "_digest", digest.hexdigest())

    def digest(self) -> str:
        """Return a short hash of every bound: equal limits have equal digests, anywhere.

        12 hexadecimal characters of BLAKE2b over `name=value` lines in field order.
        """
        return self._digest

    def text(self) -> str:
        """Return all bounds as `name=value` lines, numbers in plain normal form."""
        return "\n".join(f"{name}={_plain(value)}" for name, value, _ in self._bounds())

    def _bounds(self) -> list[tuple[str, object, type]]:
        return [(f.name, getattr(self, f.name), _TYPES[str(f.type)]) for f in _BOUNDS]

    def _mistyped(self) -> list[str]:
        return [
            f"{name} must be {kind.__name__}, was {type(value).__name__}"
            for name, value, kind in self._bounds()
            if type(value) is not kind
        ]

    def _unusable(self) -> list[str]:
        return [
            f"{name} must be {expected}, was {value}"
            for name, value, _ in self._bounds()
            if isinstance(value, Decimal | int) and not isinstance(value, bool)
            if (expected := _broken_range(name, Decimal(value)))
        ]

    def _contradictions(self) -> list[str]:
        numbers = (value for _, value, _ in self._bounds() if isinstance(value, Decimal))
        if not all(number.is_finite() for number in numbers):
            return []
        least = f"margin_min_usd {self.margin_min_usd}"
        lowest = f"leverage_min {self.leverage_min}"
        faults = []
        if self.margin_min_usd > self.margin_max_usd:
            faults.append(f"{least} must not exceed margin_max_usd {self.margin_max_usd}")
        if self.leverage_min > self.leverage_max:
            faults.append(f"{lowest} must not exceed leverage_max {self.leverage_max}")
        if self.margin_min_usd * self.leverage_min > self.notional_max_usd:
            most = f"notional_max_usd {self.notional_max_usd}"
            faults.append(f"{least} x {lowest} must not exceed {most}")
        return (
            faults
            + [
                f"{low} {getattr(self, low)} must not exceed {high} {getattr(self, high)}"
                for low, high in _ORDERED
                if getattr(self, low) > getattr(self, high)
            ]
            + self._impossible()
        )

    def _impossible(self) -> list[str]:
        """List what leaves no entry possible at all."""
        faults = []
        if not self.symbols:
            faults.append("symbols must name at least one symbol, named none")
        room_pct = HUNDRED - self.exit_orders_reserve_pct
        if self.entry_orders_max_pct > room_pct:
            share = f"entry_orders_max_pct {self.entry_orders_max_pct}"
            reserve = f"exit_orders_reserve_pct {self.exit_orders_reserve_pct}"
            faults.append(f"{share} and {reserve} must not exceed 100 together")
        return faults


#: Pairs in which the first may not be larger than the second.
_ORDERED: Final = (
    ("losers_pause_min", "losers_latch_min"),
    ("notional_1m_max_equity_multiple", "notional_1h_max_equity_multiple"),
    ("notional_1h_max_equity_multiple", "notional_1d_max_equity_multiple"),
    ("venue_orders_10s_max", "venue_orders_1m_max"),
)
#: What may be given, in order, and the type each annotation asks for.
_BOUNDS: Final = tuple(f for f in fields(Limits) if f.init)
_TYPES: Final[Mapping[str, type]] = {
    **{t.__name__: t for t in (Decimal, int, bool, BelowMin)},
    "tuple[str, ...]": tuple,
}


def _broken_range(name: str, value: Decimal) -> str:
    """Return what a bound had to be and is not, or nothing."""
    low, high = _RANGES.get(name, (ZERO, NUMBER_MAX))
    if not value.is_finite():
        return "finite"
    if low == 0 and name not in _MAY_BE_ZERO:
        return "" if 0 < value <= high else f"above 0 and at most {high}"
    return "" if low <= value <= high else f"from {low} to {high}"


def _plain(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(sorted(map(str, value)))
    if not isinstance(value, Decimal):
        return str(value)
    digits = f"{value:f}" if value else "0"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits

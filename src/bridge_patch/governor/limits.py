"""The bounds a person set, checked against each other once; there is no unlimited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.money import CENT, HUNDRED, ONE, ZERO, floor_to

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
            faults = self._mistyped() or [*self._unusable(), *self._related()]
            if faults:
                raise InvalidValueError("; ".join(faults))
            object.__setattr__(self, "round_trip_fraction", self._costs())
        object.__setattr__(self, "symbols", tuple(sorted(set(self.symbols))))
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
        faults = [
            f"{name} must be {kind.__name__}, was {type(value).__name__}"
            for name, value, kind in self._bounds()
            if type(value) is not kind
        ]
        if not faults and not all(type(s) is str and s for s in self.symbols):
            faults.append(f"symbols must all be names, were {self.symbols}")
        return faults

    def _unusable(self) -> list[str]:
        return [
            f"{name} must be {expected}, was {value}"
            for name, value, _ in self._bounds()
            if isinstance(value, Decimal | int) and not isinstance(value, bool)
            if (expected := _broken_range(name, Decimal(value)))
        ]

    def _related(self) -> list[str]:
        """List what the bounds are to each other, where all of them are sane numbers."""
        numbers = (value for _, value, _ in self._bounds() if isinstance(value, Decimal))
        if not all(n.is_finite() and abs(n) <= NUMBER_MAX for n in numbers):
            return []
        return [*self._contradictions(), *self._unsendable()]

    def _contradictions(self) -> list[str]:
        """List bounds that exclude each other; the prover assumes that there are none."""
        faults = [
            f"{low} {getattr(self, low)} must not exceed {high} {getattr(self, high)}"
            for low, high in _ORDERED
            if getattr(self, low) > getattr(self, high)
        ]
        if self.margin_min_usd * self.leverage_min > self.notional_max_usd:
            faults.append(f"{self._least()} must not exceed {self._notional()}")
        if not self.symbols:
            faults.append("symbols must name at least one symbol, named none")
        if self.entry_orders_max_pct > HUNDRED - self.exit_orders_reserve_pct:
            reserve = f"exit_orders_reserve_pct {self.exit_orders_reserve_pct}"
            faults.append(f"{self._share()} and {reserve} must not exceed 100 together")
        return faults

    def _unsendable(self) -> Iterator[str]:
        """Yield why no order fits between the bounds: in cents, at a whole leverage."""
        margin, leverage = _up(self.margin_min_usd, CENT), _up(self.leverage_min, ONE)
        if self.margin_min_usd <= self.margin_max_usd < margin:
            span = f"margin_min_usd {self.margin_min_usd} to margin_max_usd"
            yield f"from {span} {self.margin_max_usd} there must be a whole cent"
        if self.leverage_min <= self.leverage_max < leverage:
            span = f"leverage_min {self.leverage_min} to leverage_max"
            yield f"from {span} {self.leverage_max} there must be a whole leverage"
        least_usd, whole_usd = self.margin_min_usd * self.leverage_min, margin * leverage
        if least_usd <= self.notional_max_usd < whole_usd:
            yield f"{self._least()}, each made whole, must not exceed {self._notional()}"
        if leverage * self._costs() >= 1:
            costs = f"taker_fee_pct {self.taker_fee_pct} and slippage_pct"
            lowest = f"leverage_min {self.leverage_min}"
            yield f"{costs} {self.slippage_pct} must leave some margin at {lowest}"
        if self.entry_orders_max_pct * self.venue_orders_10s_max < HUNDRED:
            orders = f"venue_orders_10s_max {self.venue_orders_10s_max}"
            yield f"{self._share()} of {orders} must be at least one order"

    def _least(self) -> str:
        return f"margin_min_usd {self.margin_min_usd} x leverage_min {self.leverage_min}"

    def _notional(self) -> str:
        return f"notional_max_usd {self.notional_max_usd}"

    def _share(self) -> str:
        return f"entry_orders_max_pct {self.entry_orders_max_pct}"

    def _costs(self) -> Decimal:
        """Return two taker fees and two slippages, as a fraction of notional."""
        return 2 * (self.taker_fee_pct + self.slippage_pct) / HUNDRED


#: Pairs in which the first may not be larger than the second.
_ORDERED: Final = (
    ("margin_min_usd", "margin_max_usd"),
    ("leverage_min", "leverage_max"),
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


def _up(value: Decimal, quantum: Decimal) -> Decimal:
    """Return the least multiple of `quantum` that is not below `value`."""
    cut = floor_to(value, quantum)
    return cut if cut >= value else cut + quantum


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

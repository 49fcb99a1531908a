"""What the venue says about a contract: filters, brackets, liquidation, costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.money import (
    ONE,
    ZERO,
    Leverage,
    Notional,
    Price,
    Quantity,
    floor_to,
)

#: Maintenance margin rate used where the symbol's bracket is not known (spec 1.3).
MMR_DEFAULT: Final = Decimal("0.004")

_TIER_ROUNDS_MAX: Final = 12


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """One tier of the venue's leverage table; notionals in USD.

    `cum` is the maintenance amount in USD that keeps the margin continuous between tiers.
    """

    leverage_max: int
    notional_floor: Decimal
    notional_cap: Decimal
    mmr: Decimal
    cum: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """The trading rules of one perpetual contract.

    `quantity_max` is the smaller of LOT_SIZE and MARKET_LOT_SIZE: orders are market orders.
    """

    symbol: Symbol
    price_tick: Decimal
    quantity_step: Decimal
    quantity_min: Decimal
    quantity_max: Decimal
    notional_min: Decimal
    brackets: tuple[Bracket, ...]

    def __post_init__(self) -> None:
        faults = [*self._filter_faults(), *_bracket_faults(self.brackets)]
        if faults:
            msg = f"{self.symbol}: {'; '.join(faults)}"
            raise InvalidValueError(msg)

    def _filter_faults(self) -> Iterator[str]:
        for name in ("price_tick", "quantity_step", "quantity_min", "quantity_max"):
            value: Decimal = getattr(self, name)
            if not (value.is_finite() and value > 0):
                yield f"{name} must be finite and positive, was {value}"
        if not (self.notional_min.is_finite() and self.notional_min >= 0):
            yield f"notional_min must be finite and not negative, was {self.notional_min}"

    def bracket_at(self, notional_usd: Decimal) -> Bracket:
        """Return the tier a position of this notional falls in; beyond all, the last."""
        for bracket in self.brackets:
            if notional_usd <= bracket.notional_cap:
                return bracket
        return self.brackets[-1]

    def quantity_of(self, notional: Notional, price: Price) -> Decimal:
        """Return the base quantity this exposure buys at `price`, cut down to the step.

        May be zero, which is no quantity at all: the caller refuses it.
        """
        return floor_to(notional.usd / price.usd, self.quantity_step)

    def reducible(self, open_base: Decimal, wanted_base: Decimal) -> Decimal:
        """Return how much of an open quantity to close when `wanted_base` is asked for.

        Cut down to the step, never more than is open, and all of it where the part or what
        it leaves would be below the venue's minimum: a reduction leaves no dust.
        """
        part = floor_to(min(wanted_base, open_base), self.quantity_step)
        if min(part, open_base - part) < self.quantity_min:
            return open_base
        return part

    def price_beyond(self, price: Decimal, side: Side) -> Price:
        """Round a stop price of a position on `side` to the tick, towards the entry.

        A long's stop rounds up and a short's down: the safe side is the nearer stop.
        """
        low = floor_to(price, self.price_tick)
        if side is Side.BUY and low < price:
            low += self.price_tick
        return Price(low)


def _bracket_faults(brackets: Sequence[Bracket]) -> Iterator[str]:
    """Say what makes a table of tiers no ladder: a larger position is never freer."""
    if not brackets:
        yield "must have at least one leverage bracket, had none"
    for tier in brackets:
        if tier.leverage_max < 1 or not 0 < tier.mmr < 1 or not tier.notional_cap > 0:
            yield f"a bracket must have leverage, rate and cap, was {tier}"
    for low, high in pairwise(brackets):
        if not (
            low.notional_cap < high.notional_cap
            and low.leverage_max >= high.leverage_max
            and low.mmr <= high.mmr
        ):
            yield f"brackets must tighten with notional, were {low} and {high}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CostRates:
    """What trading costs, as fractions of notional (0.0005 = 0.05 %).

    Defaults: USD-M regular-user taker fee; slippage allowance per side for a market order.
    """

    taker_fraction: Decimal = Decimal("0.0005")
    slippage_fraction: Decimal = Decimal("0.0005")

    @property
    def round_trip_fraction(self) -> Decimal:
        """Entry and exit together: two fees and the slippage of both market orders."""
        return 2 * (self.taker_fraction + self.slippage_fraction)


def liquidation_distance(side: Side, leverage: Decimal, mmr: Decimal) -> Decimal:
    """Return the adverse move, a fraction of entry, that liquidates an isolated position.

    Source: the venue's liquidation formula at tier 1, isolated margin = notional /
    leverage: long (1/L - m)/(1 - m), short (1/L - m)/(1 + m). Zero or less: liquidated at
    once.

    >>> round(liquidation_distance(Side.BUY, Decimal(10), Decimal("0.004")), 4)
    Decimal('0.0964')
    """
    return (ONE / leverage - mmr) / (ONE - side.sign * mmr)


def leverage_for_distance(side: Side, distance: Decimal, mmr: Decimal) -> Decimal:
    """Return the largest leverage whose liquidation distance is at least `distance`.

    The inverse of `liquidation_distance`, unrounded.

    >>> round(leverage_for_distance(Side.BUY, Decimal("0.06"), Decimal("0.004")), 2)
    Decimal('15.68')
    """
    return ONE / (distance * (ONE - side.sign * mmr) + mmr)


def liquidation_price(
    instrument: Instrument,
    *,
    side: Side,
    quantity: Quantity,
    entry: Price,
    margin_usd: Decimal,
) -> Decimal:
    """Return the mark price in USD at which an isolated one-way position is liquidated.

    LP = (margin + cum - side*Q*EP) / (Q*MMR - side*Q), recomputed with the tier of the
    notional at LP until it is stable. Zero means no price above zero liquidates it (a long
    fully backed). Source: the venue's FAQ formula, `reference/venue-binance.md` section 4.
    """
    sign, size, price = side.sign, quantity.base, entry.usd
    bracket = instrument.bracket_at(size * price)
    level = ZERO
    for _ in range(_TIER_ROUNDS_MAX):
        level = (margin_usd + bracket.cum - sign * size * price) / (
            size * bracket.mmr - sign * size
        )
        again = instrument.bracket_at(max(level, ZERO) * size)
        if again is bracket:
            break
        bracket = again
    return max(level, ZERO)


def leverage_allowed(instrument: Instrument, notional_usd: Decimal) -> Leverage:
    """Return the most leverage the venue grants to a position of this notional."""
    return Leverage(Decimal(instrument.bracket_at(notional_usd).leverage_max))

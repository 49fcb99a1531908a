"""What an account carries and did lately, as aggregates: no list grows into a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Worst case over positions, working, unknown, reserved and foreign orders, in USD.

    An order in doubt counts as filled where that is worse: it adds to its own side, and
    offsets nothing on the other. `net_long_usd` is the most the account may be long after
    its shorts, `net_short_usd` the reverse; either may be negative. `symbol_usd` is what
    stands on the intent's own symbol, `unknown_on_symbol` how many orders may live there, a
    stop left from the position before among them. `unknown_at_start` counts the orders
    whose fate was unknown when this process began, and still is. `unknown_since_ms` is when
    the oldest order in doubt was sent, None where there is none. Aggregates: a verdict
    takes the same time with one open symbol or a thousand.
    """

    long_usd: Decimal
    short_usd: Decimal
    net_long_usd: Decimal
    net_short_usd: Decimal
    symbol_usd: Decimal
    margin_usd: Decimal
    open_positions: int
    naked_positions: int
    foreign_positions: int
    unknown_orders: int
    unknown_on_symbol: int
    unknown_at_start: int
    unknown_since_ms: UnixMs | None

    def __post_init__(self) -> None:
        amounts = (self.long_usd, self.short_usd, self.symbol_usd, self.margin_usd)
        nets = (self.net_long_usd, self.net_short_usd)
        counts = (
            *(self.open_positions, self.naked_positions, self.foreign_positions),
            *(self.unknown_orders, self.unknown_on_symbol, self.unknown_at_start),
        )
        _check_amounts("exposure", amounts, nets, counts)

    @property
    def notional_usd(self) -> Decimal:
        """What both sides add up to."""
        return self.long_usd + self.short_usd


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What was done lately, as the journal tells it; windows slide and end now.

    `approved_*` is the new notional that was approved account-wide. `symbol_entries_1h` and
    `losers_in_row` are the symbol's own; the losers end with a winner, or when a person
    re-arms the symbol. `malformed_pct` is of the source's own last proposals. `orders_*`
    counts every order sent, `entries_*` those that open.
    """

    approved_1m_usd: Decimal
    approved_1h_usd: Decimal
    approved_1d_usd: Decimal
    slippage_1h_usd: Decimal
    malformed_pct: Decimal
    symbol_entries_1h: int
    losers_in_row: int
    lost_ms: UnixMs | None
    entries_10s: int
    entries_1m: int
    orders_10s: int
    orders_1m: int

    def __post_init__(self) -> None:
        amounts = (
            *(self.approved_1m_usd, self.approved_1h_usd, self.approved_1d_usd),
            *(self.slippage_1h_usd, self.malformed_pct),
        )
        counts = (
            *(self.symbol_entries_1h, self.losers_in_row, self.entries_10s),
            *(self.entries_1m, self.orders_10s, self.orders_1m),
        )
        _check_amounts("activity", amounts, (), counts)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Venues:
    """Where orders go, whose account is read, and whose prices are."""

    orders: str
    account: str
    prices: str


def _check_amounts(
    what: str,
    amounts: tuple[Decimal, ...],
    signed: tuple[Decimal, ...],
    counts: tuple[int, ...],
) -> None:
    for amount in (*amounts, *signed):
        if not amount.is_finite():
            msg = f"{what} must be finite, was {amount}"
            raise InvalidValueError(msg)
    for number in (*amounts, *map(Decimal, counts)):
        if number < 0:
            msg = f"{what} must not be negative, was {number}"
            raise InvalidValueError(msg)

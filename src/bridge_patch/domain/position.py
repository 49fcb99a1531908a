"""A position is a fold of fills, signed; so is an account."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import Filled, FillKind, FundingPaid
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.money import ZERO


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """An open position of one symbol in one-way mode.

    `signed_base` is positive for a long, negative for a short, never zero: flat is no
    position. `first_base` is what the entry filled, before any reduction; `margin_usd` is
    isolated.
    """

    symbol: Symbol
    signed_base: Decimal
    first_base: Decimal
    entry_price_usd: Decimal
    margin_usd: Decimal
    opened_ms: UnixMs
    cost_usd: Decimal = ZERO

    @property
    def side(self) -> Side:
        """The side it was opened on."""
        return Side.BUY if self.signed_base > 0 else Side.SELL

    @property
    def quantity_base(self) -> Decimal:
        """How much is open, without the sign."""
        return abs(self.signed_base)

    def notional_usd(self, mark_usd: Decimal) -> Decimal:
        """Return the exposure at `mark_usd`."""
        return abs(self.signed_base) * mark_usd

    def unrealised_usd(self, mark_usd: Decimal) -> Decimal:
        """Return the gain not yet taken, at `mark_usd`."""
        return self.signed_base * (mark_usd - self.entry_price_usd)


@final
@dataclass(frozen=True, slots=True)
class MayBeOpen:
    """What is open if an entry of unknown fate has filled, as far as nothing was told.

    `signed_base` is as a position's, never zero.
    """

    symbol: Symbol
    signed_base: Decimal

    @property
    def side(self) -> Side:
        """The side of the entry."""
        return Side.BUY if self.signed_base > 0 else Side.SELL

    @property
    def quantity_base(self) -> Decimal:
        """The most that can be open, without the sign."""
        return abs(self.signed_base)


def apply_fill(position: Position | None, fill: Filled) -> Position | None:
    """Return the position after `fill`; None is flat.

    A fill against the position reduces it and, beyond zero, leaves a position of the other
    sign at the fill's price: the fold states what happened, the Governor prevents it.
    """
    change = fill.quantity_base * fill.side.sign
    if position is None:
        return _opened(fill, change)
    after = position.signed_base + change
    if after == 0:
        return None
    if position.signed_base * change > 0:
        paid = position.entry_price_usd * position.quantity_base
        paid += fill.price_usd * fill.quantity_base
        return replace(
            position,
            signed_base=after,
            first_base=position.first_base + fill.quantity_base,
            entry_price_usd=paid / abs(after),
            margin_usd=position.margin_usd + fill.margin_usd,
            cost_usd=position.cost_usd + fill.fee_usd,
        )
    if position.signed_base * after < 0:
        return _opened(fill, after)
    return replace(
        position,
        signed_base=after,
        margin_usd=position.margin_usd + fill.margin_usd,
        cost_usd=position.cost_usd * after / position.signed_base,
    )


def apply_funding(position: Position, paid: FundingPaid) -> Position:
    """Return an isolated position after funding: it pays and receives by its own margin."""
    return replace(
        position,
        margin_usd=position.margin_usd + paid.amount_usd,
        cost_usd=position.cost_usd - paid.amount_usd,
    )


def gain_usd(position: Position, quantity_base: Decimal, price_usd: Decimal) -> Decimal:
    """Return what closing this much of a position at that price realises, fees apart."""
    return position.side.sign * quantity_base * (price_usd - position.entry_price_usd)


def _opened(fill: Filled, signed_base: Decimal) -> Position:
    return Position(
        symbol=fill.symbol,
        signed_base=signed_base,
        first_base=abs(signed_base),
        entry_price_usd=fill.price_usd,
        margin_usd=max(fill.margin_usd, ZERO),
        opened_ms=fill.at_ms,
        cost_usd=fill.fee_usd * (abs(signed_base) / fill.quantity_base),
    )


def wallet_change(fill: Filled) -> Decimal:
    """Return what a fill adds to the wallet in USD: realised gain less the fee."""
    return fill.realised_usd - fill.fee_usd


def is_exit(fill: Filled) -> bool:
    """Tell whether a fill closed something."""
    return fill.kind is not FillKind.ENTRY

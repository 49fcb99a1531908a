"""What an exchange knows of one account: a fold of its own events and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import assert_never, final

from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.position import Position, apply_fill, wallet_change
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    FundingPaid,
    OrderEnded,
    OrderRefused,
    StopArmed,
    VenueEvent,
)

#: The venue's answer to the cancel of an order that does not rest; no order is born of it.
CANCEL_REFUSED = "-2011"


@final
@dataclass(slots=True, kw_only=True)
class Ledger:
    """Wallet, positions and orders of one account; altered by `evolve` alone.

    `wallet_usd` includes the isolated margins; `margin_usd` is their sum. Stops are kept
    oldest first. `orders` knows every order there ever was, for who asks what became of it.
    """

    wallet_usd: Decimal
    margin_usd: Decimal = ZERO
    trades: int = 0
    positions: dict[Symbol, Position] = field(default_factory=dict)
    stops: dict[Symbol, dict[ClientOrderId, StopArmed]] = field(default_factory=dict)
    leverages: dict[Symbol, int] = field(default_factory=dict)
    opened_by: dict[Symbol, IntentId] = field(default_factory=dict)
    orders: dict[tuple[Symbol, ClientOrderId], OrderState] = field(default_factory=dict)

    @property
    def available_usd(self) -> Decimal:
        """What is free to be posted; in isolated mode an unrealised gain is not."""
        return self.wallet_usd - self.margin_usd


def evolve(ledger: Ledger, event: VenueEvent) -> None:
    """Take one event into the account. What is in the journal is never doubted here."""
    match event:
        case Filled():
            _filled(ledger, event)
        case StopArmed():
            ledger.stops.setdefault(event.symbol, {})[event.order_id] = event
            ledger.orders[event.symbol, event.order_id] = OrderState.OPEN
        case OrderEnded():
            _unrest(ledger, event.symbol, event.order_id)
            ledger.orders[event.symbol, event.order_id] = OrderState.CANCELLED
        case OrderRefused():
            if event.code != CANCEL_REFUSED:
                key = event.symbol, event.order_id
                ledger.orders.setdefault(key, OrderState.REJECTED)
        case FundingPaid():
            _funded(ledger, event)
        case unreachable:
            assert_never(unreachable)


def _filled(ledger: Ledger, fill: Filled) -> None:
    symbol = fill.symbol
    before = ledger.positions.get(symbol)
    after = apply_fill(before, fill)
    ledger.wallet_usd += wallet_change(fill)
    ledger.margin_usd += fill.margin_usd
    ledger.trades += 1
    ledger.orders[symbol, fill.order_id] = OrderState.FILLED
    if fill.kind is FillKind.STOP:
        _unrest(ledger, symbol, fill.order_id)
    if after is None:
        for facts in (ledger.positions, ledger.leverages, ledger.opened_by):
            facts.pop(symbol, None)
        return
    ledger.positions[symbol] = after
    if fill.kind is FillKind.ENTRY:
        ledger.leverages[symbol] = leverage_of(fill)
        ledger.opened_by.setdefault(symbol, fill.intent_id)


def leverage_of(fill: Filled) -> int:
    """Return the whole leverage an entry was filled at: margin is notional ÷ leverage."""
    return int((fill.quantity_base * fill.price_usd / fill.margin_usd).to_integral_value())


def _unrest(ledger: Ledger, symbol: Symbol, order_id: ClientOrderId) -> None:
    resting = ledger.stops.get(symbol, {})
    resting.pop(order_id, None)
    if not resting:
        ledger.stops.pop(symbol, None)


def _funded(ledger: Ledger, paid: FundingPaid) -> None:
    """Funding moves wallet and isolated margin alike, as the venue books it."""
    ledger.wallet_usd += paid.amount_usd
    position = ledger.positions.get(paid.symbol)
    if position is not None:
        margin = position.margin_usd + paid.amount_usd
        ledger.positions[paid.symbol] = replace(position, margin_usd=margin)
        ledger.margin_usd += paid.amount_usd

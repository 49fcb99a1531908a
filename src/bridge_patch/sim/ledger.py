"""What an exchange knows of one account: a fold of its own events and of nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, assert_never, final

from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, OrderState
from bridge_patch.domain.position import (
    Position,
    apply_fill,
    apply_funding,
    wallet_change,
)
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
    StopArmed,
    TrailingSet,
    VenueEvent,
)

#: The venue's answer to the cancel of an order that does not rest; no order is born of it.
CANCEL_REFUSED = "-2011"
#: So many of the newest ended orders are known for certain, and at most twice as many.
ENDED_KEPT: Final = 5_000


@final
@dataclass(slots=True, kw_only=True)
class Ledger:
    """Wallet, positions and orders of one account; altered by `evolve` alone.

    `wallet_usd` includes the isolated margins; `margin_usd` is their sum. Stops and trails
    are kept oldest first. `ended` knows what became of the newest orders, for who asks;
    once it is full it becomes `ended_before`, and what was there is forgotten. `funded_ms`
    is each symbol's last settlement, `taken` what market orders took from its book at one
    instant.
    """

    wallet_usd: Decimal
    margin_usd: Decimal = ZERO
    trades: int = 0
    positions: dict[Symbol, Position] = field(default_factory=dict)
    stops: dict[Symbol, dict[ClientOrderId, StopArmed]] = field(default_factory=dict)
    trails: dict[Symbol, dict[ClientOrderId, TrailingSet]] = field(default_factory=dict)
    leverages: dict[Symbol, int] = field(default_factory=dict)
    opened_by: dict[Symbol, IntentId] = field(default_factory=dict)
    ended: dict[tuple[Symbol, ClientOrderId], OrderState] = field(default_factory=dict)
    ended_before: dict[tuple[Symbol, ClientOrderId], OrderState] = field(
        default_factory=dict
    )
    funded_ms: dict[Symbol, UnixMs] = field(default_factory=dict)
    taken: dict[Symbol, tuple[UnixMs, Decimal]] = field(default_factory=dict)

    @property
    def available_usd(self) -> Decimal:
        """What is free to be posted; in isolated mode an unrealised gain is not."""
        return self.wallet_usd - self.margin_usd

    def order_state(self, symbol: Symbol, order_id: ClientOrderId) -> OrderState | None:
        """Return what became of an order; None if there was none or it is long over."""
        stops, trails = self.stops.get(symbol, ()), self.trails.get(symbol, ())
        if order_id in stops or order_id in trails:
            return OrderState.OPEN
        key = symbol, order_id
        return self.ended.get(key) or self.ended_before.get(key)

    def taken_base(self, symbol: Symbol, at_ms: UnixMs) -> Decimal:
        """Return how much market orders have taken from the book at this instant."""
        then_ms, quantity = self.taken.get(symbol, (at_ms, ZERO))
        return quantity if then_ms == at_ms else ZERO


def evolve(ledger: Ledger, event: VenueEvent) -> None:
    """Take one event into the account. What is in the journal is never doubted here."""
    match event:
        case Filled():
            _filled(ledger, event)
        case StopArmed():
            _forget(ledger, event.symbol, event.order_id)
            ledger.stops.setdefault(event.symbol, {})[event.order_id] = event
        case TrailingSet():
            _forget(ledger, event.symbol, event.order_id)
            ledger.trails.setdefault(event.symbol, {})[event.order_id] = event
        case OrderEnded():
            _unrest(ledger, event.symbol, event.order_id)
            state = ledger.order_state(event.symbol, event.order_id)
            if state is not OrderState.FILLED:
                _end(ledger, event.symbol, event.order_id, OrderState.CANCELLED)
        case OrderRefused():
            state = ledger.order_state(event.symbol, event.order_id)
            if state is None and event.code != CANCEL_REFUSED:
                _end(ledger, event.symbol, event.order_id, OrderState.REJECTED)
        case FundingPaid():
            _funded(ledger, event)
        case InsuranceCleared():
            ledger.wallet_usd += event.amount_usd
        case unreachable:
            assert_never(unreachable)


def _filled(ledger: Ledger, fill: Filled) -> None:
    counts(ledger, fill)
    stands(ledger, fill)


def counts(ledger: Ledger, fill: Filled) -> None:
    """Let a trade earn and cost what it did, and be told apart from any other."""
    symbol = fill.symbol
    ledger.wallet_usd += wallet_change(fill)
    ledger.trades = max(ledger.trades + 1, _number_of(fill))
    _end(ledger, symbol, fill.order_id, OrderState.FILLED)
    if fill.kind is FillKind.STOP:
        _unrest(ledger, symbol, fill.order_id)
    elif fill.kind is not FillKind.LIQUIDATION:
        taken = ledger.taken_base(symbol, fill.at_ms) + fill.quantity_base
        ledger.taken[symbol] = fill.at_ms, taken


def stands(ledger: Ledger, fill: Filled) -> None:
    """Let a trade change what is open and posted, and nothing else of the account."""
    symbol = fill.symbol
    after = apply_fill(ledger.positions.get(symbol), fill)
    ledger.margin_usd += fill.margin_usd
    if after is None:
        for facts in (ledger.positions, ledger.leverages, ledger.opened_by):
            facts.pop(symbol, None)
        return
    ledger.positions[symbol] = after
    if fill.kind is FillKind.ENTRY:
        ledger.leverages[symbol] = leverage_of(fill)
        ledger.opened_by.setdefault(symbol, fill.intent_id)


def _end(
    ledger: Ledger, symbol: Symbol, order_id: ClientOrderId, state: OrderState
) -> None:
    if len(ledger.ended) >= ENDED_KEPT:
        ledger.ended, ledger.ended_before = {}, ledger.ended
    ledger.ended[symbol, order_id] = state


def _forget(ledger: Ledger, symbol: Symbol, order_id: ClientOrderId) -> None:
    """Drop what is known of an ended order: its id is used again, for one that rests."""
    for kind in (ledger.ended, ledger.ended_before):
        kind.pop((symbol, order_id), None)


def _number_of(fill: Filled) -> int:
    """Return the number in a trade's id: a trade nobody wrote down leaves a gap behind it.

    After a restart no later trade may get the id of one that is known.
    """
    number = fill.trade_id.rpartition("-")[2]
    return int(number) if number.isdecimal() else 0


def leverage_of(fill: Filled) -> int:
    """Return the whole leverage an entry was filled at: margin is notional ÷ leverage."""
    return int((fill.quantity_base * fill.price_usd / fill.margin_usd).to_integral_value())


def _unrest(ledger: Ledger, symbol: Symbol, order_id: ClientOrderId) -> None:
    for kind in (ledger.stops, ledger.trails):
        resting = kind.get(symbol, {})
        resting.pop(order_id, None)
        if not resting:
            kind.pop(symbol, None)


def _funded(ledger: Ledger, paid: FundingPaid) -> None:
    """Funding moves wallet and isolated margin alike, as the venue books it."""
    ledger.wallet_usd += paid.amount_usd
    ledger.funded_ms[paid.symbol] = paid.at_ms
    position = ledger.positions.get(paid.symbol)
    if position is not None:
        ledger.positions[paid.symbol] = apply_funding(position, paid)
        ledger.margin_usd += paid.amount_usd

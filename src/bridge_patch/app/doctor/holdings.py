"""Checks of what is open: orders at both services, and positions; ours by the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.inspection import Inspection, Outcome
from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.replies import AlgoReply, OrderReply, PositionRisk
from bridge_patch.app.doctor.finding import Finding, fault, note, unread, well
from bridge_patch.app.doctor.remedies import remedy_of
from bridge_patch.app.status.holdings import Holdings
from bridge_patch.domain.events import (
    Book,
    Filled,
    FundingPaid,
    OrderEnded,
    RunStarted,
    Sending,
    StopArmed,
    TrailingSet,
)
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.services.ports import Stored

HELD: Final = (Filled, StopArmed, TrailingSet, OrderEnded, FundingPaid)
#: What tells in a journal which orders and positions are ours.
KINDS: Final = frozenset(kind.__name__ for kind in (RunStarted, Sending, *HELD))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What the journal knows of this venue: every order sent, positions in base, signed."""

    order_ids: frozenset[str]
    positions: Mapping[Symbol, Decimal]


def ours_of(events: Iterable[Stored], venue: str) -> Ours | None:
    """Fold what a journal says of one venue; None where it never ran there."""
    there, ran, ids, held = False, False, set[str](), Holdings()
    for stored in events:
        event = stored.event
        if isinstance(event, RunStarted):
            there = event.venue == venue
            ran = ran or there
        elif there and isinstance(event, Sending):
            ids.add(event.order_id)
            held.early.sent(event)
        elif there and isinstance(event, HELD) and event.book is Book.ACCOUNT:
            held.apply(event)
    if not ran:
        return None
    signed = {symbol: p.signed_base for symbol, p in held.positions.items()}
    return Ours(order_ids=frozenset(ids), positions=signed)


def check_holdings(
    seen: Inspection, ours: Ours | None, symbols: Sequence[Symbol]
) -> Iterator[Finding]:
    """Check orders, then positions."""
    yield check_orders(seen.orders, seen.algos, ours)
    yield check_positions(seen.positions, ours, symbols)


def check_orders(
    orders: Outcome[list[OrderReply]], algos: Outcome[list[AlgoReply]], ours: Ours | None
) -> Finding:
    """Count what rests at both services, and how much of it is ours."""
    check = "open orders"
    if not isinstance(orders, Accepted):
        return unread(check, orders)
    if not isinstance(algos, Accepted):
        return unread(check, algos)
    ids = [order.client_order_id for order in orders.value]
    stops = [algo.client_algo_id for algo in algos.value]
    count = f"{len(ids)} ordinary, {len(stops)} conditional"
    if ours is None:
        if not ids and not stops:
            return well(check, "none")
        found = f"{count}; no journal tells which are ours"
        return note(check, found, remedy_of("FOREIGN"))
    foreign = [each for each in (*ids, *stops) if each not in ours.order_ids]
    if foreign:
        return note(check, f"{count}; {len(foreign)} not ours", remedy_of("FOREIGN"))
    return well(check, f"{count}, all ours" if ids or stops else "none")


def check_positions(
    positions: Outcome[list[PositionRisk]], ours: Ours | None, symbols: Sequence[Symbol]
) -> Finding:
    """Hold what is open against the journal.

    In one-way mode a position that is not ours, on a symbol that is traded, would become
    one with ours: that is a fault. On any other symbol it is nobody's business.
    """
    check = "positions"
    if not isinstance(positions, Accepted):
        return unread(check, positions)
    held = dict.fromkeys((Symbol(p.symbol) for p in positions.value), ZERO)
    for risk in positions.value:
        held[Symbol(risk.symbol)] += risk.position_amt
    held = {symbol: amount for symbol, amount in held.items() if amount}
    known = ours.positions if ours else {}
    apart = sorted(s for s in {*held, *known} if held.get(s, ZERO) != known.get(s, ZERO))
    differing = [s for s in apart if s in known]
    if differing:
        told = ", ".join(_both(s, held, known) for s in differing)
        return fault(check, told, remedy_of("DIFFERENCE"))
    if apart:
        told = f"not ours: {', '.join(f'{s} {held[s]:f}' for s in apart)}"
        on_ours = any(s in symbols for s in apart)
        state = fault if on_ours else note
        return state(check, told, remedy_of("FOREIGN"))
    return well(check, f"{len(held)}, as the journal has them" if held else "none")


def _both(
    symbol: Symbol, held: Mapping[Symbol, Decimal], known: Mapping[Symbol, Decimal]
) -> str:
    there, here = held.get(symbol, ZERO), known.get(symbol, ZERO)
    return f"{symbol} {there:f} at the exchange, {here:f} in the journal"

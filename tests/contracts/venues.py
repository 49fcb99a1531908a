"""The venues of the contract suite, and how its tests speak to one."""

import asyncio
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import TypeVar

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.position import Position
from bridge_patch.services.ports import AccountReading, Report, Venue
from tests.contracts.approvals import BTC, entry_approval, reduction_approval
from tests.questions import NOW

D = Decimal
T = TypeVar("T")
MINUTE = 60_000


def paper(wallet_usd: Decimal) -> Venue:
    return PaperVenue(wallet_usd=wallet_usd, instruments=ListedInstruments())


VENUES = [paper]
NewVenue = Callable[[Decimal], Venue]


def run(call: Coroutine[object, object, T]) -> T:
    return asyncio.run(call)


def tick(minute: int, low: str, high: str | None = None, close: str | None = None) -> Tick:
    """One bar of BTC that opens at its high."""
    top = D(high or low)
    at = UnixMs(NOW + minute * MINUTE)
    bar = Bar(
        symbol=BTC,
        open_ms=UnixMs(at - MINUTE),
        close_ms=at,
        open=top,
        high=top,
        low=D(low),
        close=D(close or low),
        volume=D(1000),
    )
    return Tick(at_ms=at, bars=(bar,))


def order(name: str) -> ClientOrderId:
    return ClientOrderId(name)


def reading(venue: Venue) -> AccountReading:
    read = run(venue.read())
    assert isinstance(read, AccountReading)
    return read


def as_position(venue: Venue) -> Position:
    """What the Governor would be shown."""
    (held,) = reading(venue).positions
    return Position(
        symbol=held.symbol,
        signed_base=held.side.sign * held.quantity_base,
        first_base=held.quantity_base,
        entry_price_usd=held.entry_price_usd,
        margin_usd=held.margin_usd,
        opened_ms=NOW,
    )


def opened(venue: Venue, side: Side = Side.BUY) -> Report:
    return run(venue.place(entry_approval(side=side), order("entry")))


def armed(venue: Venue, price: str, name: str = "stop") -> Report:
    approved = reduction_approval(position=as_position(venue), stop_at=price)
    return run(venue.reduce(approved, order(name)))


def found(venue: Venue, name: str) -> OrderEvent:
    return run(venue.find(BTC, order(name))).event

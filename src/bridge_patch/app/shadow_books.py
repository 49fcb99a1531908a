"""The shadow books of a run, and what trading costs in them."""

from __future__ import annotations

from bridge_patch.app.settings import Settings
from bridge_patch.domain.events import Book
from bridge_patch.services.books import ShadowBook
from bridge_patch.services.ports import Instruments
from bridge_patch.services.shadows import Books, baseline_size
from bridge_patch.sim.costs import Costs
from bridge_patch.sim.exchange import Exchange


def books_of(settings: Settings, instruments: Instruments, *, live: bool) -> Books:
    """Return the shadow books of a run; a live one has none as governed."""
    return Books(
        asked=_book(Book.ASKED, settings, instruments),
        baseline=_book(Book.BASELINE, settings, instruments),
        governed=None if live else _book(Book.GOVERNED, settings, instruments),
        size=baseline_size(settings.paper_equity_usd),
    )


def _book(book: Book, settings: Settings, instruments: Instruments) -> ShadowBook:
    exchange = Exchange(
        book=book,
        wallet_usd=settings.paper_equity_usd,
        instruments=instruments,
        costs=costs_of(settings),
    )
    exit_fraction = settings.limits().round_trip_fraction / 2
    return ShadowBook(exchange, instruments, exit_fraction)


def costs_of(settings: Settings) -> Costs:
    """Return what trading costs at a simulated venue."""
    return Costs(taker_fraction=settings.taker_fee_pct / 100)

"""`positions`: what is open, what protects it, what it waits for, what it would bring."""

from __future__ import annotations

from contextlib import closing

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.app.commands.journal_file import find_journal
from bridge_patch.app.commands.options import PositionsOptions
from bridge_patch.app.screen import cell, console, moment, print_exact, print_table
from bridge_patch.app.status.open_fold import OPEN_KINDS, OpenFold
from bridge_patch.app.status.open_view import PositionsView, positions_view
from bridge_patch.app.status.paint_positions import tables
from bridge_patch.domain.events import Book, IntentReceived
from bridge_patch.domain.intent import IntentId


def positions(options: PositionsOptions) -> int:
    """Show every open position; 1 where one of ours at the venue is NAKED."""
    found = _found(options)
    if options.source.as_json:
        print_exact(found)
    else:
        _show(found)
    return int(
        any(one.naked_ms is not None and _is_real(one.book) for one in found.positions)
    )


def _found(options: PositionsOptions) -> PositionsView:
    fold = OpenFold()
    with closing(JournalSearch(find_journal(options.source).journal)) as journal:
        for stored in journal.events(OPEN_KINDS):
            fold.apply(stored)
        books = set(Book) if options.shadow else {Book.ACCOUNT, fold.status.own_book}
        ids = {
            held
            for book in books
            for held in fold.status.book(book).holdings.opened_by.values()
        }
        return positions_view(
            fold,
            books=books,
            opened_by={one: _opener(fold, journal, one) for one in ids},
        )


def _opener(fold: OpenFold, journal: JournalSearch, intent_id: IntentId) -> str:
    """Return who asked for a position or adopted it, "" where nobody is known."""
    if intent_id in fold.adopted_by:
        return f"adopted by {fold.adopted_by[intent_id]}"
    for stored in journal.about(intent_id) if intent_id else ():
        if isinstance(stored.event, IntentReceived):
            return stored.event.source
    return ""


def _is_real(book: Book) -> bool:
    return book is Book.ACCOUNT


def _show(found: PositionsView) -> None:
    screen = console()
    at = f"at {moment(found.data_ms)} UTC"
    if not found.positions and not found.not_ours:
        screen.print(cell(f"nothing is open, {at}"))
        return
    for made in tables(found):
        print_table(made)
    screen.print(
        cell(
            f"{at}; last is the newest price in the journal, net is after fees paid,"
            " funding and the expected cost of the exit; a trail in brackets is not active",
            "dim",
            400,
        )
    )

"""`trace --symbol`: the newest intents of a symbol, from the message to the exit."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import final

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.app.commands.journal_file import fail_open_notices, find_journal
from bridge_patch.app.commands.options import TraceSymbolOptions
from bridge_patch.app.screen import (
    cell,
    console,
    moment,
    print_exact,
    print_table,
    span,
    table,
)
from bridge_patch.app.why.path import Path, book_of, path_of
from bridge_patch.app.why.position import opened_by
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, Filled, Judged
from bridge_patch.domain.intent import IntentId, Symbol

_KINDS = frozenset({Filled.__name__, Judged.__name__})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """The newest intents of a symbol, oldest first, and the runs that judged them."""

    symbol: Symbol
    paths: tuple[Path, ...]
    run_ids: tuple[str, ...]


def trace_symbol(options: TraceSymbolOptions) -> int:
    """Show how far each of the newest intents of a symbol came, and how fast."""
    place = find_journal(options.source)
    with closing(JournalSearch(place.journal)) as journal:
        found = _traced(journal, options)
    if not found.paths:
        msg = (
            f"--symbol must be one with a verdict in the journal, found none of"
            f" {options.symbol}: `bridge-patch decisions` lists them"
        )
        raise InvalidValueError(msg)
    if options.source.as_json:
        print_exact(found)
        return 0
    _show(found)
    for notice in fail_open_notices(place, found.run_ids):
        console().print(cell(notice, "bold red"))
    return 0


def _traced(journal: JournalSearch, options: TraceSymbolOptions) -> Traced:
    """Read once for the symbol's verdicts and fills, then what is filed under each id."""
    newest: dict[IntentId, tuple[Judged, str]] = {}
    fills: dict[Book, list[Filled]] = {book: [] for book in Book}
    for stored in journal.events(_KINDS):
        event = stored.event
        if isinstance(event, Filled) and event.symbol == options.symbol:
            fills[event.book].append(event)
        elif isinstance(event, Judged) and event.symbol == options.symbol:
            newest.pop(event.intent_id, None)
            newest[event.intent_id] = event, stored.run_id
            if len(newest) > options.last:
                del newest[next(iter(newest))]
    return Traced(
        symbol=options.symbol,
        paths=tuple(
            path_of(
                judged,
                [stored.event for stored in journal.about(intent_id)],
                opened_by(intent_id, fills[book_of(judged.mode)]),
            )
            for intent_id, (judged, _) in newest.items()
        ),
        run_ids=tuple(dict.fromkeys(run_id for _, run_id in newest.values())),
    )


def _show(found: Traced) -> None:
    made = table("intent", "step", "data time (UTC)", "after", "what")
    for path in found.paths:
        named = f"{path.intent_id} {path.action} {path.mode}"
        for number, stop in enumerate(path.stops):
            made.add_row(
                cell("" if number else named),
                cell(stop.stage),
                cell(moment(stop.at_ms)),
                cell(span(stop.since_ms)),
                cell(stop.said),
            )
    print_table(made)
    count = len(found.paths)
    console().print(cell(f"intents: {count}, the newest of {found.symbol} last"))

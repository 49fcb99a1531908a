"""`why`: what was asked, what each rule said, what was left, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.app.commands.journal_file import find_journal
from bridge_patch.app.commands.options import JournalOptions, TraceOptions
from bridge_patch.app.screen import cell, console, print_exact, print_table
from bridge_patch.app.why.explain import explain
from bridge_patch.app.why.find import Finder
from bridge_patch.app.why.paint import painted


def why(options: TraceOptions) -> int:
    """Explain one intent, or one message that never became one."""
    with _finder(options.source) as finder:
        answer = explain(finder.find(options.intent_id))
    if options.source.as_json:
        print_exact(answer)
    else:
        print_table(painted(answer))
    return 0


@contextmanager
def _finder(options: JournalOptions) -> Iterator[Finder]:
    place = find_journal(options)
    look, away = place.bus.look_or_why(place.store)
    if away:
        console(on_stderr=True).print(cell(f"without the bus: {away}", most=400))
    with closing(JournalSearch(place.journal)) as journal, closing(look) as bus:
        yield Finder(journal, bus)

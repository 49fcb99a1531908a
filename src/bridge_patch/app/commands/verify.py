"""`verify`: whether anything in the journal was changed, dropped, moved or cut off."""

from __future__ import annotations

from collections.abc import Callable

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import Verification, verify_journal
from bridge_patch.adapters.verify_server import verify_server
from bridge_patch.app.commands.journal_file import find_journal
from bridge_patch.app.commands.options import JournalOptions
from bridge_patch.app.screen import cell, console, print_json

_REMEDY = (
    "restore the journal and its .head file together from a backup, and keep the damaged"
    " ones: what stands before the first fault is still proved"
)


def verify(options: JournalOptions) -> int:
    """Check every entry against the chain and the head; 0 if nothing is wrong, else 1."""
    journal = find_journal(options).journal
    found = _with_progress(journal)
    if options.as_json:
        _print_object(journal, found)
    else:
        _print_text(journal, found)
    return 0 if found.ok else 1


def verified(
    journal: Database, progress: Callable[[int, int], None] | None = None
) -> Verification:
    """Check every entry of a journal, wherever it is."""
    if isinstance(journal, SqliteFile):
        return verify_journal(journal.path, progress)
    return verify_server(journal, progress)


def _with_progress(journal: Database) -> Verification:
    """Draw on stderr, so that stdout carries the result alone."""
    screen = console(on_stderr=True)
    bar = Progress(
        "verifying",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        return verified(journal, tell)


def _print_text(journal: Database, found: Verification) -> None:
    screen = console()
    if found.ok:
        screen.print(cell(f"✅ {journal}: {found.entries} entries, every link holds"))
        screen.print(cell(f"head {found.head.seq} {found.head.link}"))
        if found.beyond_head:
            beyond = f"{found.beyond_head} entries are younger than the head file"
            screen.print(cell(f"{beyond}: normal while a run is at work, or after a crash"))
        return
    screen.print(
        cell(f"❌ {journal}: {len(found.faults)} fault(s) in {found.entries} entries")
    )
    for fault in found.faults:
        where = f"entry {fault.seq}" if fault.seq else "the journal"
        screen.print(cell(f"- {where}: {fault.what}"))
    screen.print(cell(f"what to do: {_REMEDY}"))


def _print_object(journal: Database, found: Verification) -> None:
    print_json(
        {
            "ok": found.ok,
            "journal": str(journal),
            "entries": found.entries,
            "head": {"seq": found.head.seq, "link": found.head.link},
            "beyond_head": found.beyond_head,
            "faults": [{"entry": fault.seq, "what": fault.what} for fault in found.faults],
        }
    )

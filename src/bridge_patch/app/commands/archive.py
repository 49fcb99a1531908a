"""`archive`: the oldest entries of the journal, moved into files that stay part of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bridge_patch.adapters.archive import Archiving, Wish, archive_journal, plan_archive
from bridge_patch.adapters.holder import this_process
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_segments import FOLDER
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.commands.journal_file import find_run
from bridge_patch.app.commands.options import ArchiveOptions
from bridge_patch.app.progress import counted
from bridge_patch.app.screen import cell, console, print_json
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.errors import InvalidValueError

_DAY_MS: Final = 86_400_000


def archive(options: ArchiveOptions) -> int:
    """Show what would be moved; with --yes move it. Returns 0, or raises."""
    place = find_run(options.state, options.env_file)
    state_dir = place.store.path.parent
    settings = replace(load_settings(env_file=options.env_file), state_dir=state_dir)
    clock = SystemClock()
    wish = Wish(before_ms=_before_ms(options, clock.now_ms()))
    if options.yes:
        with counted("archiving") as tell:
            done = archive_journal(
                place.journal,
                wish,
                clock=clock,
                claim=Claim(holder=this_process(), ttl_ms=settings.lease_ttl_sec * 1000),
                key_file=settings.journal_key_path,
                progress=tell,
            )
    else:
        done = plan_archive(place.journal, wish)
    folder = place.journal.head_path.with_name(FOLDER)
    if options.as_json:
        print_json(
            {
                "dry": not options.yes,
                "journal": str(place.journal),
                "folder": str(folder),
                "first_seq": done.first_seq,
                "segment_ends": list(done.ends),
                "entries": done.count,
                "left": done.left,
            }
        )
    else:
        _print(done, str(place.journal), str(folder), dry=not options.yes)
    return 0


def _before_ms(options: ArchiveOptions, now_ms: int) -> int:
    match options.keep_days, options.before_ms:
        case (int(days), None):
            return now_ms - days * _DAY_MS
        case (None, int(moment)):
            return moment
        case _:
            msg = "say one of --keep-days and --before: what is older is moved"
            raise InvalidValueError(msg)


def _print(done: Archiving, journal: str, folder: str, *, dry: bool) -> None:
    screen = console()
    first, count = done.first_seq, done.count
    if not count:
        why = "nothing that is old enough and signed"
        screen.print(cell(f"{journal}: {why}; all {done.left} entries stay", most=400))
        return
    what = f"{count} entries from {first} on, in {len(done.ends)} segments"
    screen.print(cell(f"{journal}: {what}; {done.left} stay in the database", most=400))
    if dry:
        screen.print(cell("nothing was changed; --yes moves them"))
        return
    screen.print(cell(f"✅ moved to {folder}: back it up with the database", most=400))
    screen.print(cell("check it: bridge-patch verify"))

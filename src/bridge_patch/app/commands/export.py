"""`export`: the journal as Parquet files, which can be checked without the database."""

from __future__ import annotations

from bridge_patch.adapters.dump import export_journal
from bridge_patch.adapters.journal_key import PUBLIC_NAME, read_public_keys
from bridge_patch.app.commands.journal_file import find_journal
from bridge_patch.app.commands.options import ExportOptions
from bridge_patch.app.progress import counted
from bridge_patch.app.screen import cell, console, print_json


def export(options: ExportOptions) -> int:
    """Write what is not there yet, and say where the chain stands."""
    place = find_journal(options.source)
    told = place.store.path.with_name(PUBLIC_NAME)
    keys = read_public_keys(told).text() if told.is_file() else ""
    with counted("exporting") as tell:
        done = export_journal(
            place.journal, options.folder, public_keys=keys, progress=tell
        )
    if options.source.as_json:
        print_json(
            {
                "journal": str(place.journal),
                "folder": str(options.folder),
                "head": {"seq": done.head.seq, "link": done.head.link},
                "segments": done.segments,
                "segments_written": done.written,
                "checkpoints": done.checkpoints,
            }
        )
        return 0
    screen = console()
    count = (
        f"{done.head.seq} entries in {done.segments} segments, {done.written} of them new"
    )
    screen.print(
        cell(f"{options.folder}: {count}, {done.checkpoints} checkpoints", most=400)
    )
    screen.print(cell(f"head {done.head.seq} {done.head.link}"))
    screen.print(cell(f"check it: bridge-patch verify --dump {options.folder}", most=400))
    return 0

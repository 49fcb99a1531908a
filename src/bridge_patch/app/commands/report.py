"""`report`: a run as one page with pictures, which needs no network and runs no script."""

from __future__ import annotations

import webbrowser

from bridge_patch.app.commands.journal_file import find_journal
from bridge_patch.app.commands.options import ReportOptions
from bridge_patch.app.commands.verify import verified
from bridge_patch.app.report.write import REPORT_NAME, Written, write_report
from bridge_patch.app.screen import cell, console
from bridge_patch.domain.errors import InvalidValueError


def report(options: ReportOptions) -> int:
    """Write the report; 1 where the journal it is made of is damaged."""
    place = find_journal(options.source)
    out = options.out or place.store.path.with_name(REPORT_NAME)
    if out.is_dir() or out == place.store.path:
        what = "a folder" if out.is_dir() else "the journal itself"
        msg = f"--out must be a file to write the report to, {out} is {what}"
        raise InvalidValueError(msg)
    try:
        written = write_report(place.journal, out, verified(place.journal))
    except OSError as e:
        msg = f"--out must be a file that can be written: {e}"
        raise InvalidValueError(msg) from e
    _tell(written)
    if options.show:
        webbrowser.open(written.path.resolve().as_uri())
    return 0 if written.verification.ok else 1


def _tell(written: Written) -> None:
    screen, size = console(), written.size_bytes / 1_000_000
    screen.print(cell(f"report: {written.path} ({size:.1f} MB)", most=4096))
    if not written.verification.ok:
        first = written.verification.faults[0]
        where = f"entry {first.seq}" if first.seq else "the journal"
        screen.print(cell(f"❌ the journal is damaged, and the page says so: {where}:"))
        screen.print(cell(first.what))

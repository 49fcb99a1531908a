"""`doctor`: whether everything a run needs is so, each line with its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.table import Table

from bridge_patch.app.commands.options import DoctorOptions
from bridge_patch.app.doctor.finding import Finding, Mark, is_well
from bridge_patch.app.doctor.visit import visit
from bridge_patch.app.faults import SettingsError
from bridge_patch.app.screen import cell, console, print_json, print_table
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.errors import InvalidValueError

_STYLES: Final = {Mark.OK: "green", Mark.FAULT: "bold red", Mark.NOTE: "yellow"}
_WORDS_MAX: Final = 500


def doctor(options: DoctorOptions) -> int:
    """Show what was found; 1 where something is at fault, 2 where the settings are."""
    try:
        settings = load_settings(env_file=options.env_file)
        found = visit(
            settings, env_file=options.env_file, listen_sec=float(options.listen_sec)
        )
    except (SettingsError, InvalidValueError) as e:
        if not options.as_json:
            raise
        faults = e.faults if isinstance(e, SettingsError) else (str(e),)
        print_json({"ok": False, "faults": list(faults)})
        return 2
    if options.as_json:
        print_json(_object(settings.venue, found))
    else:
        print_table(_table(found))
        console().print(cell(_summary(found)))
    return 0 if is_well(found) else 1


def _object(venue: str, found: Sequence[Finding]) -> object:
    lines = [
        {"check": f.check, "mark": f.mark, "found": f.found, "remedy": f.remedy}
        | ({"cause": f.cause} if f.cause else {})
        for f in found
    ]
    return {"ok": is_well(found), "venue": venue, "findings": lines}


def _table(found: Sequence[Finding]) -> Table:
    made = Table.grid(padding=(0, 2))
    made.add_column(no_wrap=True)
    made.add_column(no_wrap=True)
    made.add_column(overflow="fold")
    for finding in found:
        mark = cell(finding.mark, _STYLES[finding.mark])
        made.add_row(mark, cell(finding.check), cell(finding.found, most=_WORDS_MAX))
        if finding.remedy:
            remedy = cell(f"→ {finding.remedy}", "dim", most=_WORDS_MAX)
            made.add_row("", "", remedy)
    return made


def _summary(found: Sequence[Finding]) -> str:
    faults = sum(finding.mark is Mark.FAULT for finding in found)
    notes = sum(finding.mark is Mark.NOTE for finding in found)
    return f"{_count(faults, 'fault')}, {_count(notes, 'note')}, {len(found)} lines"


def _count(count: int, word: str) -> str:
    return f"{count or 'no'} {word}{'' if count == 1 else 's'}"

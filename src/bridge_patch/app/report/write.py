"""Makes the report of a journal and puts it in a file, whole or not at all."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import Verification, verify_journal
from bridge_patch.app.report.material import KINDS, Material, gather
from bridge_patch.app.report.page import Source, page
from bridge_patch.domain.errors import InvalidValueError

#: What the report of a run is called, beside its journal.
REPORT_NAME: Final = "report.html"


@final
@dataclass(frozen=True, slots=True)
class Written:
    """A report that is there, and what it was made of."""

    path: Path
    size_bytes: int
    verification: Verification
    material: Material


def write_report(
    journal: Path, out: Path, verification: Verification | None = None
) -> Written:
    """Write the report of `journal` to `out`; the journal is verified unless it was."""
    found = verification or verify_journal(journal)
    material = read(journal)
    made = page(material, Source(journal=str(journal), verification=found)).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_name(f"{out.name}.part")
    half.write_bytes(made)
    half.replace(out)
    return Written(out, len(made), found, material)


def read(journal: Path) -> Material:
    """Return what a journal has to show."""
    with closing(JournalSearch(SqliteFile(journal))) as search:
        material = gather(stored.event for stored in search.events(KINDS))
    if not material.phases:
        msg = f"the journal must hold a run, {journal} holds none: nothing to report on"
        raise InvalidValueError(msg)
    return material

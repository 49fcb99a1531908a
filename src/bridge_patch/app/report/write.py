"""Makes the report of a journal and puts it in a file, whole or not at all."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.verify import Verification
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


def write_report(journal: Database, out: Path, verification: Verification) -> Written:
    """Write the report of a journal to `out`, with what its verification found."""
    material = read(journal)
    made = page(material, Source(journal=str(journal), verification=verification)).encode()
    out.parent.mkdir(parents=True, exist_ok=True)
    half = out.with_name(f"{out.name}.part")
    half.write_bytes(made)
    half.replace(out)
    return Written(out, len(made), verification, material)


def read(journal: Database) -> Material:
    """Return what a journal has to show."""
    with closing(JournalSearch(journal)) as search:
        material = gather(stored.event for stored in search.events(KINDS))
    if not material.phases:
        msg = f"the journal must hold a run, {journal} holds none: nothing to report on"
        raise InvalidValueError(msg)
    return material

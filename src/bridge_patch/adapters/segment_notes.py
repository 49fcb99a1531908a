"""What stands in a segment's file beside its entries, so that it is checked by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, final

import msgspec

from bridge_patch.adapters.audit import Audit, Verification
from bridge_patch.adapters.chain import Fault, Head
from bridge_patch.adapters.checkpoints import Checkpoint, Verifier
from bridge_patch.adapters.entry_files import (
    UNREADABLE,
    last_of,
    notes_of,
    read_rows,
)
from bridge_patch.domain.errors import InvalidValueError

_NAME: Final = "bridge_segment"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Where the chain stood before the first entry, and the signatures over the entries.

    That the chain stood there is proved by any of the signatures: it covers all before it.
    """

    before: Head
    checkpoints: tuple[Checkpoint, ...]

    def as_texts(self) -> dict[str, str]:
        """Return the notes as a file has them."""
        return {_NAME: msgspec.json.encode(self).decode()}


def read_notes(path: Path) -> Notes:
    """Return what stands in a file, or raise InvalidValueError."""
    try:
        text = notes_of(path)[_NAME]
    except UNREADABLE as error:
        msg = (
            f"{path} is not a segment of a journal ({error!r}): name a file that"
            " `bridge-patch archive` wrote"
        )
        raise InvalidValueError(msg) from error
    try:
        return msgspec.json.decode(text, type=Notes)
    except msgspec.MsgspecError as error:
        msg = f"{path}: its notes are damaged ({error}): bring the file back from a backup"
        raise InvalidValueError(msg) from error


def verify_segment(path: Path, notes: Notes, keys: Verifier | None) -> Verification:
    """Check one segment with nothing but its file and a public key."""
    before = notes.before
    end = last_of(path)
    kept = Head(before.journal_id, *end) if end else before
    audit = Audit(before.journal_id, kept, notes.checkpoints, keys, start=before)
    try:
        for row in read_rows(path):
            audit.take(row, row)
    except UNREADABLE as error:
        audit.broken_off(f"{path} cannot be read: {error}")
    found = audit.end()
    if found.signed_seq >= found.head.seq:
        return found
    what = "not signed: the last entry of a segment has a checkpoint"
    unsigned = Fault(found.signed_seq + 1, what)
    return replace(found, faults=(*found.faults, unsigned))

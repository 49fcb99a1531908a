"""A dump checked by itself: no database, no program that wrote it, only its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bridge_patch.adapters.audit import Audit, Verification
from bridge_patch.adapters.chain import Head
from bridge_patch.adapters.checkpoints import Checkpoint, Verifier
from bridge_patch.adapters.dump import CHECKPOINTS, Manifest
from bridge_patch.adapters.entry_files import (
    COLUMNS,
    UNREADABLE,
    read_columns,
    row_of_columns,
)


def verify_dump(
    folder: Path,
    manifest: Manifest,
    keys: Verifier | None,
    progress: Callable[[int, int], None] | None = None,
) -> Verification:
    """Check every entry of a dump as `verify_journal` checks a database."""
    kept = Head(manifest.journal_id, manifest.head_seq, manifest.head_link)
    trouble: list[str] = []
    audit = Audit(manifest.journal_id, kept, _checkpoints(folder, trouble), keys)
    for segment in manifest.segments:
        path = folder / Path(segment.file).name
        for shown in _read(path, COLUMNS.names, trouble):
            audit.take(row_of_columns(shown), shown)
        if trouble:
            break
        if progress:
            progress(audit.done, manifest.head_seq)
    for why in trouble:
        audit.broken_off(why)
    return audit.end()


def _read(path: Path, columns: list[str], trouble: list[str]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of a file; what keeps it from being read is added to `trouble`."""
    try:
        yield from read_columns(path, columns)
    except UNREADABLE as error:
        trouble.append(f"{path} cannot be read: {error}")


def _checkpoints(folder: Path, trouble: list[str]) -> Iterator[Checkpoint]:
    columns = ["seq", "link", "at_ms", "previous", "key_id", "signature"]
    for values in _read(folder / CHECKPOINTS, columns, trouble):
        match values:
            case (int(seq), str(link), int(at), int(before), str(key), str(signature)):
                yield Checkpoint(
                    seq=seq,
                    link=link,
                    at_ms=at,
                    previous=before,
                    key_id=key,
                    signature=signature,
                )
            case _:
                trouble.append(f"{CHECKPOINTS}: not of the form of a checkpoint: {values}")

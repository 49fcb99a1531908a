"""The writer's side of checkpoints: when it signs, with what, and when it may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import final

from sqlalchemy import Connection, func, insert, select

from bridge_patch.adapters.chain import Fault, Head
from bridge_patch.adapters.checkpoints import EVERY, Checkpoint, signed_text
from bridge_patch.adapters.journal_key import (
    PUBLIC_NAME,
    JournalKey,
    make_key,
    read_key,
    tell_auditors,
)
from bridge_patch.adapters.journal_schema import CHECKPOINTS, ENTRIES, Database


@final
class Vouch:
    """Signs where a journal ends, with the key that signed so far."""

    def __init__(self, key: JournalKey, signed_seq: int) -> None:
        self._key, self._signed_seq = key, signed_seq

    @classmethod
    def begin(
        cls,
        connection: Connection,
        database: Database,
        path: Path | None,
        head: Head,
        *,
        at_ms: int,
    ) -> Vouch | None:
        """Sign where a start finds the end, and return what goes on; None without a key."""
        if path is None:
            return None
        last = newest(connection)
        key = _fitting(path, head.journal_id, last)
        if isinstance(key, str):
            raise database.broken(key)
        tell_auditors(database.head_path.with_name(PUBLIC_NAME), key)
        vouch = cls(key, last.seq if last else 0)
        vouch.sign(connection, head, at_ms)
        return vouch

    def due(self, head: Head) -> bool:
        """Tell whether so much has come that it must be signed."""
        return head.seq - self._signed_seq >= EVERY

    def sign(self, connection: Connection, head: Head, at_ms: int) -> None:
        """Sign the end of the journal within the caller's transaction, if it is not yet."""
        previous = connection.scalar(select(func.max(CHECKPOINTS.c.seq))) or 0
        if head.seq > previous:
            draft = Checkpoint(
                seq=head.seq,
                link=head.link,
                at_ms=at_ms,
                previous=previous,
                key_id=self._key.id,
            )
            signature = self._key.sign(signed_text(head.journal_id, draft))
            values = asdict(replace(draft, signature=signature))
            connection.execute(insert(CHECKPOINTS), values)
        self._signed_seq = head.seq

    def seal(self, connection: Connection, head: Head, at_ms: int) -> None:
        """Sign at a stop, unless somebody else has gone on writing."""
        if connection.scalar(select(func.max(ENTRIES.c.seq))) == head.seq:
            self.sign(connection, head, at_ms)


def newest(connection: Connection) -> Checkpoint | None:
    """Return the last checkpoint, if there is one."""
    return next(checkpoints_of(connection, newest_first=True), None)


def checkpoints_of(
    connection: Connection, *, newest_first: bool = False
) -> Iterator[Checkpoint]:
    """Yield the checkpoints in their order."""
    by = CHECKPOINTS.c.seq.desc() if newest_first else CHECKPOINTS.c.seq
    for row in connection.execute(select(CHECKPOINTS).order_by(by)):
        yield Checkpoint(
            seq=row.seq,
            link=row.link,
            at_ms=row.at_ms,
            previous=row.previous,
            key_id=row.key_id,
            signature=row.signature,
        )


def refusal_of(connection: Connection, last: Checkpoint) -> Fault | None:
    """Return what is wrong with the entry that was signed last."""
    link = connection.scalar(select(ENTRIES.c.link).where(ENTRIES.c.seq == last.seq))
    if link == last.link:
        return None
    what = "missing" if link is None else "another entry than the one"
    return Fault(last.seq, f"{what} that a checkpoint was signed for")


def _fitting(path: Path, journal_id: str, last: Checkpoint | None) -> JournalKey | str:
    """Return the key in `path`, or why it may not sign.

    A key is made where nothing was signed yet, and never in place of one that is missing.
    """
    key = read_key(path)
    if last is None:
        return key or make_key(path)
    signed = f"its checkpoints are signed with the key {last.key_id}"
    if key is None:
        return (
            f"{signed}, and {path} is missing: bring that file back from where it is kept"
            " (JOURNAL_KEY_FILE names it)"
        )
    if last.key_id not in key.ids:
        return (
            f"{signed}, and {path} holds {', '.join(key.ids)}: name the file of that key"
            " with JOURNAL_KEY_FILE, or change the key as docs/audit.md says"
        )
    if not key.public.fits(last.key_id, signed_text(journal_id, last), last.signature):
        return f"the signature of the checkpoint of entry {last.seq} is wrong"
    return key

"""The writer's side of checkpoints: when it signs, with what, and when it may not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import final

from sqlalchemy import Connection, func, insert, inspect, select

from bridge_patch.adapters.chain import Fault, Head, Row
from bridge_patch.adapters.checkpoints import (
    BEFORE_SIGNING,
    EVERY,
    Checkpoint,
    signed_text,
)
from bridge_patch.adapters.journal_entries import guarded, refused
from bridge_patch.adapters.journal_key import (
    PUBLIC_NAME,
    JournalKey,
    make_key,
    read_key,
    tell_auditors,
)
from bridge_patch.adapters.journal_schema import (
    CHECKPOINTS,
    ENTRIES,
    META,
    Database,
)


@final
class Vouch:
    """Signs where a journal ends, with the key that signed so far."""

    def __init__(self, key: JournalKey) -> None:
        self._key = key

    @classmethod
    def begin(
        cls,
        connection: Connection,
        database: Database,
        path: Path | None,
        head: Head,
        *,
        at_ms: int,
        older: bool,
    ) -> Vouch | None:
        """Sign where a start finds the end, and return what goes on; None without a key.

        More than a crash can leave unsigned is refused, and nothing made or written: to
        sign it would make a rewritten past a good one. `older` is a journal that was found
        with the tables from before signing.
        """
        if path is None:
            return None
        last = newest(connection)
        if fault := _too_much(database, head, last, older=older):
            raise refused(database, fault)
        key = _fitting(path, head.journal_id, last)
        if isinstance(key, str):
            raise database.broken(key)
        vouch = cls(key)
        vouch._sign(connection, head, at_ms, first=BEFORE_SIGNING if older else 0)
        return vouch

    def tell_auditors(self, database: Database) -> None:
        """Put the public keys beside the head, once it is committed that they signed."""
        tell_auditors(database.head_path.with_name(PUBLIC_NAME), self._key)

    def follow(self, connection: Connection, journal_id: str, rows: Sequence[Row]) -> None:
        """Sign what must be signed of an append, within its transaction."""
        for row in rows:
            begins = rows[0].seq == 1 and row is rows[-1]
            if begins or row.seq % EVERY == 0:
                head = Head(journal_id, row.seq, row.link)
                self._sign(connection, head, row.recorded_ms)

    def _sign(
        self, connection: Connection, head: Head, at_ms: int, *, first: int = 0
    ) -> None:
        """Sign an entry, if none as late is signed; `first` is what a first one follows."""
        newest_seq = connection.scalar(select(func.max(CHECKPOINTS.c.seq)))
        previous = first if newest_seq is None else newest_seq
        if head.seq > max(previous, 0):
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

    def seal(self, connection: Connection, head: Head, at_ms: int) -> None:
        """Sign at a stop, unless somebody else has gone on writing."""
        if connection.scalar(select(func.max(ENTRIES.c.seq))) == head.seq:
            self._sign(connection, head, at_ms)


def require_key(database: Database, path: Path) -> None:
    """Raise where the key to go on signing with is not in `path`; nothing is made."""
    with guarded(database):
        engine = database.engine(read_only=True)
        try:
            with engine.connect() as connection:
                if not inspect(connection).has_table(CHECKPOINTS.name):
                    return
                named = select(META.c.value).where(META.c.name == "journal_id")
                journal_id = str(connection.scalar(named))
                last = newest(connection)
        finally:
            engine.dispose()
    if last is None and read_key(path) is None:
        why = f"the journal's key {path} is not there: copy it from the machine that signs"
        why = f"{why} (JOURNAL_KEY_FILE names it)"
        raise database.broken(why)
    if last and isinstance(key := _fitting(path, journal_id, last), str):
        raise database.broken(key)


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


def _too_much(
    database: Database, head: Head, last: Checkpoint | None, *, older: bool
) -> Fault | None:
    """Return what is unsigned that a writer with a key would have signed."""
    if head.seq == 0 or (last and head.seq - last.seq < EVERY):
        return None
    if last is not None:
        what = f"no signature on it nor on any up to {head.seq}: a checkpoint was removed"
        return Fault(last.seq + 1, what)
    told = database.head_path.with_name(PUBLIC_NAME)
    if not older:
        what = f"no signature on it nor on any up to {head.seq}: the checkpoints were"
        return Fault(1, f"{what} removed, or it was written without a key")
    if told.exists():
        what = f"its tables are from before signing, and {told} shows that it was signed"
        return Fault(1, f"{what}: the checkpoints were removed")
    return None


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

"""Journals with checkpoints, and what somebody with a shell can do to them."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from bridge_patch.adapters.chain import Head, genesis, link_after
from bridge_patch.adapters.head import HeadFile, read_head
from bridge_patch.adapters.journal_key import read_public_keys
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import Verification, verify_journal
from tests.contracts.samples import NOON_MS, seen


def open_signed(file: SqliteFile, key: str | None = "journal.key") -> SqlJournal:
    return SqlJournal(
        file,
        run_id="r",
        clock=ManualClock(NOON_MS),
        new_id=lambda: "id-1",
        key_file=file.path.parent / key if key else None,
    )


def add(journal: SqlJournal, count: int, *, batch: int = 250) -> None:
    for begin in range(0, count, batch):
        events = [seen("a", n) for n in range(begin, min(begin + batch, count))]
        asyncio.run(journal.append(events))


def write_signed(file: SqliteFile, count: int) -> None:
    with closing(open_signed(file)) as journal:
        add(journal, count)


def checked(file: SqliteFile, public: str = "journal.pub") -> Verification:
    return verify_journal(file.path, keys=read_public_keys(file.path.parent / public))


@contextmanager
def edited(file: SqliteFile) -> Iterator[sqlite3.Connection]:
    """Whoever can write to the file can do anything to its tables."""
    with closing(sqlite3.connect(file.path)) as connection:
        with connection:
            yield connection
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def signed_at(file: SqliteFile) -> list[int]:
    with edited(file) as connection:
        sql = "SELECT seq FROM journal_checkpoint ORDER BY seq"
        return [seq for (seq,) in connection.execute(sql)]


def forge_all(file: SqliteFile) -> None:
    """Rewrite the whole past without the key, and take every signature away."""
    rewrite(file, lambda _, body: f"{body} ")
    with edited(file) as connection:
        connection.execute("DELETE FROM journal_checkpoint")


def rewrite(file: SqliteFile, change: Callable[[int, str], str | None]) -> None:
    """Forge the past so well that chain and head file agree; None drops an entry."""
    kept = read_head(file.head_path)
    assert kept
    head = genesis(kept.journal_id)
    with edited(file) as connection:
        found = connection.execute("SELECT * FROM journal ORDER BY seq").fetchall()
        connection.execute("DELETE FROM journal")
        for seq, run, at, kind, about, body, _ in found:
            if (new := change(seq, body)) is None:
                continue
            link = link_after(
                head.link,
                seq=head.seq + 1,
                run_id=run,
                recorded_ms=at,
                kind=kind,
                intent_id=about,
                body=new.encode(),
            )
            head = Head(head.journal_id, head.seq + 1, link)
            row = (head.seq, run, at, kind, about, new, link)
            connection.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    file.head_path.unlink()
    HeadFile(file.head_path, head).close()

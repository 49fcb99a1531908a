"""The tables of the journal, one schema for every database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    select,
)

from bridge_patch.adapters.chain import Row
from bridge_patch.domain.errors import BrokenPromiseError

#: On SQLite an INTEGER primary key is the row's own address: no second index.
_Number: Final = BigInteger().with_variant(Integer, "sqlite")

TABLES: Final = MetaData()

#: name → value: `schema_version`, `journal_id`.
META: Final = Table(
    "journal_meta",
    TABLES,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

#: The entries, as `chain.Row` has them; the body is the codec's JSON text.
ENTRIES: Final = Table(
    "journal",
    TABLES,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False),
    Column("recorded_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("intent_id", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("link", Text, nullable=False),
    Index("journal_by_intent", "intent_id", "seq"),
)

#: Signatures over the chain: who vouched that entry `seq` has this link, and when.
CHECKPOINTS: Final = Table(
    "journal_checkpoint",
    TABLES,
    Column("seq", _Number, primary_key=True, autoincrement=False),
    Column("link", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("previous", BigInteger, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("signature", Text, nullable=False),
)

#: Who may write. `token` grows with every holder, `renewals` while one lives; an empty
#: holder has released it. `renewed_ms` is the holder's clock and for people only.
LEASE: Final = Table(
    "journal_lease",
    TABLES,
    Column("account", Text, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("renewals", BigInteger, nullable=False),
    Column("ttl_ms", BigInteger, nullable=False),
    Column("renewed_ms", BigInteger, nullable=False),
)

#: Where an intent is one of many: entry `seq` names it. Rows come in sorted runs, each
#: under the number of the entry with which it was written, so that they are only ever added
#: at the end; `journal_named` knows what a part of a run holds.
NAMED: Final = Table(
    "journal_named",
    TABLES,
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("names", LargeBinary, nullable=False),
)

#: What was moved out of `journal`, whole, into a file of `STATE_DIR/segments`. `before` is
#: the link of the entry before the first one, `link` that of the last, `digest` the file's;
#: `named` entries are about an intent, and are in `journal_archived`.
SEGMENTS: Final = Table(
    "journal_segment",
    TABLES,
    Column("first_seq", _Number, primary_key=True, autoincrement=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("before", Text, nullable=False),
    Column("link", Text, nullable=False),
    Column("file", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("named", BigInteger, nullable=False),
)

#: Which entries of a segment an intent may be in, as in `journal_named`; the part comes
#: first, so that one look goes over all segments.
ARCHIVED: Final = Table(
    "journal_archived",
    TABLES,
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("run", BigInteger, primary_key=True, autoincrement=False),
    Column("names", LargeBinary, nullable=False),
)

BEHIND: Final = (
    select(ENTRIES)
    .where(ENTRIES.c.seq > bindparam("seq"))
    .order_by(ENTRIES.c.seq)
    .limit(bindparam("most"))
)
ABOUT: Final = (
    select(ENTRIES)
    .where(ENTRIES.c.intent_id == bindparam("intent"))
    .order_by(ENTRIES.c.seq)
)


class TakenError(Exception):
    """An entry of that number is there already."""


class Database(Protocol):
    """Where a journal lives, and what its errors mean to a person."""

    @property
    def head_path(self) -> Path:
        """Where the head is kept: never inside the database."""
        ...

    def engine(self, *, read_only: bool = False) -> Engine:
        """Return an engine whose transactions shut out other writers from their start."""
        ...

    def require(self) -> None:
        """Raise OutageError where it is gone: nobody is to begin another there."""
        ...

    def add(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert entries within a transaction, or raise TakenError."""
        ...

    def broken(self, error: Exception | str) -> BrokenPromiseError:
        """Say what failed, why, and what to do about it."""
        ...

    def too_new(self, part: str, found: int, known: int) -> BrokenPromiseError:
        """Say that a later version wrote here."""
        ...


def values(row: Row) -> tuple[object, ...]:
    """Return a row as the columns have it, in their order."""
    seq, run_id, recorded_ms, kind, intent_id, body, link = row
    return seq, run_id, recorded_ms, kind, intent_id, body.decode(), link

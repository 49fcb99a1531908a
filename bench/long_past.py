"""A journal with a long past: what a shipped execution side wrote, again and again.

The pattern is real: intents that were approved, refused and closed, in all three books.
Each copy of it has ids and times of its own and follows the one before in the chain, with
the checkpoints that a writer would have signed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from bench.shadow import intent_id, shadow
from bridge_patch.adapters.chain import Head, Row, genesis, link_after
from bridge_patch.adapters.head import HeadFile
from bridge_patch.adapters.journal_key import make_key, read_key
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.vouching import Vouch

#: Two rounds over the symbols: some 220 entries.
_INTENTS: Final = 24
_STEP_MS: Final = 1_000
_AT_ONCE: Final = 20_000
#: An intent's number, the beginning of an order's id, a moment.
_OWN: Final = re.compile(rb'(bench-\d{8}|bp-[0-9a-f]{8}|"at_ms":\d{13})')
_NAME: Final = len("bench-")


async def pattern() -> tuple[Row, ...]:
    """Return the entries that so many intents leave, without what a start writes."""
    async with shadow() as side:
        await side.put(0, _INTENTS)
        while await side.session.execution.drain():
            pass
        with closing(JournalReader(side.store.file)) as reader:
            rows = tuple(reader.entries.rows())
    first = next(n for n, row in enumerate(rows) if row.intent_id == intent_id(0))
    return rows[first:]


def fill(database: Database, key_file: Path, rows: Sequence[Row], size: int) -> None:
    """Let a journal that has just been begun hold so many entries, and be closed."""
    with closing(JournalReader(database)) as reader:
        head = genesis(reader.journal_id)
    entries = _endless(rows, head)
    vouch = Vouch(read_key(key_file) or make_key(key_file))
    engine = database.engine()
    while head.seq < size:
        lot = [next(entries) for _ in range(min(_AT_ONCE, size - head.seq))]
        head = Head(head.journal_id, lot[-1].seq, lot[-1].link)
        with engine.begin() as connection:
            database.add(connection, lot)
            vouch.follow(connection, head.journal_id, lot)
    engine.dispose()
    HeadFile(database.head_path, head).close()


def _endless(rows: Sequence[Row], head: Head) -> Iterator[Row]:
    parts = [_OWN.split(row.body) for row in rows]
    seq, link, copy = head.seq, head.link, 0
    while True:
        for row, split in zip(rows, parts, strict=True):
            body = b"".join(
                _again(part, copy) if n % 2 else part for n, part in enumerate(split)
            )
            about = _again(row.intent_id.encode(), copy).decode() if row.intent_id else ""
            seq += 1
            link = link_after(
                link,
                seq=seq,
                run_id=row.run_id,
                recorded_ms=row.recorded_ms,
                kind=row.kind,
                intent_id=about,
                body=body,
            )
            yield row._replace(seq=seq, intent_id=about, body=body, link=link)
        copy += 1


def _again(part: bytes, copy: int) -> bytes:
    """Return an id or a moment as the copy of that number has it."""
    text = part.decode()
    if text.startswith("bench-"):
        return intent_id(int(text[_NAME:]) + copy * _INTENTS).encode()
    if text.startswith("bp-"):
        return f"bp-{copy:08x}".encode()
    name, _, at_ms = text.partition(":")
    return f"{name}:{int(at_ms) + copy * _STEP_MS}".encode()

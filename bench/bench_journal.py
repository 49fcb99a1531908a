"""Appending to a journal, against its size and against the batch; SQLite and PostgreSQL.

The shipped journal, with its lease, appends batches of 512 entries to journals that hold
from a thousand to a million entries; every append waits for the disk. All take turns, and
hold the same entries as far as they go. The ratio is what a batch costs the largest over
what it costs the smallest, in the database that does worse. Without a PostgreSQL server
only SQLite is measured, and that is said.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, final

from bench.measuring import Figure, Outcome, at_once, seconds, tell, wants_json
from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import Head, Row, genesis, link_after
from bridge_patch.adapters.head import HeadFile
from bridge_patch.adapters.holder import this_process
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.events import IntentReceived
from bridge_patch.domain.intent import IntentId, UnixMs
from tests.postgres_server import postgres_server

GOAL: Final = 1.5
SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
BATCHES: Final = (1, 8, 64, 512)
ROUNDS: Final = 15
#: Entries about one intent, and read again to see how fast a restart folds them.
_EACH: Final = 8
_READ: Final = 50_000
_NOW: Final = UnixMs(1_746_360_000_000)
_FILL: Final = 20_000
_RUN: Final = "0" * 32


@final
@dataclass
class Subject:
    """A journal of some size in one database; `took` is seconds per append, by batch."""

    name: str
    database: Database
    size: int
    opening: float = 0.0
    took: dict[int, float] = field(default_factory=dict)

    def open(self) -> SqlJournal:
        begin = perf_counter()
        journal = SqlJournal(
            self.database,
            run_id=_RUN,
            clock=ManualClock(_NOW),
            new_id=lambda: "bench",
            claim=Claim(holder=this_process(), ttl_ms=60_000),
        )
        self.opening = perf_counter() - begin
        return journal

    def fill(self, rows: Sequence[Row]) -> None:
        """Put entries there as the journal would, but many in one commit."""
        engine = self.database.engine()
        with engine.begin() as connection:
            self.database.add(connection, rows)
        engine.dispose()

    def reading(self, most: int) -> float:
        """Return how long it takes to read and decode so many entries."""
        with closing(JournalReader(self.database)) as reader:
            return seconds(lambda: deque(islice(reader.read(), most), maxlen=0))


def main(
    sizes: tuple[int, ...] = SIZES, *, rounds: int = ROUNDS, as_json: bool = False
) -> None:
    """Print the ratio; `sizes` are those of the journals, the smallest first."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory()))
        files = (SqliteFile(folder / f"{size}.db") for size in sizes)
        kinds = [[Subject("SQLite", f, n) for f, n in zip(files, sizes, strict=True)]]
        absent = ""
        try:
            server = opened.enter_context(postgres_server(buffers="128MB"))
        except LookupError as missing:
            absent = str(missing)
            _grow(kinds[0], sizes[-1])
        else:
            kinds.append([])
            for size in sizes:
                (heads := folder / f"{size}").mkdir()
                kinds[-1].append(Subject("PostgreSQL", server.database(heads), size))
            _grow([one for kind in kinds for one in kind], sizes[-1])
            server.ask(b"CHECKPOINT")
        for kind in kinds:
            _measure(kind, rounds)
        tell(_outcome(kinds, absent), as_json=as_json)


def _grow(subjects: Sequence[Subject], most: int) -> None:
    """Let every journal hold as many entries as it should."""
    for subject in subjects:
        subject.open().close()
    head = genesis("bench")
    for first in range(0, most, _FILL):
        ends = {one.size for one in subjects if first < one.size <= first + _FILL}
        for end in sorted(ends | {min(first + _FILL, most)}):
            rows, head = _rows(head, end - head.seq)
            for subject in subjects:
                if subject.size >= end and rows:
                    subject.fill(rows)
                if subject.size == end:
                    HeadFile(subject.database.head_path, head).close()


def _measure(subjects: Sequence[Subject], rounds: int) -> None:
    """Let the journals of one database append in turns."""
    with ExitStack() as opened:
        journals = [opened.enter_context(closing(subject.open())) for subject in subjects]
        for batch in BATCHES:
            taken: list[list[float]] = [[] for _ in subjects]
            for number in range(rounds):
                events = [_event(number * batch + n) for n in range(batch)]
                for journal, times in zip(journals, taken, strict=True):
                    begin = perf_counter()
                    at_once(journal.append(events))
                    times.append(perf_counter() - begin)
            for subject, times in zip(subjects, taken, strict=True):
                subject.took[batch] = median(times)


def _rows(head: Head, count: int) -> tuple[list[Row], Head]:
    """Return entries that follow `head`, as real as those that the journal writes."""
    rows: list[Row] = []
    seq, link = head.seq, head.link
    for seq in range(head.seq + 1, head.seq + 1 + count):
        event = _event(seq)
        kind, body = codec.encode_event(event)
        link = link_after(
            link,
            seq=seq,
            run_id=_RUN,
            recorded_ms=_NOW,
            kind=kind,
            intent_id=event.intent_id,
            body=body,
        )
        rows.append(Row(seq, _RUN, _NOW, kind, event.intent_id, body, link))
    return rows, Head(head.journal_id, seq, link)


def _event(number: int) -> IntentReceived:
    """Return an entry of the usual length, about an id that follows the one before it."""
    return IntentReceived(
        at_ms=_NOW,
        intent_id=IntentId(f"e-BTCUSDT-buy-{_NOW + number // _EACH}-d627"),
        entry_id=f"{number:015d}",
        source="bench",
        created_ms=_NOW,
        payload="x" * 300,
    )


def _outcome(kinds: Sequence[Sequence[Subject]], absent: str) -> Outcome:
    figures = [Figure("PostgreSQL is not there", 0, "", absent)] if absent else []
    most = BATCHES[-1]
    for kind in kinds:
        small, large = kind[0], kind[-1]
        for batch, taken in small.took.items():
            times = f"{small.took[1] * batch / taken:.1f} times a batch of 1"
            figures.append(
                Figure(f"{small.name}, batch of {batch}", batch / taken, "/s", times)
            )
        for one in kind:
            times = f"{one.took[most] / small.took[most]:.2f} times the smallest's time"
            what = f"{one.name}, {one.size:,} entries there"
            figures.append(Figure(what, most / one.took[most], "/s", times))
        count = min(_READ, large.size)
        figures += [
            Figure(f"{large.name}, opening the largest", large.opening * 1e3, "ms"),
            Figure(f"{large.name}, entries read again", count / large.reading(count), "/s"),
        ]
    return Outcome(
        name="appending to a large journal / to a small one",
        ratio=max(kind[-1].took[most] / kind[0].took[most] for kind in kinds),
        wanted="at most",
        goal=GOAL,
        figures=tuple(figures),
    )


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

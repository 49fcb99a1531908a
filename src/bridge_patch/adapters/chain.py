"""The chain that makes a journal's past fixed: each link covers all that came before.

Link n is BLAKE2b-256 (personalised "bridge-journal") over the text of link n - 1 and
then, each preceded by its length as four bytes, big end first: the number, the run id, the
time of recording, the kind, the intent id (empty for none) and the body; numbers as decimal
ASCII, texts as UTF-8. Link 0 is the same hash, personalised "bridge-genesis", of the
journal's own id, so that entries of one journal do not fit into another.

The chain has no secret: it shows damage and careless edits, not a forger who recomputes
every link and the head file with them. `checkpoints` are for that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Final, NamedTuple, final

from bridge_patch.adapters import codec
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId

#: Of the tables and the chain together; a later one is left alone, an earlier one is
#: brought up to it by `journal_migrations`.
SCHEMA_VERSION: Final = 4

_LINK_BYTES: Final = 32
#: The hash of every link, begun: a copy takes less than a new one.
_BEGUN: Final = blake2b(digest_size=_LINK_BYTES, person=b"bridge-journal")


@final
@dataclass(frozen=True, slots=True)
class Head:
    """The end of a journal: its id, how many entries it has, and the last link."""

    journal_id: str
    seq: int
    link: str


class Row(NamedTuple):
    """One entry as a journal stores it; the chain covers every field."""

    seq: int
    run_id: str
    recorded_ms: int
    kind: str
    intent_id: str
    body: bytes
    link: str


@final
@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with a journal; `seq` is the first entry that it concerns."""

    seq: int
    what: str


@final
class Walk:
    """Checks entries, one after another, against the chain and the head that was kept.

    After a fault it goes on from what is stored, so that one fault is not told of every
    entry behind it.
    """

    def __init__(self, start: Head, kept: Head | None) -> None:
        self.head, self._kept = start, kept

    def step(self, row: Row) -> Fault | None:
        """Check the next entry; return what is wrong with it, or with its place."""
        before, self.head = self.head, Head(self.head.journal_id, row.seq, row.link)
        if row.seq != before.seq + 1:
            return Fault(before.seq + 1, _missing(before.seq + 1, row.seq - 1))
        link = link_after(
            before.link,
            seq=row.seq,
            run_id=row.run_id,
            recorded_ms=row.recorded_ms,
            kind=row.kind,
            intent_id=row.intent_id,
            body=row.body,
        )
        if link != row.link:
            return Fault(row.seq, "changed after it was written, or not in its place")
        if self._kept and row.seq == self._kept.seq and link != self._kept.link:
            return Fault(row.seq, "the head file knows another entry of this number")
        return None

    def skip(self, head: Head) -> None:
        """Go on behind entries that are not there to be checked."""
        self.head = head

    def end(self) -> Fault | None:
        """Check that the last entry seen is not before the head that was kept."""
        if self._kept and self.head.seq < self._kept.seq:
            first = self.head.seq + 1
            return Fault(first, f"{_missing(first, self._kept.seq)}: the end was cut off")
        return None


def _missing(first: int, last: int) -> str:
    if last < first:
        return f"entry {last + 1} stands in its place"
    return "missing" + (f", with all up to {last}" if last > first else "")


def genesis(journal_id: str) -> Head:
    """Return the head of a journal without entries."""
    digest = blake2b(journal_id.encode(), digest_size=_LINK_BYTES, person=b"bridge-genesis")
    return Head(journal_id, 0, digest.hexdigest())


def link_after(
    previous: str,
    *,
    seq: int,
    run_id: str,
    recorded_ms: int,
    kind: str,
    intent_id: str,
    body: bytes,
) -> str:
    """Return the link of an entry that follows the link `previous`."""
    covered = (
        previous.encode(),
        _sized(b"%d" % seq),
        _again(run_id),
        _again(str(recorded_ms)),
        _again(kind),
        _again(intent_id),
        len(body).to_bytes(4, "big"),
        body,
    )
    digest = _BEGUN.copy()
    digest.update(b"".join(covered))
    return digest.hexdigest()


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(4, "big") + part


@lru_cache(maxsize=64)
def _again(text: str) -> bytes:
    """Return the part that is a text; of entries that follow one another most are alike."""
    return _sized(text.encode())


def extend(
    head: Head, events: Sequence[Event], *, run_id: str, recorded_ms: int
) -> tuple[tuple[Row, ...], Head]:
    """Turn events into the rows that follow `head`; return them with the new head.

    Raises InvalidValueError for an event that cannot be written; then there are no rows.
    """
    rows: list[Row] = []
    seq, link = head.seq, head.link
    for event in events:
        seq += 1
        kind, body = _written(event)
        intent_id = subject(event)
        link = link_after(
            link,
            seq=seq,
            run_id=run_id,
            recorded_ms=recorded_ms,
            kind=kind,
            intent_id=intent_id,
            body=body,
        )
        rows.append(Row(seq, run_id, recorded_ms, kind, intent_id, body, link))
    return tuple(rows), Head(head.journal_id, seq, link)


def _written(event: Event) -> tuple[str, bytes]:
    try:
        return codec.encode_event(event)
    except (ArithmeticError, RecursionError, TypeError, ValueError) as error:
        msg = f"{type(event).__name__} cannot be written: {error}"
        raise InvalidValueError(msg) from error


def subject(event: Event) -> IntentId:
    """Return the intent an event is about; "" for an event that names none."""
    return IntentId(getattr(event, "intent_id", ""))

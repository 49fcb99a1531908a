"""What every check of a journal is, wherever its entries are read from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import Fault, Head, Row, Walk, genesis, subject
from bridge_patch.adapters.checkpoints import Checkpoint, CheckpointWalk, Verifier
from bridge_patch.adapters.journal_segments import Segment, Shelf
from bridge_patch.adapters.name_runs import run_of
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError

_FAULTS_MAX: Final = 100
_TELL_EVERY: Final = 1_000


@final
@dataclass(frozen=True, slots=True)
class Verification:
    """What was found; `faults` come in the order of the journal, the first hundred of them.

    `entries` were read and `head` is where they end. `beyond_head` of them are younger than
    the head that was kept, which is normal only after a crash, or while a writer is at
    work. `checkpoints` were found, the last of them about `signed_seq`; `trusted` are the
    keys that they were checked with, and empty where nobody named one. Of the entries up to
    `before_signing` it is signed that they are older than signing, and no more.
    """

    entries: int
    head: Head
    beyond_head: int
    faults: tuple[Fault, ...]
    checkpoints: int = 0
    signed_seq: int = 0
    trusted: tuple[str, ...] = ()
    before_signing: int = 0

    @property
    def unsigned(self) -> tuple[int, int] | None:
        """The first and the last entry that are chained, and not signed."""
        if self.head.seq <= self.signed_seq:
            return None
        return self.signed_seq + 1, self.head.seq

    @property
    def ok(self) -> bool:
        """True if nothing is wrong."""
        return not self.faults


@final
class Audit:
    """Takes entries in their order and believes nothing but a link and a signature."""

    def __init__(
        self,
        journal_id: str,
        kept: Head | None,
        checkpoints: Iterable[Checkpoint],
        keys: Verifier | None,
        *,
        start: Head | None = None,
    ) -> None:
        """`start` is where the entries begin, if that is not the journal's beginning."""
        start = start or genesis(journal_id)
        about_head = _head_fault(kept, journal_id)
        self._kept, self._keys = kept, keys
        self._faults = [about_head] if about_head else []
        self._walk = Walk(start, None if about_head else kept)
        self._signed = CheckpointWalk(journal_id, checkpoints, keys, after_seq=start.seq)
        self._journal_id, self.done = journal_id, 0

    def take_file(
        self,
        shelf: Shelf,
        segment: Segment,
        index: Mapping[int, bytes],
        tell: Callable[[int], None],
    ) -> None:
        """Check the entries of a segment; a file that is not the one written is one fault.

        `index` are the parts of its run of ids; `tell` is told how many entries were
        checked by now.
        """
        fault = shelf.fault_of(segment, self._journal_id)
        rows = iter(()) if fault else shelf.rows(segment)
        names = list[tuple[str, int]]()
        try:
            for row in rows:
                self.take(row, row)
                names += [(row.intent_id, row.seq)] if row.intent_id else []
                if self.done % _TELL_EVERY == 0:
                    tell(self.done)
        except BrokenPromiseError as error:
            fault = Fault(self._walk.head.seq + 1, str(error))
        if fault:
            self._note([fault])
            self._walk.skip(Head(self._journal_id, segment.last_seq, segment.link))
            self._note(self._signed.skip(segment.last_seq))
        elif index != {
            part["part"]: part["names"] for part in run_of(names, segment.last_seq)
        }:
            what = f"the index of the ids in {segment.file} is not the one that was written"
            self._note([Fault(segment.first_seq, what)])

    def take(self, row: Row | None, shown: object) -> None:
        """Check the next entry; None is one without the form of an entry, `shown` is it."""
        self.done += 1
        if row is None:
            what = f"not of the form of an entry: {shown!r}"
            self._note([Fault(self._walk.head.seq + 1, what)])
            return
        fault = self._walk.step(row) or _unfit(row)
        self._note([fault] if fault else [])
        self._note(self._signed.step(row))

    def broken_off(self, why: str) -> None:
        """Note that nothing can be read behind what was taken so far."""
        self._faults.append(Fault(self._walk.head.seq + 1, why))

    def end(self) -> Verification:
        """Return what was found."""
        head, kept = self._walk.head, self._kept
        cut = self._walk.end()
        self._faults += [cut] if cut else []
        self._faults += self._signed.end(head)
        return Verification(
            entries=self.done,
            head=head,
            beyond_head=max(0, head.seq - kept.seq) if kept else 0,
            faults=tuple(sorted(self._faults, key=lambda fault: fault.seq)[:_FAULTS_MAX]),
            checkpoints=self._signed.count,
            signed_seq=self._signed.seq,
            trusted=tuple(sorted(self._keys.ids)) if self._keys else (),
            before_signing=self._signed.before_signing,
        )

    def _note(self, faults: list[Fault]) -> None:
        self._faults += faults[: max(0, _FAULTS_MAX - len(self._faults))]


def _unfit(row: Row) -> Fault | None:
    try:
        event = codec.decode_event(row.kind, row.body)
    except InvalidValueError as error:
        return Fault(row.seq, f"unreadable: {error}")
    if subject(event) != row.intent_id:
        return Fault(row.seq, f"filed under another intent, {row.intent_id!r}")
    return None


def _head_fault(kept: Head | None, journal_id: str) -> Fault | None:
    if kept is None:
        what = "missing or damaged: that the end was cut off cannot be excluded"
        return Fault(0, f"the head file is {what}")
    if kept.journal_id != journal_id:
        return Fault(0, f"the head file is of another journal, {kept.journal_id!r}")
    return None

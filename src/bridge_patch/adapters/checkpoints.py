"""Signed checkpoints: somebody with a key has vouched for a link, and so for all before it.

The chain has no secret, so whoever can rewrite a journal can rewrite every link. A
checkpoint is an Ed25519 signature, by a key that is not in the database, over
"bridge-checkpoint-1" and then, each preceded by its length as four bytes, big end first:
the journal's id, the entry's number, its link, the time of signing, the number of the
checkpoint before (0 for none) and the key's id; numbers as decimal ASCII. Naming the one
before makes a checkpoint that was taken out noticeable.

The writer signs the end of a journal's first append and every thousandth entry, in the
transaction that appends them, and where a start and a graceful stop find the end. So a
journal with entries has a checkpoint, fewer than a thousand entries are ever unsigned, and
after a graceful stop none. A journal from before signing is signed once it is brought
forward; its first checkpoint states that, as -1 in place of the number before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Protocol, final

from bridge_patch.adapters.chain import Fault, Head, Row

#: Every entry whose number this divides is signed.
EVERY: Final = 1_000
#: What the first checkpoint names as the one before it, if older entries are from a time
#: when nothing was signed.
BEFORE_SIGNING: Final = -1


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """One signature; `previous` is the number of the checkpoint before, 0 for none.

    It is BEFORE_SIGNING where the entries are older than signing.
    """

    seq: int
    link: str
    at_ms: int
    previous: int
    key_id: str
    signature: str = ""


class Verifier(Protocol):
    """The public keys that somebody trusts."""

    @property
    def ids(self) -> Collection[str]:
        """Which keys these are."""
        ...

    def fits(self, key_id: str, statement: bytes, signature: str) -> bool:
        """Tell whether that key signed exactly this."""
        ...


def signed_text(journal_id: str, one: Checkpoint) -> bytes:
    """Return what is signed: everything but the signature."""
    numbers = (str(one.at_ms), str(one.previous))
    texts = (journal_id, str(one.seq), one.link, *numbers, one.key_id)
    return b"bridge-checkpoint-1" + b"".join(map(_prefixed, texts))


def _prefixed(text: str) -> bytes:
    part = text.encode()
    return len(part).to_bytes(4, "big") + part


@final
class CheckpointWalk:
    """Checks signatures while somebody walks over the entries that they are about.

    `count` were checked so far, and `seq` is the entry of the last one. Entries up to
    `before_signing` are covered by the statement alone that they are older than signing.
    """

    def __init__(
        self,
        journal_id: str,
        checkpoints: Iterable[Checkpoint],
        keys: Verifier | None,
        *,
        after_seq: int = 0,
    ) -> None:
        """`keys` are those that are trusted; with None only the links are compared.

        `after_seq` is the checkpoint before the first of these.
        """
        self._journal_id, self._keys = journal_id, keys
        self._left = iter(checkpoints)
        self._next = next(self._left, None)
        self.seq = after_seq
        self._strange: dict[str, int] = {}
        self.count = self.before_signing = 0

    def step(self, row: Row) -> list[Fault]:
        """Return what the checkpoints up to this entry have against it."""
        faults: list[Fault] = []
        while (due := self._next) is not None and due.seq <= row.seq:
            if due.seq < row.seq:
                faults.append(Fault(due.seq, "missing, and a checkpoint was signed for it"))
            elif due.link != row.link:
                what = "another entry than the one that a checkpoint was signed for"
                faults.append(Fault(due.seq, what))
            faults += self._taken(due)
        return faults

    def skip(self, seq: int) -> list[Fault]:
        """Check the signatures up to an entry, without the entries."""
        faults: list[Fault] = []
        while (due := self._next) is not None and due.seq <= seq:
            faults += self._taken(due)
        return faults

    def end(self, head: Head) -> list[Fault]:
        """Return what is left to say where the entries end."""
        faults: list[Fault] = []
        if (due := self._next) is not None:
            what = "missing, and a checkpoint was signed for it: the end was cut off"
            faults.append(Fault(due.seq, what))
            while (due := self._next) is not None:
                faults += self._taken(due)
        first = self.seq + 1
        if self._keys is not None and not self.count and head.seq >= first:
            what = "no signature on it nor on any other: all checkpoints were removed, or"
            faults.append(Fault(first, f"{what} nobody ever signed"))
        elif self._keys is not None and head.seq - self.seq >= EVERY:
            what = f"no signature on the last {EVERY} entries or"
            faults.append(Fault(first, f"{what} more: the checkpoint behind was removed"))
        for key_id, seq in self._strange.items():
            known = ", ".join(sorted(self._keys.ids)) if self._keys else ""
            what = (
                f"its checkpoint names the key {key_id}; the public keys given are {known}"
            )
            faults.append(Fault(seq, f"{what}: name the right file, or do not trust it"))
        return faults

    def _taken(self, one: Checkpoint) -> list[Fault]:
        """Check one signature, and go on to the next."""
        before, self.seq = self.seq, one.seq
        self._next = next(self._left, None)
        self.count += 1
        if self._keys is None:
            return []
        if one.key_id not in self._keys.ids:
            self._strange.setdefault(one.key_id, one.seq)
            return []
        what = self._against(one, self._keys, before)
        return [Fault(*what)] if what else []

    def _against(
        self, one: Checkpoint, keys: Verifier, before: int
    ) -> tuple[int, str] | None:
        """Return what is wrong with a checkpoint by a known key, and of which entry."""
        text = signed_text(self._journal_id, one)
        if not keys.fits(one.key_id, text, one.signature):
            return one.seq, "the signature of its checkpoint is wrong"
        if one.previous == BEFORE_SIGNING and not before:
            self.before_signing = one.seq
        elif one.previous != before:
            what = f"its checkpoint follows one of entry {one.previous}, which was removed"
            return one.seq, what
        elif one.seq - before > EVERY:
            what = f"no signature up to {one.seq - 1}: a run signs every {EVERY}th entry"
            return before + 1, what
        return None

"""The raw bus: streams of envelopes, read by groups or followed from a place.

Three promises carry the rest of the system, and every adapter passes one suite about them:
an entry is handed to one consumer of a group until it is committed, also after a crash;
acknowledgements and publications go out together or not at all; and a group starts at the
beginning of its stream, however late it comes, because an intent must not be lost.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, final

from bridge_patch.adapters.envelope import Envelope


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads: the group shares the work, the consumer's name survives a restart.

    Two living processes must not carry the same consumer name: each would take the other's
    unfinished work for its own.
    """

    group: str
    consumer: str


@final
@dataclass(frozen=True, slots=True)
class Post:
    """Something to publish."""

    stream: str
    envelope: Envelope


@final
@dataclass(frozen=True, slots=True)
class Ack:
    """Something that is finished."""

    stream: str
    entry_id: str


@final
@dataclass(frozen=True, slots=True)
class Fence:
    """Who acts on an account: the journal whose lease it holds, and the lease's token.

    Of one journal the higher token is the later holder; of two nobody can say.
    """

    journal_id: str
    token: int

    def is_behind(self, other: Fence) -> bool:
        """Tell whether `other` came later; no two holders of one journal share a token."""
        return other.journal_id == self.journal_id and other.token >= self.token


@final
@dataclass(frozen=True, slots=True)
class Distrusted:
    """What nobody proved to have written: why it is refused, and what it looked like."""

    reason: str
    envelope: Envelope


@final
@dataclass(frozen=True, slots=True)
class Message:
    """One entry of a stream; the id is the bus's own and opaque, except for its order.

    A distrusted one has an empty envelope, so that it cannot be taken for anything. One
    that `stands_for_lost` entries was made by the adapter here: no field of it says so.
    """

    stream: str
    entry_id: str
    envelope: Envelope
    distrusted: Distrusted | None = None
    stands_for_lost: bool = False

    @property
    def as_it_came(self) -> Envelope:
        """The fields for the record, whether trusted or not."""
        return self.distrusted.envelope if self.distrusted else self.envelope


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How far behind a group is.

    `last_id` is the newest entry of the stream ("" for none), `lag` counts entries that no
    consumer of the group was handed, `pending` those handed out and not yet acknowledged.
    """

    last_id: str
    lag: int
    pending: int


#: Every stream there is, each with the groups that were begun on it.
Readers: TypeAlias = Mapping[str, Sequence[str]]


class Bus(Protocol):
    """A durable bus of named streams, shared by several processes."""

    async def publish(self, posts: Sequence[Post]) -> tuple[str, ...]:
        """Append all of `posts`, in order, in one transaction; return their ids."""
        ...

    async def read(
        self, reader: Reader, streams: Sequence[str], *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        """Hand out up to `count` entries of `streams`, in the order of their publication.

        A server may order streams among each other by its clock, to the millisecond.
        What this consumer was handed before a restart comes first, under the same ids;
        then what a consumer that went silent left behind; then what is new. Returns () when
        nothing came for `wait_ms`. Other tasks run at least once during each call.
        """
        ...

    async def commit(self, group: str, acks: Sequence[Ack], posts: Sequence[Post]) -> None:
        """Acknowledge for `group` and publish, in one transaction.

        An entry that is not pending (any more) is passed over.
        """
        ...

    async def follow(
        self, stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        """Return up to `count` entries behind `after_id` ("" is the beginning).

        For readers that keep their own place; nothing is handed out or remembered.
        """
        ...

    async def peek(self, stream: str, after_id: str) -> Message | None:
        """Return the entry next behind `after_id`, if it is there.

        Also one that nobody proved to have written, which a follower never sees.
        """
        ...

    async def depth(self, stream: str, group: str) -> Depth:
        """Return how far `group` is behind on `stream`."""
        ...


class StoredBus(Bus, Protocol):
    """A bus that outlives this process."""

    async def publish_behind(
        self, stream: str, make: Callable[[Message | None], Post]
    ) -> str:
        """Publish what `make` makes of the newest entry of `stream`, in one transaction.

        Nobody publishes to `stream` in between; `make` is given None for an empty one, and
        may be asked more than once.
        """
        ...

    def fence(self, mine: Fence) -> None:
        """Let this object change streams only until another one has fenced the bus.

        From then on publications, commits and deletions raise FencedError, with nothing
        done: the look and what is done are one transaction. Reading is free. Raises
        OutdatedError at once where a holder of this journal has been here with this token
        or a higher one. An object that never fenced is not looked at.
        """
        ...

    def keep_newest(self, stream: str, most: int) -> int:
        """Delete all but the newest `most` entries; return how many were deleted.

        Kept in any case is the newest one, and what one of the stream's groups was not
        handed yet or has in hand. There may be more left than that, for the next time.
        """
        ...

    def readers(self) -> Readers:
        """Return what is read by whom; of a server the streams called as ours are."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...

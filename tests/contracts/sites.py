"""Where a contract suite meets its adapters: one entry per adapter."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager, ExitStack, closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias, TypeVar, cast

from bridge_patch.adapters.bus import Ack, Bus, Message, Post, Reader, StoredBus
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import (
    ManualClock,
    MemoryBus,
    MemoryJournal,
    MemoryStreams,
)
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.adapters.signing import SignedBus
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.secret import Secret
from bridge_patch.services.ports import Journal
from tests.redis_server import RedisServer

NOON_MS: Final = UnixMs(1_746_360_000_000)  # 2025-05-04 12:00 UTC
ABANDONED_MS: Final = 60_000

JOURNAL_ID: Final = "0123456789abcdef"

INTENTS, RESULTS, TICKS = "intents", "results", "ticks"
ONE, TWO = Reader(group="judge", consumer="one"), Reader(group="judge", consumer="two")

_T = TypeVar("_T")


@dataclass
class BusSite:
    """One bus server. Every `connect` is another process, or the same after a restart."""

    clock: ManualClock
    link: Callable[[], AbstractContextManager[Bus]]
    opened: ExitStack = field(default_factory=ExitStack)
    let_pass: Callable[[int], None] | None = None
    #: How near to its moment a time can be tested.
    slack_ms: int = 1

    def connect(self) -> Bus:
        return self.opened.enter_context(self.link())

    def pass_ms(self, ms: int) -> None:
        """Let so much time pass for what is in hand."""
        if self.let_pass is None:
            self.clock.set(UnixMs(self.clock.now_ms() + ms))
        else:
            self.let_pass(ms)


#: The server of this session, for the site that needs it.
Server: TypeAlias = Callable[[], RedisServer]


def memory_site(folder: Path, server: Server) -> BusSite:
    clock, streams = ManualClock(NOON_MS), MemoryStreams()

    def link() -> AbstractContextManager[Bus]:
        return nullcontext(MemoryBus(streams, clock, abandoned_ms=ABANDONED_MS))

    return BusSite(clock, link)


def sqlite_site(folder: Path, server: Server) -> BusSite:
    clock, file = ManualClock(NOON_MS), SqliteFile(folder / "bus.db")

    def link() -> AbstractContextManager[Bus]:
        return closing(SqliteBus(file, clock, abandoned_ms=ABANDONED_MS))

    return BusSite(clock, link)


def redis_site(folder: Path, server: Server) -> BusSite:
    there = server()
    there.ask("FLUSHALL")

    def link() -> AbstractContextManager[Bus]:
        return closing(RedisBus(there.url, abandoned_ms=ABANDONED_MS))

    return BusSite(
        ManualClock(NOON_MS),
        link,
        let_pass=partial(age, there),
        slack_ms=ABANDONED_MS // 2,
    )


def age(server: RedisServer, ms: int) -> None:
    """Make everything in hand older by so much, as the server sees it."""
    with closing(RedisLink(server.url)) as there:
        found = there.call("XPENDING", INTENTS, ONE.group, "-", "+", 100)
        for entry, owner, idle, _ in found:
            claim = ("XCLAIM", INTENTS, ONE.group, owner, 0, entry)
            there.call(*claim, "IDLE", idle + ms, "JUSTID")


def signed_site(folder: Path, server: Server) -> BusSite:
    return _with_a_key(sqlite_site(folder, server))


def signed_redis_site(folder: Path, server: Server) -> BusSite:
    return _with_a_key(redis_site(folder, server))


def _with_a_key(plain: BusSite) -> BusSite:
    def link() -> AbstractContextManager[Bus]:
        bus = plain.opened.enter_context(plain.link())
        return nullcontext(SignedBus(cast("StoredBus", bus), Secret("k" * 32), None))

    return replace(plain, link=link)


BUS_SITES: Final = (memory_site, sqlite_site, redis_site, signed_site, signed_redis_site)


def run(coroutine: Coroutine[object, object, _T]) -> _T:
    return asyncio.run(coroutine)


def post(text: str, stream: str = INTENTS) -> Post:
    return Post(stream, Envelope((("payload", text),)))


def publish(bus: Bus, *texts: str, stream: str = INTENTS) -> tuple[str, ...]:
    return run(bus.publish([post(text, stream) for text in texts]))


def read(
    bus: Bus,
    reader: Reader = ONE,
    *,
    count: int = 100,
    streams: tuple[str, ...] = (INTENTS,),
) -> tuple[Message, ...]:
    return run(bus.read(reader, streams, count=count, wait_ms=0))


def texts(messages: tuple[Message, ...]) -> list[str | None]:
    return [message.envelope.payload for message in messages]


def acks(messages: tuple[Message, ...]) -> tuple[Ack, ...]:
    return tuple(Ack(message.stream, message.entry_id) for message in messages)


def commit(bus: Bus, messages: tuple[Message, ...], *posts: Post) -> None:
    run(bus.commit(ONE.group, acks(messages), posts))


def followed(bus: Bus, stream: str, after_id: str = "") -> tuple[Message, ...]:
    return run(bus.follow(stream, after_id, count=1000, wait_ms=0))


@dataclass
class JournalSite:
    """One journal; `reopen` is the process after a restart, where the adapter has one."""

    clock: ManualClock
    link: Callable[[str], AbstractContextManager[Journal]]
    opened: ExitStack = field(default_factory=ExitStack)

    def open(self, run_id: str = "run-1") -> Journal:
        return self.opened.enter_context(self.link(run_id))


def memory_journal() -> JournalSite:
    clock = ManualClock(NOON_MS)
    return JournalSite(
        clock,
        lambda run_id: nullcontext(
            MemoryJournal(run_id=run_id, clock=clock, journal_id=JOURNAL_ID)
        ),
    )


def kept_journal(database: Database) -> JournalSite:
    clock = ManualClock(NOON_MS)
    return JournalSite(
        clock,
        lambda run_id: closing(
            SqlJournal(database, run_id=run_id, clock=clock, new_id=lambda: JOURNAL_ID)
        ),
    )

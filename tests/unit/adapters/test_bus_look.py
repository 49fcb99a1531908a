"""Looking at a bus tells what the bus itself would tell, and changes nothing."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import Ack, Message, Post, Reader
from bridge_patch.adapters.bus_look import BusLook, Place
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import EXECUTION_GROUP, MARKET_TICK, TRADE_INTENT
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from bridge_patch.domain.intent import UnixMs
from tests.unit.adapters.lines_samples import ACCEPTED
from tests.unit.app.journals import write_journal

Look = Callable[[SqliteFile], BusLook]
READER = Reader(group=EXECUTION_GROUP, consumer="execution-1")


def post(text: str, stream: str = TRADE_INTENT) -> Post:
    return Post(stream, Envelope((("payload", text),)))


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    return SqliteFile(tmp_path / "bridge.db")


@pytest.fixture
def bus(file: SqliteFile) -> Iterator[SqliteBus]:
    with closing(SqliteBus(file, ManualClock(UnixMs(0)))) as made:
        yield made


@pytest.fixture
def look_into() -> Iterator[Look]:
    with ExitStack() as opened:
        yield lambda file: opened.enter_context(closing(BusLook(file)))


def test_places_are_what_the_bus_counts_itself(
    file: SqliteFile, bus: SqliteBus, look_into: Look
) -> None:
    async def work() -> None:
        await bus.publish([post("a"), post("b"), post("c"), post("t", MARKET_TICK)])
        first, *_ = await bus.read(READER, [TRADE_INTENT], count=2, wait_ms=0)
        await bus.commit(EXECUTION_GROUP, [Ack(TRADE_INTENT, first.entry_id)], [])

    asyncio.run(work())
    look = look_into(file)
    depth = asyncio.run(bus.depth(TRADE_INTENT, EXECUTION_GROUP))

    assert look.places() == (
        Place(stream=TRADE_INTENT, group=EXECUTION_GROUP, lag=1, pending=1),
    )
    assert (depth.lag, depth.pending) == (1, 1)
    assert look.lengths() == {TRADE_INTENT: 3, MARKET_TICK: 1}


def test_what_nobody_has_read_yet_is_behind(
    file: SqliteFile, bus: SqliteBus, look_into: Look
) -> None:
    """A bus without its execution is where a person looks first."""
    asyncio.run(bus.publish([post("a"), post("b")]))

    assert look_into(file).places() == (
        Place(stream=TRADE_INTENT, group=EXECUTION_GROUP, lag=2, pending=0),
    )


def test_entries_are_found_by_their_text_and_by_their_age(
    file: SqliteFile, bus: SqliteBus, look_into: Look
) -> None:
    asyncio.run(bus.publish([post("one i-1"), post("two i-2"), post("three i-1")]))
    look = look_into(file)

    found = look.holding(TRADE_INTENT, "i-1", 10)
    assert [m.envelope.payload for m in found] == ["one i-1", "three i-1"]
    assert look.holding(TRADE_INTENT, "i-1", 1) == found[:1]
    assert look.holding(TRADE_INTENT, "i-%", 10) == ()
    newest = look.newest(TRADE_INTENT)
    assert newest is not None
    assert newest.envelope.payload == "three i-1"
    assert look.newest(MARKET_TICK) is None


def test_a_journal_without_a_bus_has_nothing_on_it(tmp_path: Path, look_into: Look) -> None:
    look = look_into(SqliteFile(write_journal(tmp_path / "j.db", [ACCEPTED])))

    assert not look.is_there
    assert (look.places(), look.lengths(), look.newest(TRADE_INTENT)) == ((), {}, None)


def test_looking_makes_no_file_and_writes_to_none(
    tmp_path: Path, file: SqliteFile, bus: SqliteBus, look_into: Look
) -> None:
    asyncio.run(bus.publish([post("a")]))
    look = look_into(file)

    with pytest.raises(BrokenPromiseError, match="does not exist"):
        look_into(SqliteFile(tmp_path / "none.db"))
    with pytest.raises(Exception, match="readonly"):
        look._connection.execute("DELETE FROM bus_entry")
    assert not (tmp_path / "none.db").exists()


def test_an_entry_is_made_of_the_newest_one_before_it(
    file: SqliteFile, bus: SqliteBus, look_into: Look
) -> None:
    """In one transaction: nobody publishes between the look and the entry."""
    seen: list[str | None] = []

    def make(newest: Message | None) -> Post:
        seen.append(newest.envelope.payload if newest else None)
        return post(f"behind {seen[-1]}")

    async def work() -> tuple[str, ...]:
        first = await bus.publish_behind(MARKET_TICK, make)
        await bus.publish([post("t-1", MARKET_TICK), post("t-2", MARKET_TICK)])
        return first, await bus.publish_behind(MARKET_TICK, make)

    ids = asyncio.run(work())

    assert seen == [None, "t-2"]
    assert list(ids) == sorted(ids)
    payloads = [m.envelope.payload for m in look_into(file).holding(TRADE_INTENT, "", 9)]
    assert payloads == ["behind None", "behind t-2"]


def test_an_entry_that_cannot_be_made_leaves_nothing_behind(
    file: SqliteFile, bus: SqliteBus, look_into: Look
) -> None:
    def refuse(_: Message | None) -> Post:
        raise InvalidValueError("no")

    with pytest.raises(InvalidValueError, match="no"):
        asyncio.run(bus.publish_behind(MARKET_TICK, refuse))
    asyncio.run(bus.publish([post("after")]))

    assert look_into(file).lengths() == {TRADE_INTENT: 1}

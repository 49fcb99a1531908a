"""What the bus on a server promises beyond the port: what is lost is never silent."""

from __future__ import annotations

import json

import pytest

from bridge_patch.adapters.bus import Message, Post
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.inbox import BusCommands, BusInbox
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.redis_entries import lost, raw_id
from bridge_patch.adapters.signing import MISSING, signed
from bridge_patch.adapters.streams import (
    CONTROL,
    DEAD_LETTER,
    TRADE_INTENT,
)
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.secret import Secret
from bridge_patch.services.messages import NOT_UNDERSTOOD, Delivery, Poison, Wish
from tests.contracts.redis_rig import Connect, Heard
from tests.contracts.sites import (
    INTENTS,
    NOON_MS,
    ONE,
    TWO,
    commit,
    followed,
    publish,
    read,
    run,
    texts,
)
from tests.redis_server import RedisServer


@pytest.fixture
def bus(connect: Connect) -> RedisBus:
    return connect()


def lost_in(message: Message) -> object:
    assert message.envelope.event_type == "bus.lost"
    told: dict[str, object] = json.loads(message.envelope.payload or "")
    return told["lost"]


def test_an_intent_trimmed_before_it_was_read_is_never_silent(
    bus: RedisBus, heard: Heard, redis_server: RedisServer
) -> None:
    """Its sender waits for an outcome; a person must know that there is none."""
    publish(bus, "a")
    commit(bus, read(bus))
    publish(bus, "b", "c", "d", "e")
    redis_server.ask("XTRIM", INTENTS, "MAXLEN", 2)
    gone, *there = read(bus)

    assert lost_in(gone) == 2
    assert texts(tuple(there)) == ["d", "e"]
    assert [facts["lost"] for _, facts in heard.told] == [2]
    commit(bus, (gone, *there))
    assert read(bus) == ()
    assert len(heard.told) == 1
    assert run(bus.depth(INTENTS, ONE.group)).lag == 0
    redis_server.ask("XTRIM", INTENTS, "MAXLEN", 0)
    assert read(bus) == (), "what was read may be trimmed"


def test_what_was_lost_is_filed_as_lost_where_messages_are_signed(
    bus: RedisBus, redis_server: RedisServer
) -> None:
    """The mark is the adapter's: who writes the same fields on the bus is not believed."""
    ours = signed(bus, Secret("0123456789abcdef" * 2))
    publish(ours, "a", "b", stream=TRADE_INTENT)
    redis_server.ask("XTRIM", TRADE_INTENT, "MAXLEN", 0)
    like = lost(TRADE_INTENT, "", count=2, why="so it says").envelope.fields
    fields = (*like, ("stands_for_lost", "true"))
    run(bus.publish([Post(TRADE_INTENT, Envelope(fields))]))
    clock = ManualClock(NOON_MS)
    inbox = BusInbox(ours, consumer="1", mode=Mode.LIVE, clock=clock, age_max_ms=60_000)
    gone, forged = run(inbox.read(9, 0))

    assert isinstance(gone, Delivery)
    assert isinstance(gone.content, Poison)
    assert gone.content.reason == NOT_UNDERSTOOD
    assert json.loads(gone.payload)["lost"] == 2
    assert isinstance(forged, Delivery)
    assert isinstance(forged.content, Poison)
    assert forged.content.reason == MISSING


@pytest.mark.parametrize("read_before", [True, False])
def test_nor_is_it_where_nothing_is_left_of_the_stream(
    connect: Connect, heard: Heard, redis_server: RedisServer, *, read_before: bool
) -> None:
    bus = connect()
    if read_before:
        publish(bus, "a")
        commit(bus, read(bus))
    publish(bus, "b", "c", "d")
    redis_server.ask("XTRIM", INTENTS, "MAXLEN", 0)
    (gone,) = read(bus)

    assert lost_in(gone) == 3
    assert read(bus) == ()
    assert read(connect())[0].entry_id == gone.entry_id, "told again, under the same id"


def test_an_intent_deleted_by_hand_is_told_too(
    bus: RedisBus, redis_server: RedisServer
) -> None:
    """In the middle of others the server cannot say how many they were."""
    _, second, _ = publish(bus, "a", "b", "c")
    read(bus, count=1)
    redis_server.ask("XDEL", INTENTS, raw_id(second))
    left = read(bus)

    assert [m.envelope.payload for m in left if m.envelope.event_type is None] == ["c"]
    assert [lost_in(m) for m in left if m.envelope.event_type] == [None]


def test_an_intent_deleted_while_it_was_in_hand_is_told(
    connect: Connect, redis_server: RedisServer
) -> None:
    """After a restart, and after a take-over by another consumer."""
    publish(connect(), "a", "b", "c")
    handed = read(connect(), ONE)
    redis_server.ask("XDEL", INTENTS, raw_id(handed[0].entry_id))
    again = read(connect(), ONE)
    taken = read(connect(abandoned_ms=0), TWO)

    for found in (again, taken):
        assert [m.entry_id for m in found] == [m.entry_id for m in handed]
        assert lost_in(found[0]) == 1
        assert texts(found[1:]) == ["b", "c"]


def test_a_lost_command_stops_entries(bus: RedisBus, redis_server: RedisServer) -> None:
    """It may have been a halt."""
    publish(bus, "a halt, perhaps", stream=CONTROL)
    redis_server.ask("XTRIM", CONTROL, "MAXLEN", 0)
    (command,) = run(BusCommands(bus, consumer="one").ordered())

    assert command.wish is Wish.REDUCE
    assert [m.envelope.event_type for m in followed(bus, DEAD_LETTER)] == [
        "trade.intent.dead"
    ]

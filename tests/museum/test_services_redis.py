"""Incidents of a bus on a server: ghosts in a group, wrong names, trimmed streams."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import pytest

from bridge_patch.adapters.bus import Depth, Post, Reader
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_redis_oddities import oddities
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.inbox import BusInbox
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.adapters.stream_faults import stream_faults
from bridge_patch.adapters.streams import EXECUTION_GROUP, EXECUTION_RESULT, TRADE_INTENT
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.switches import CONSUMER
from bridge_patch.domain.events import LatchSet, Status, TradingState
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.services.backlog import BacklogLimits, BacklogWatch
from bridge_patch.services.holds import MISWIRED
from bridge_patch.services.messages import Delivery, Poison
from bridge_patch.services.ports import Clock
from bridge_patch.services.session import Session
from tests.contracts.redis_rig import Heard
from tests.contracts.sites import run
from tests.redis_server import RedisServer
from tests.simulation.rig import CALM, Silence, World, ask, close, intent, ready

MISSPELT: Final = "quantum:stream:trade.intents"


@dataclass
class Ear(Silence):
    """Hears what is told to the person who runs it."""

    heard: Heard

    def note(self, area: str, message: str, **facts: object) -> None:
        self.heard(area, message, **facts)


def watching(inbox: BusInbox, clock: Clock, said: Heard, most: int) -> BacklogWatch:
    return BacklogWatch(
        depths=inbox,
        limits=BacklogLimits(entries_max=most, age_max_sec=60),
        telemetry=Ear(said),
        wall=clock,
        clock=clock,
    )


@pytest.fixture
def server(redis_server: RedisServer) -> RedisServer:
    redis_server.ask("FLUSHALL")
    return redis_server


def test_restarted_consumer_claims_pending_under_its_own_name(server: RedisServer) -> None:
    """M-83: an execution that starts thirty times is one consumer, with all its work."""
    reader = Reader(group=EXECUTION_GROUP, consumer=CONSUMER)
    sent = tuple(Post(TRADE_INTENT, Envelope((("payload", t),))) for t in "abc")
    with ExitStack() as opened:

        def restarted() -> RedisBus:
            return opened.enter_context(closing(RedisBus(server.url)))

        run(restarted().publish(sent))
        for _ in range(30):
            bus = restarted()
            handed = run(bus.read(reader, (TRADE_INTENT,), count=9, wait_ms=0))
            assert [m.envelope.payload for m in handed] == ["a", "b", "c"]

    consumers = server.ask("XINFO", "CONSUMERS", TRADE_INTENT, EXECUTION_GROUP)
    assert isinstance(consumers, list)
    assert len(consumers) == 1


def test_every_stream_has_a_live_writer_and_reader(server: RedisServer) -> None:
    """M-86: wrong readers are named at a start, and hold every entry as long as they are.

    A start and every look after it find them on the server itself; what is silent, exits
    or prices, is noticed where it is needed (M-64, M-73).
    """
    with closing(RedisLink(server.url)) as link, closing(RedisBus(server.url)) as bus:
        assert oddities(link) == ()
        link.call("XADD", "quantum:stream:trade.plan", "*", "payload", "x")
        link.call("XADD", TRADE_INTENT, "*", "payload", "x")
        unknown, unread = oddities(link)
        world = World(assemble=partial(looking_at, bus))
        assert tried(world, "well") is Status.FILLED
        link.call("XADD", MISSPELT, "*", "payload", "x")
        assert tried(world, "misspelt") is Status.REFUSED
        link.call("DEL", MISSPELT)
        assert tried(world, "well-again") is Status.FILLED
        link.call("XGROUP", "CREATE", EXECUTION_RESULT, EXECUTION_GROUP, "0", "MKSTREAM")
        assert tried(world, "two-streams") is Status.REFUSED

    assert "quantum:stream:trade.plan" in unknown
    assert "intents that no execution has ever read: 1" in unread
    said = [(latch.cause, latch.state) for latch in world.events(LatchSet)]
    assert said == [
        (MISWIRED, TradingState.REDUCING),
        (MISWIRED, TradingState.RUNNING),
        (MISWIRED, TradingState.REDUCING),
    ]


def looking_at(bus: RedisBus, run: Run, ports: Ports) -> Session:
    """An execution that looks at the readers of this server."""
    return assemble(run, replace(ports, faults=lambda: stream_faults(bus.readers())))


def tried(world: World, name: str) -> Status:
    """A process that has just started is asked to enter; what becomes of that."""

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent(name, CALM), close(f"{name}-out", CALM))

    run(scenario())
    return world.outcome(name).status


def test_trimmed_group_and_backlog_raise_the_alarm(server: RedisServer) -> None:
    """M-87: what was trimmed before it was read is told with its number and set aside.

    What the server does not say is counted, so that a lag above its limit is told too.
    """
    heard, said = Heard(), Heard()
    clock = ManualClock(UnixMs(1_746_360_000_000))
    with closing(RedisBus(server.url, tell=heard)) as bus:
        inbox = BusInbox(bus, consumer=CONSUMER, mode=Mode.LIVE, clock=clock, age_max_ms=1)
        run(bus.publish([Post(TRADE_INTENT, Envelope((("payload", "x"),)))] * 9))
        server.ask("XTRIM", TRADE_INTENT, "MAXLEN", 2)
        (gone, *there) = run(inbox.read(9, 0))
        depth = run(bus.depth(TRADE_INTENT, EXECUTION_GROUP))
        run(bus.publish([Post(TRADE_INTENT, Envelope((("payload", "x"),)))] * 3))
        for most in (4, 5):
            run(watching(inbox, clock, said, most).ended(512, full=True))

    assert [(told, facts["lag"], facts["pending"]) for told, facts in said.told] == [
        ("backlog above its limit", 3, 2)
    ]
    assert isinstance(gone, Delivery)
    assert isinstance(gone.content, Poison)
    assert '"lost":7' in gone.payload
    assert [facts["lost"] for _, facts in heard.told] == [7]
    assert len(there) == 2
    assert depth == Depth(last_id=there[-1].entry_id, lag=0, pending=2)

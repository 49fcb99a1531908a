"""Who may do what on the server: the users of docs/bus.md, on a real one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from bridge_patch.adapters.bus import Ack, Reader
from bridge_patch.adapters.bus_redis_look import RedisLook
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.streams import (
    CONTROL,
    DEAD_LETTER,
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    MARKET_TICK,
    REPLAY_BARRIER,
    TRADE_INTENT,
)
from bridge_patch.domain.errors import BrokenPromiseError
from tests.contracts.redis_rig import bus_at, refused
from tests.contracts.sites import post, publish, read, run, texts
from tests.redis_server import RedisServer, acl_lines, redis_on


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server with the users of docs/bus.md, and one whose password is an odd one."""
    odd = "user odd on >p@ss:/#?%w0rd ~* &* +@all"
    with redis_on(tmp_path_factory.mktemp("acl"), *acl_lines(), odd) as server:
        yield server


def test_a_password_with_any_character_opens_the_bus(guarded: RedisServer) -> None:
    odd = "p%40ss%3A%2F%23%3F%25w0rd"
    with bus_at(f"redis://odd:{odd}@127.0.0.1:{guarded.port}") as bus:
        publish(bus, "a")

        assert texts(read(bus)) == ["a"]


def test_a_wrong_password_is_not_an_outage(guarded: RedisServer) -> None:
    """Waiting would not help."""
    refused(
        f"redis://engine:s3cret@127.0.0.1:{guarded.port}",
        rf"redis://engine:\*\*\*@127.0.0.1:{guarded.port}/0: .*correct user and password",
    )


@pytest.mark.parametrize("user", ["engine", "exits", "operator"])
@pytest.mark.parametrize("stream", [EXECUTION_RESULT, REPLAY_BARRIER, DEAD_LETTER])
def test_nobody_but_the_execution_writes_outcomes(
    guarded: RedisServer, user: str, stream: str
) -> None:
    """An engine that could would tell itself that it had traded."""
    with (
        bus_at(guarded.text_for(user)) as bus,
        pytest.raises(BrokenPromiseError, match=r"docs/bus\.md"),
    ):
        run(bus.publish([post("forged", stream)]))


@pytest.mark.parametrize("user", ["engine", "exits", "operator"])
def test_nobody_but_the_execution_takes_or_acknowledges_an_intent(
    guarded: RedisServer, user: str
) -> None:
    guarded.ask("FLUSHALL")
    guarded.ask("XADD", TRADE_INTENT, "*", "payload", "x")
    guarded.ask("XGROUP", "CREATE", TRADE_INTENT, EXECUTION_GROUP, "0")
    thief = Reader(group=EXECUTION_GROUP, consumer="x")
    with bus_at(guarded.text_for(user)) as bus:
        attempts = (
            bus.read(thief, [TRADE_INTENT], count=1, wait_ms=0),
            bus.commit(EXECUTION_GROUP, [Ack(TRADE_INTENT, "1-1")], []),
            bus.trim(TRADE_INTENT, keep_ms=0),
        )
        for attempt in attempts:
            with pytest.raises(BrokenPromiseError, match=r"docs/bus\.md"):
                run(attempt)


def test_an_engine_cannot_give_orders(guarded: RedisServer) -> None:
    for user in ("engine", "exits"):
        with (
            bus_at(guarded.text_for(user)) as bus,
            pytest.raises(BrokenPromiseError, match=r"docs/bus\.md"),
        ):
            run(bus.publish([post("resume", CONTROL)]))


def test_an_operator_sees_and_orders(guarded: RedisServer) -> None:
    guarded.ask("FLUSHALL")
    text = guarded.text_for("operator")
    with bus_at(text) as bus:
        run(bus.publish([post("halt", CONTROL)]))
        run(bus.publish_behind(REPLAY_BARRIER, lambda _: post("signal", TRADE_INTENT)))
        run(bus.follow(EXECUTION_RESULT, "", count=1, wait_ms=1))
    with closing(RedisLook(read_bus_url(text))) as look:
        lengths = look.lengths()

        assert (lengths[CONTROL], lengths[TRADE_INTENT]) == (1, 1)
        assert [(p.group, p.lag) for p in look.places()] == [(EXECUTION_GROUP, 1)]
        assert texts(look.holding(TRADE_INTENT, "sign", 9)) == ["signal"]
        assert look.newest(MARKET_TICK) is None

"""What the start says about a server, before it carries intents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.bus_redis_oddities import oddities
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.adapters.streams import CONTROL, EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.app.buses import AT_HOME, BusAt
from bridge_patch.domain.errors import BrokenPromiseError
from tests.redis_server import RedisServer, redis_on


@pytest.fixture
def link(redis_server: RedisServer) -> Iterator[RedisLink]:
    redis_server.ask("FLUSHALL")
    with closing(RedisLink(redis_server.url)) as link:
        yield link


def test_a_server_as_it_should_be_is_named_and_no_more(link: RedisLink) -> None:
    link.call("XGROUP", "CREATE", TRADE_INTENT, EXECUTION_GROUP, "0", "MKSTREAM")

    assert oddities(link) == ()
    assert BusAt(link.url).notes(in_full=True) == (f"bus: {link.url}",)
    assert AT_HOME.notes(in_full=True) == ()


def test_an_authority_that_nobody_asks_is_said(link: RedisLink, tmp_path: Path) -> None:
    """Whoever names one believes that the bus speaks TLS."""
    authority = tmp_path / "ca.pem"
    authority.touch()
    for bus_at in (BusAt(link.url, authority), BusAt(ca_file=authority)):
        for in_full in (True, False):
            *_, last = bus_at.notes(in_full=in_full)

            assert last == "BUS_CA_FILE is not used: BUS_URL is not rediss://"


def test_what_is_odd_is_said_in_one_line(link: RedisLink) -> None:
    link.call("XADD", "quantum:stream:trade.intnet", "*", "payload", "x")
    link.call("XADD", TRADE_INTENT, "*", "payload", "x")
    link.call("XGROUP", "CREATE", CONTROL, "audit", "0", "MKSTREAM")
    (line,) = BusAt(link.url).notes(in_full=True)

    assert "nobody here reads or writes quantum:stream:trade.intnet" in line
    assert "intents that no execution has ever read: 1" in line
    assert f"{CONTROL} has groups of others (audit)" in line
    assert BusAt(link.url).notes(in_full=False) == (f"bus: {link.url}",)


def test_a_server_that_may_lose_things_is_told_of(tmp_path: Path) -> None:
    options = ("appendonly no", "maxmemory 100mb", "maxmemory-policy allkeys-lru")
    with redis_on(tmp_path, *options) as server, closing(RedisLink(server.url)) as link:
        memory, policy = oddities(link)

    assert "set appendonly yes" in memory
    assert "allkeys-lru" in policy
    assert "set maxmemory-policy noeviction" in policy


def test_a_key_that_is_no_stream_stops_the_start(link: RedisLink) -> None:
    """The commit of a result there would acknowledge and not publish."""
    link.call("SET", TRADE_INTENT, "x")

    with pytest.raises(BrokenPromiseError, match="is a string and must be a stream"):
        oddities(link)

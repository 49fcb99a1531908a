"""A process that lost the account while it slept publishes and acknowledges nothing."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import cast

import pytest

from bench.measuring import at_once
from bridge_patch.adapters.bus import Ack, Bus, Fence, Message, Post, StoredBus
from bridge_patch.adapters.bus_fence import KEY
from bridge_patch.adapters.bus_leased import LeasedBus
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.adapters.store_sqlite import SqliteFile, transaction
from bridge_patch.adapters.streams import EXECUTION_RESULT
from bridge_patch.app.store import open_store
from bridge_patch.domain.errors import (
    BrokenPromiseError,
    FencedError,
    OutdatedError,
)
from tests.contracts.redis_rig import bus_at
from tests.contracts.samples import NOON_MS
from tests.contracts.sites import (
    ABANDONED_MS,
    INTENTS,
    ONE,
    RESULTS,
    BusSite,
    acks,
    commit,
    followed,
    post,
    publish,
    read,
    run,
    texts,
)
from tests.redis_server import RedisServer, acl_lines, redis_on

FIRST, SECOND = Fence("journal", 3), Fence("journal", 4)
OTHER = Fence("another journal", 1)
ACTS = "another process acts on this bus"


def acting(site: BusSite, mine: Fence) -> StoredBus:
    bus = cast("StoredBus", site.connect())
    bus.fence(mine)
    return bus


def test_who_acts_publishes_and_commits(stored_site: BusSite) -> None:
    """The fence opens for whom it should, also when a later one is set."""
    bus = acting(stored_site, FIRST)
    publish(bus, "a")
    bus.fence(SECOND)
    publish(bus, "b", "c")
    commit(bus, read(bus), post("done", RESULTS))

    assert texts(followed(bus, RESULTS)) == ["done"]
    assert run(bus.depth(INTENTS, ONE.group)).pending == 0


@pytest.mark.parametrize("later", [SECOND, OTHER])
def test_who_was_replaced_changes_nothing(stored_site: BusSite, later: Fence) -> None:
    """Neither result nor acknowledgement: the entry is the other's to finish."""
    old = acting(stored_site, FIRST)
    publish(old, "a")
    taken = read(old)
    new = acting(stored_site, later)
    with pytest.raises(FencedError, match=ACTS):
        commit(old, taken, post("by the old one", RESULTS))
    for count in (1, 2):
        with pytest.raises(FencedError, match=ACTS):
            publish(old, *["x"] * count)
    with pytest.raises(FencedError, match=ACTS):
        run(old.publish_behind(INTENTS, lambda _: post("x")))
    publish(new, "b")
    commit(new, (*taken, *read(new)), post("both", RESULTS))
    with pytest.raises(FencedError, match=ACTS):
        old.keep_newest(INTENTS, 1)

    assert texts(followed(new, INTENTS)) == ["a", "b"]
    assert texts(followed(new, RESULTS)) == ["both"]


def test_what_the_old_one_had_in_hand_is_the_new_ones_to_finish(
    stored_site: BusSite,
) -> None:
    old = acting(stored_site, FIRST)
    publish(old, "a")
    taken = read(old)
    new = acting(stored_site, SECOND)
    with pytest.raises(FencedError, match=ACTS):
        commit(old, taken, post("by the old one", RESULTS))
    again = read(new)
    commit(new, again, post("by the new one", RESULTS))

    assert texts(again) == ["a"]
    assert texts(followed(new, RESULTS)) == ["by the new one"]
    assert run(new.depth(INTENTS, ONE.group)).lag == 0


@pytest.mark.parametrize("late", [FIRST, SECOND])
def test_who_wakes_between_lease_and_mark_does_not_come_back(
    stored_site: BusSite, late: Fence
) -> None:
    """It took the lease, slept, and another took it over: the later token stands.

    An equal one is no later one: of one journal two holders never share a token.
    """
    new, woken = acting(stored_site, SECOND), cast("StoredBus", stored_site.connect())
    with pytest.raises(OutdatedError, match=rf"\(token 4, ours {late.token}\)"):
        woken.fence(late)
    publish(new, "a")

    assert texts(read(new)) == ["a"]


def test_who_is_no_holder_is_not_looked_at(stored_site: BusSite) -> None:
    """Engines, people, exits: they propose, whoever acts."""
    acting(stored_site, FIRST)
    engine = stored_site.connect()
    publish(engine, "a")
    acting(stored_site, SECOND)
    publish(engine, "b")

    assert texts(followed(engine, INTENTS)) == ["a", "b"]


@pytest.mark.parametrize(("fenced", "results"), [(True, ["second"]), (False, None)])
def test_frozen_between_the_look_at_the_lease_and_the_commit(
    stored_site: BusSite, fenced: bool, results: list[str] | None
) -> None:
    """The very window: its lease was good when it looked, and is another's as it commits.

    Without the fence there were two outcomes.
    """
    old = cast("StoredBus", stored_site.connect())
    if fenced:
        old.fence(FIRST)
    publish(old, "a")
    taken = read(old)

    def look_and_sleep() -> None:
        new = cast("StoredBus", stored_site.connect())
        if fenced:
            new.fence(SECOND)
        commit(new, read(new), post("second", RESULTS))

    sleeper = LeasedBus(old, look_and_sleep)
    first = sleeper.commit(ONE.group, acks(taken), [post("first", RESULTS)])
    if fenced:
        with pytest.raises(FencedError):
            at_once(first)
    else:
        at_once(first)

    assert texts(followed(old, RESULTS)) == (results or ["second", "first"])


def test_frozen_between_the_look_at_the_mark_and_the_transaction_on_a_server(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the look is an answer from the server one can sleep behind that too."""
    redis_server.ask("FLUSHALL")
    with closing(RedisBus(redis_server.url, abandoned_ms=ABANDONED_MS)) as old:
        old.fence(FIRST)
        publish(old, "a")
        taken, together = read(old), RedisLink.together

        def asleep(link: RedisLink, commands: list[object]) -> object:
            monkeypatch.undo()
            with closing(RedisBus(redis_server.url)) as new:
                new.fence(SECOND)
            return together(link, commands)  # type: ignore[arg-type]

        monkeypatch.setattr(RedisLink, "together", asleep)
        with pytest.raises(FencedError, match=ACTS):
            commit(old, taken, post("x", RESULTS))

        assert followed(old, RESULTS) == ()
        assert run(old.depth(INTENTS, ONE.group)).pending == 1


def test_a_mark_that_was_removed_stops_who_acts_until_it_is_set_again(
    redis_server: RedisServer,
) -> None:
    """By a flush: the process begins again, with a lease and a fence of its own."""
    redis_server.ask("FLUSHALL")
    with closing(RedisBus(redis_server.url)) as bus:
        bus.fence(FIRST)
        redis_server.ask("FLUSHALL")
        with pytest.raises(FencedError, match="was removed"):
            publish(bus, "a")
        bus.fence(SECOND)
        publish(bus, "b")

        assert texts(followed(bus, INTENTS)) == ["b"]


@pytest.mark.parametrize("text", ["", "nonsense", "x journal", "9" * 30])
def test_a_strange_mark_is_replaced(redis_server: RedisServer, text: str) -> None:
    redis_server.ask("FLUSHALL")
    redis_server.ask("SET", KEY, text)
    with closing(RedisBus(redis_server.url)) as bus:
        bus.fence(FIRST)
        publish(bus, "a")

        assert texts(followed(bus, INTENTS)) == ["a"]


def test_the_user_of_the_execution_may_set_the_mark_and_no_other(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The users of docs/bus.md: who could set it would stop the account."""
    with redis_on(tmp_path_factory.mktemp("acl"), *acl_lines()) as server:
        with bus_at(server.text_for("execution")) as bus:
            bus.fence(FIRST)
            publish(bus, "x", stream=EXECUTION_RESULT)
        for user in ("engine", "exits", "operator"):
            with (
                bus_at(server.text_for(user)) as bus,
                pytest.raises(BrokenPromiseError, match=r"docs/bus\.md"),
            ):
                bus.fence(SECOND)


def test_the_mark_is_in_the_transaction_of_the_file(tmp_path: Path) -> None:
    """Nothing of a commit that finds another's is left, nor is the file left locked."""
    file = SqliteFile(tmp_path / "bridge.db")
    with closing(SqliteBus(file, ManualClock(NOON_MS))) as old:
        old.fence(FIRST)
        publish(old, "a")
        (taken,) = read(old)
        with closing(file.connect()) as there, transaction(there):
            there.execute("UPDATE bus_fence SET token = 4")
        with pytest.raises(FencedError, match=ACTS):
            run(old.commit(ONE.group, [Ack(INTENTS, taken.entry_id)], [post("x", RESULTS)]))
        with closing(file.connect()) as there, transaction(there):
            (left,) = there.execute("SELECT count(*) FROM bus_entry").fetchone()

    assert left == 1


def test_a_store_sets_the_mark_with_its_lease(tmp_path: Path) -> None:
    """A second process takes over, and the first one's bus is closed to it."""
    first = open_store(tmp_path, journal=True, claim=Claim(holder="a 1 x", ttl_ms=60_000))
    publish(first.bus, "a")
    assert first.lease is not None
    first.lease.release()
    second = open_store(tmp_path, journal=True, claim=Claim(holder="b 1 x", ttl_ms=60_000))
    with closing(first.bus), closing(second):
        bus: Bus = first.bus
        with pytest.raises(FencedError, match=ACTS):
            publish(bus, "b")
        publish(second.bus, "c")

        assert texts(followed(second.bus, INTENTS)) == ["a", "c"]


def test_who_acts_publishes_behind_the_newest(stored_site: BusSite) -> None:
    bus = acting(stored_site, FIRST)
    publish(bus, "a")
    run(bus.publish_behind(INTENTS, lambda found: post(f"behind {found is not None}")))

    assert texts(followed(bus, INTENTS)) == ["a", "behind True"]


def test_who_acts_asks_again_where_a_stream_changed_meanwhile(
    redis_server: RedisServer,
) -> None:
    """The stream's own change is not taken for another's fence."""
    redis_server.ask("FLUSHALL")
    asked = list[object]()
    with closing(RedisBus(redis_server.url)) as bus:
        bus.fence(FIRST)

        def make(newest: Message | None) -> Post:
            asked.append(newest)
            if newest is None:
                redis_server.ask("XADD", INTENTS, "*", "payload", "first")
            return post("behind")

        run(bus.publish_behind(INTENTS, make))

        assert len(asked) == 2
        assert texts(followed(bus, INTENTS)) == ["first", "behind"]
        publish(bus, "and on")

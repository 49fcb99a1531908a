"""A journal that is older than its bus: refused with a way out, never let in by and by."""

from __future__ import annotations

import shlex
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import Fence
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.adapters.store_sqlite import SqliteFile, transaction
from bridge_patch.adapters.streams import EXECUTION_RESULT
from bridge_patch.app.buses import BusAt
from bridge_patch.app.store import open_store
from bridge_patch.domain.errors import FencedError, OutageError, OutdatedError
from tests.contracts.redis_rig import bus_at
from tests.contracts.sites import publish
from tests.contracts.test_bus_fence import FIRST, SECOND
from tests.redis_server import acl_lines, free_port, redis_on

A, B = Claim(holder="a 1 x", ttl_ms=60_000), Claim(holder="b 1 x", ttl_ms=60_000)


def tokens(folder: Path) -> tuple[int, int]:
    """That of the lease, and that of the fence."""
    file = SqliteFile(folder / "bridge.db")
    with closing(file.connect()) as there:
        (lease,) = there.execute("SELECT token FROM journal_lease").fetchone()
        (fence,) = there.execute("SELECT token FROM bus_fence").fetchone()
    return lease, fence


def change(folder: Path, sql: str) -> None:
    with closing(SqliteFile(folder / "bridge.db").connect()) as there, transaction(there):
        there.execute(sql)


def put_back(folder: Path, *, fence: int) -> None:
    """A store whose journal is older than what its bus has seen of it."""
    open_store(folder, journal=True, claim=A).close()
    change(folder, f"UPDATE bus_fence SET token = {fence:d}")  # noqa: S608 - a number


def test_a_journal_that_was_put_back_does_not_creep_up_to_the_mark(tmp_path: Path) -> None:
    """Its own token would be that of a holder that sleeps, then a later one than any."""
    put_back(tmp_path, fence=4)
    for _ in range(6):
        with pytest.raises(OutdatedError, match="put back from a backup"):
            open_store(tmp_path, journal=True, claim=B)

        assert tokens(tmp_path) == (1, 4)


def test_the_file_opens_by_the_command_that_is_told(tmp_path: Path) -> None:
    state = tmp_path / "it's here"
    state.mkdir()
    put_back(state, fence=9)
    with pytest.raises(OutdatedError) as refused:
        open_store(state, journal=True, claim=B)
    told = str(refused.value).partition("then: ")[2]
    program, path, sql = shlex.split(told)
    assert (program, Path(path)) == ("sqlite3", state / "bridge.db")
    change(state, sql)
    open_store(state, journal=True, claim=B).close()

    assert tokens(state) == (2, 2)


def test_a_server_opens_by_the_command_that_is_told(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The user of the execution may give it."""
    with (
        redis_on(tmp_path_factory.mktemp("acl"), *acl_lines()) as server,
        bus_at(server.text_for("execution")) as bus,
    ):
        bus.fence(SECOND)
        with pytest.raises(OutdatedError) as refused:
            bus.fence(FIRST)
        told = str(refused.value).partition("then: ")[2].split()
        assert told[:3] == ["redis-cli", "-n", "0"]
        with closing(RedisLink(read_bus_url(server.text_for("execution")))) as person:
            person.call(*told[3:])
        bus.fence(FIRST)
        publish(bus, "x", stream=EXECUTION_RESULT)


def test_tries_while_the_bus_is_away_cost_no_token(tmp_path: Path) -> None:
    """They would carry a journal that was put back past the mark, unseen."""
    put_back(tmp_path, fence=1)
    away = BusAt(read_bus_url(f"redis://127.0.0.1:{free_port()}"))
    for _ in range(3):
        with pytest.raises(OutageError, match="start the server"):
            open_store(tmp_path, journal=True, claim=B, bus_at=away)

    assert tokens(tmp_path) == (1, 1)


def test_who_was_overtaken_before_its_mark_is_told_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No backup was put back: another process took over while this one slept."""
    put_back(tmp_path, fence=1)
    fence = SqliteBus.fence

    def slept(bus: SqliteBus, mine: Fence) -> None:
        for table in ("journal_lease", "bus_fence"):
            change(tmp_path, f"UPDATE {table} SET token = 3")  # noqa: S608 - ours
        fence(bus, mine)

    monkeypatch.setattr(SqliteBus, "fence", slept)
    with pytest.raises(FencedError, match="another process has taken over"):
        open_store(tmp_path, journal=True, claim=B)

    assert tokens(tmp_path) == (3, 3)

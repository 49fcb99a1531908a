"""Waiting for one's turn: said once, nothing touched, and no outage ends it."""

from __future__ import annotations

import asyncio
import io
import os
import signal
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.journal_key import make_key
from bridge_patch.adapters.journal_lease import Claim, Lease
from bridge_patch.adapters.store_sqlite import SqliteFile, transaction
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import Settings, load_settings
from bridge_patch.app.standby import Standby
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import Run, Store, open_store
from bridge_patch.domain.errors import (
    BrokenPromiseError,
    FencedError,
    OutdatedError,
)
from tests.contracts.samples import seen

HELD = Claim(holder="machine-a 1 unknown", ttl_ms=60_000)


def told(log: io.StringIO, what: str) -> int:
    return log.getvalue().count(what)


def settings_at(folder: Path) -> Settings:
    return replace(load_settings({}), state_dir=folder)


def held_at(folder: Path) -> Store:
    """The store of another machine's process, which signs with its key."""
    key_file = settings_at(folder).journal_key_path
    return open_store(folder, journal=True, claim=HELD, key_file=key_file)


def run_of(settings: Settings, log: io.StringIO) -> Run:
    return Run(
        settings=settings,
        mode=settings.ai_sizing_mode,
        feed="-",
        telemetry=LogTelemetry(log),
    )


def standing_by(
    settings: Settings, log: io.StringIO, *steps: Callable[[], object]
) -> Standby:
    """A standby; one step happens in each of its pauses, the last one again."""
    left = list(steps)

    async def sleep(_: float) -> None:
        (left.pop(0) if len(left) > 1 else left[0])()

    return Standby(run=run_of(settings, log), holder="b", sleep=sleep)


def wait(
    settings: Settings, log: io.StringIO, stop: Stop, *steps: Callable[[], object]
) -> Store | None:
    standby = standing_by(settings, log, *steps)
    return asyncio.run(standby.opened(stop, again=False))


def nothing() -> None:
    return


def test_who_waits_says_so_once_and_touches_nothing(tmp_path: Path) -> None:
    log, stop = io.StringIO(), Stop()

    def ask_to_stop() -> None:
        stop.asked = True

    with closing(held_at(tmp_path)) as first:
        waited = wait(settings_at(tmp_path), log, stop, *[nothing] * 4, ask_to_stop)

        assert waited is None
        assert told(log, "another process acts on this account") == 1
        assert told(log, "machine-a, process 1") == 1
        assert first.journal is not None
        assert list(first.journal.read()) == []
        with closing(BusLook(SqliteFile(tmp_path / "bridge.db"))) as look:
            assert [place.pending for place in look.places()] == [0]


def test_who_waits_takes_over_when_the_holder_lets_go(tmp_path: Path) -> None:
    log = io.StringIO()
    first = held_at(tmp_path)
    second = wait(settings_at(tmp_path), log, Stop(), nothing, first.close, nothing)

    assert second is not None
    with closing(second):
        assert second.lease is not None
        assert second.lease.token == 2
    assert told(log, "taking over: recovering first") == 1


def test_who_is_first_does_not_wait(tmp_path: Path) -> None:
    log = io.StringIO()
    store = wait(settings_at(tmp_path), log, Stop(), nothing)

    assert store is not None
    store.close()
    assert log.getvalue() == ""


def test_who_could_not_take_over_does_not_wait(tmp_path: Path) -> None:
    """A standby on another machine needs the head once; it says so while there is time."""
    log = io.StringIO()
    with closing(held_at(tmp_path)):
        (tmp_path / "bridge.db.head").unlink()
        with pytest.raises(
            BrokenPromiseError, match=r"head .*copy it, once, from the mach"
        ):
            wait(settings_at(tmp_path), log, Stop(), nothing)


@pytest.mark.parametrize(("count", "found"), [(0, "none"), (3, "none"), (3, "another")])
def test_who_could_not_sign_on_does_not_wait(
    tmp_path: Path, count: int, found: str
) -> None:
    """The key is asked for while there is time, also before anything was signed."""
    settings, log = settings_at(tmp_path), io.StringIO()
    key_file = settings.journal_key_path
    with closing(held_at(tmp_path)) as first:
        assert first.journal is not None
        asyncio.run(first.journal.append([seen("a", n) for n in range(count)]))
        key_file.unlink()
        if found == "another":
            make_key(key_file)
        before = sorted(tmp_path.iterdir())
        stop = Stop()
        with pytest.raises(BrokenPromiseError, match=r"journal\.key .*JOURNAL_KEY_FILE"):
            wait(settings, log, stop, lambda: setattr(stop, "asked", True))

        assert sorted(tmp_path.iterdir()) == before


def test_a_database_that_goes_away_meanwhile_is_sat_out(tmp_path: Path) -> None:
    """And is not begun anew in its place."""
    log, state = io.StringIO(), tmp_path / "state"
    first = held_at(state)
    away = [
        nothing,
        lambda: state.rename(tmp_path / "away"),
        nothing,
        lambda: (tmp_path / "away").rename(state),
        first.close,
        nothing,
    ]
    second = wait(settings_at(state), log, Stop(), *away)

    assert second is not None
    second.close()
    assert told(log, "the journal cannot be reached") == 1


def put_back(folder: Path) -> None:
    """What a bus knows that has seen more of this journal than it holds."""
    with closing(SqliteFile(folder / "bridge.db").connect()) as there, transaction(there):
        there.execute("UPDATE bus_fence SET token = 9")


def test_who_waited_for_a_journal_that_was_put_back_says_so_and_ends(
    tmp_path: Path,
) -> None:
    """No wait makes it better: whoever started it is told, with what to do."""
    log, first, stop = io.StringIO(), held_at(tmp_path), Stop()

    def end() -> None:
        first.close()
        put_back(tmp_path)

    def ask_to_stop() -> None:
        stop.asked = True

    with pytest.raises(OutdatedError, match=r"put back from a backup\?.*DELETE FROM"):
        wait(settings_at(tmp_path), log, stop, nothing, end, nothing, ask_to_stop)

    assert told(log, "cannot be reached") == 0


def test_who_was_overtaken_as_it_took_over_waits_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another standby was quicker: that is no trouble with the journal."""
    log, first = io.StringIO(), held_at(tmp_path)
    renew = Lease.renew

    def overtaken(_: Lease) -> None:
        monkeypatch.undo()
        msg = "another process has taken over"
        raise FencedError(msg)

    def end() -> None:
        first.close()
        put_back(tmp_path)
        monkeypatch.setattr(Lease, "renew", overtaken)

    def go_on() -> None:
        with closing(SqliteFile(tmp_path / "bridge.db").connect()) as there:
            there.execute("DELETE FROM bus_fence")

    second = wait(settings_at(tmp_path), log, Stop(), nothing, end, go_on, nothing)

    assert second is not None
    second.close()
    assert Lease.renew is renew
    assert told(log, "cannot be reached") == 0
    assert told(log, "taking over: recovering first") == 1


def test_who_lost_the_lease_begins_again_behind_the_other() -> None:
    """It says so, and not where `status` would take it for the other's trouble."""
    log, said = io.StringIO(), list[str]()
    outage = Outage(telemetry=LogTelemetry(log), say=said.append)
    turns = iter([FencedError("taken over"), None])

    async def attempt() -> None:
        if (error := next(turns)) is not None:
            raise error

    asyncio.run(outage.outlast(attempt, Stop()))

    assert told(log, "no longer the one that acts") == 1
    assert said == []
    assert next(turns, "over") == "over"


def test_a_stop_that_takes_too_long_breaks_off_the_work() -> None:
    """As a crash at that place would, and ends well."""
    log = io.StringIO()

    async def scenario() -> str:
        outage = Outage(telemetry=LogTelemetry(log))
        stop = Stop.on_signals(most_sec=0.05)

        async def attempt() -> None:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(30)

        await outage.outlast(attempt, stop)
        return "ended"

    assert asyncio.run(scenario()) == "ended"
    assert told(log, "stopped within a piece of work") == 1


def test_work_that_is_cancelled_by_others_is_not_taken_for_a_stop() -> None:
    async def scenario() -> None:
        outage = Outage(telemetry=LogTelemetry(io.StringIO()))

        async def attempt() -> None:
            await asyncio.sleep(30)

        task = asyncio.ensure_future(outage.outlast(attempt, Stop()))
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(scenario())

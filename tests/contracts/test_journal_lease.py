"""One writer: who loses the lease writes nothing, and who waits gets it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from bridge_patch.adapters.holder import is_gone, shown, this_process
from bridge_patch.adapters.journal_lease import (
    Claim,
    HeldError,
    Lease,
    Standing,
    Watch,
    standing,
)
from bridge_patch.adapters.journal_schema import LEASE, Database
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.errors import BrokenPromiseError, FencedError
from tests.contracts.samples import NOON_MS, seen
from tests.contracts.sites import run

TTL_MS = 30_000  # renews itself every ten seconds, and so in no test but the last
A, B = "machine-a 1 unknown", "machine-b 1 unknown"

Opens = Callable[..., SqlJournal]


class Wrist:
    """A clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.sec = 100.0

    def __call__(self) -> float:
        return self.sec


@pytest.fixture
def opens(database: Database, opened: ExitStack) -> Opens:
    def opens(holder: str = A, over: Standing | None = None) -> SqlJournal:
        made = SqlJournal(
            database,
            run_id=f"run of {holder}",
            clock=ManualClock(NOON_MS),
            new_id=lambda: "id-1",
            claim=Claim(holder=holder, ttl_ms=TTL_MS, over=over),
        )
        return opened.enter_context(closing(made))

    return opens


def held(database: Database) -> Standing:
    engine = database.engine(read_only=True)
    with engine.connect() as connection:
        found = standing(connection)
    engine.dispose()
    assert found is not None
    return found


def numbers(database: Database) -> list[int]:
    with closing(JournalReader(database)) as reader:
        return [entry.seq for entry in reader.read()]


def lease_of(journal: SqlJournal) -> Lease:
    assert journal.lease is not None
    return journal.lease


def test_who_holds_writes_and_who_comes_is_told_by_whom(
    database: Database, opens: Opens
) -> None:
    first = opens()
    run(first.append([seen("a")]))
    with pytest.raises(HeldError, match="machine-a, process 1 holds it"):
        opens(B)
    run(first.append([seen("b")]))

    assert numbers(database) == [1, 2]
    assert (held(database).holder, held(database).token) == (A, 1)


def test_a_released_lease_is_free_at_once(database: Database, opens: Opens) -> None:
    opens().close()
    assert held(database).holder == ""
    second = opens(B)
    run(second.append([seen("a")]))

    assert held(database).token == lease_of(second).token == 2


def test_a_token_of_which_nobody_heard_is_given_back(
    database: Database, opens: Opens
) -> None:
    """With all that stood: who was silent is the holder again, and is waited for."""
    lease_of(first := opens()).is_unheard = True
    first.close()
    assert (held(database).holder, held(database).token) == ("", 0)
    opens()
    before = held(database)
    lease_of(first).release()  # its token is another's by now
    lease_of(second := opens(B, over=before)).is_unheard = True
    assert held(database).token == 2
    second.close()
    assert held(database) == before
    lease_of(third := opens(B, over=before)).is_unheard = True
    opens(A, over=held(database))
    third.close()

    assert (held(database).holder, held(database).token) == (A, 3)


def test_a_renewal_shows(database: Database, opens: Opens) -> None:
    first = opens()
    before = held(database).renewals
    lease_of(first).renew()

    assert held(database).renewals > before


def test_a_renewal_undoes_what_a_waiting_process_believed(
    database: Database, opens: Opens
) -> None:
    """It looked, and then the holder lived after all: it does not get the lease."""
    first = opens()
    stale = held(database)
    lease_of(first).renew()
    with pytest.raises(HeldError):
        opens(B, over=stale)


def test_the_old_holder_writes_nothing_after_another_took_over(
    database: Database, opens: Opens
) -> None:
    """Not even entries whose numbers are free: the token is in the same transaction."""
    old = opens()
    run(old.append([seen("a")]))
    new = opens(B, over=held(database))
    with pytest.raises(FencedError, match="another process has taken over"):
        run(old.append([seen("b")]))
    run(new.append([seen("c")]))
    with pytest.raises(FencedError):
        run(old.append([seen("d"), seen("e")]))
    with pytest.raises(FencedError):
        lease_of(old).renew()
    old.close()

    assert [s.event for s in new.read()] == [seen("a"), seen("c")]
    assert (held(database).holder, held(database).token) == (B, 2)


def test_who_sleeps_asks_before_it_acts(database: Database, opens: Opens) -> None:
    """Between an order's announcement and its way to the venue lies any length of time."""
    first, wrist = opens(), Wrist()
    claim = Claim(holder=A, ttl_ms=TTL_MS)
    token = lease_of(first).token
    lease = Lease(database, ManualClock(NOON_MS), claim, token, taken=100.0, now=wrist)
    try:
        wrist.sec += 19.9
        lease.assure()
        opens(B, over=held(database))
        lease.assure()  # nobody can have taken over yet, by any clock
        wrist.sec += 0.2
        with pytest.raises(FencedError):
            lease.assure()
    finally:
        lease.release()


def test_who_sleeps_and_was_not_missed_goes_on(database: Database, opens: Opens) -> None:
    first, wrist = opens(), Wrist()
    claim = Claim(holder=A, ttl_ms=TTL_MS)
    token = lease_of(first).token
    lease = Lease(database, ManualClock(NOON_MS), claim, token, taken=100.0, now=wrist)
    try:
        wrist.sec += 3_600
        before = held(database).renewals
        lease.assure()
        assert held(database).renewals > before
    finally:
        lease.release()


def test_a_holder_is_over_when_nothing_moved_for_a_term() -> None:
    """By one's own clock; the longer of the two terms counts."""
    wrist = Wrist()
    watch = Watch(ttl_ms=2_000, now=wrist)

    def found(renewals: int) -> Standing:
        return Standing(holder=A, token=1, renewals=renewals, ttl_ms=TTL_MS, renewed_ms=0)

    assert not watch.over(found(0))
    wrist.sec += 29.9
    assert not watch.over(found(1))
    wrist.sec += 29.9
    assert not watch.over(found(1))
    wrist.sec += 0.1
    assert watch.over(found(1))


def test_a_process_of_this_machine_that_ended_is_not_waited_for(opens: Opens) -> None:
    """A restart after `kill -9` goes on at once: the dead write nothing."""
    code = "from bridge_patch.adapters.holder import this_process; print(this_process())"
    dead = subprocess.check_output([sys.executable, "-c", code], text=True).strip()
    opens(dead)

    assert opens(B).lease is not None


def test_a_living_process_is_not_taken_for_dead() -> None:
    me = this_process()
    machine, pid, life = me.split(" ")

    assert pid == str(os.getpid())
    assert not is_gone(me)
    assert is_gone(f"{machine} {pid} {life}1")  # the number is used again
    assert not is_gone(f"{machine} 999999999 another-boot:1:2")
    assert not is_gone(A)
    assert not is_gone("")
    assert shown(me) == f"{machine}, process {pid}"


@pytest.mark.parametrize("whose", ["ours", "another user's"])
def test_a_living_process_that_the_machine_hides_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """Under hidepid two processes acted on one account: it looked like an ended one."""
    me, read_text, kill = this_process(), Path.read_text, os.kill
    pid = int(me.split(" ")[1])

    def hidden(path: Path, *args: Any, **kwargs: Any) -> str:
        if path.name == "stat":
            raise FileNotFoundError(2, "hidden")
        return read_text(path, *args, **kwargs)

    def not_allowed(number: int, signal: int) -> None:
        if number == pid:
            raise PermissionError(1, "not yours")
        kill(number, signal)

    monkeypatch.setattr(Path, "read_text", hidden)
    if whose != "ours":
        monkeypatch.setattr(os, "kill", not_allowed)

    assert not is_gone(me)
    assert is_gone(me.replace(f" {pid} ", " 999999999 "))


def test_a_process_takes_its_own_lease_up_again(opens: Opens) -> None:
    """After an outage, in which it could not release it."""
    opens(A)

    assert lease_of(opens(A)).token == 2


def test_a_lease_that_was_tampered_with_stops_the_writer(
    database: Database, opens: Opens
) -> None:
    first = opens()
    engine = database.engine()
    with engine.begin() as connection:
        connection.execute(update(LEASE), {"token": 7})
    engine.dispose()
    with pytest.raises(BrokenPromiseError, match="its token 7, ours 1"):
        run(first.append([seen("a")]))

    assert numbers(database) == []


def test_a_lease_renews_itself(database: Database, opened: ExitStack) -> None:
    """Also while the holder is busy with something else than the journal."""
    journal = SqlJournal(
        database,
        run_id="run",
        clock=ManualClock(NOON_MS),
        new_id=lambda: "id-1",
        claim=Claim(holder=A, ttl_ms=300),
    )
    opened.enter_context(closing(journal))

    by = time.monotonic() + 20
    while held(database).renewals < 2 and time.monotonic() < by:
        time.sleep(0.02)

    assert held(database).renewals >= 2

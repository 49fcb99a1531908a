"""While it waits a standby reads, in slices; it takes over with what stands there."""

from __future__ import annotations

import asyncio
import io
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import update

from bench.measuring import at_once
from bridge_patch.adapters.chain import Row
from bridge_patch.adapters.journal_schema import ENTRIES
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.standby import BEHIND_SEC, POLL_SEC, SLICE_SEC, Standby
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import Store, execution_side
from bridge_patch.domain.errors import BrokenPromiseError, OutageError
from bridge_patch.domain.events import Book, Event, TradingState
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.holds import Holds
from bridge_patch.services.ports import Stored
from bridge_patch.services.session import Session
from bridge_patch.services.shadows import Books
from tests.contracts.samples import NOON_MS, seen
from tests.unit.app.test_standby import held_at, nothing, settings_at, standing_by, told

ANEW = "is not the one that was followed"
FOLLOWS = "following what comes"


@dataclass
class Clock:
    """A clock that goes on by itself, so much at each look."""

    step_sec: float = 0.0
    sec: float = field(default=100.0)

    def __call__(self) -> float:
        self.sec += self.step_sec
        return self.sec


def write(store: Store, *events: Event) -> None:
    assert store.journal is not None
    at_once(store.journal.append(events))


def latch(store: Store, cause: str) -> None:
    """What a session has to know, whoever read it."""
    holds = Holds(Book.GOVERNED)  # the settings say shadow
    write(store, holds.latch(TradingState.REDUCING, cause, "-", NOON_MS))


def taken(standby: Standby) -> Store:
    store = asyncio.run(standby.opened(Stop(), again=False))
    assert store is not None
    return store


def acting(standby: Standby, store: Store) -> Session:
    return execution_side(standby.run, store, past=standby.past)


def seq(standby: Standby) -> int:
    return standby.past.seq if standby.past else 0


def test_what_came_last_is_all_that_is_read_at_the_takeover(tmp_path: Path) -> None:
    log, first = io.StringIO(), held_at(tmp_path)
    write(first, *(seen("a", n) for n in range(600)))
    read = list[int]()

    def last_words() -> None:
        read.append(seq(standby))
        latch(first, "HEARD_LAST")
        first.close()

    standby = standing_by(
        settings_at(tmp_path),
        log,
        nothing,
        lambda: write(first, seen("b")),
        nothing,
        last_words,
    )
    with closing(taken(standby)) as store:
        assert read == [seq(standby)] == [601]
        recorder = acting(standby, store).recorder
        assert recorder.heard.perhaps(IntentId("b"))
        assert "HEARD_LAST" in recorder.gauge.holds
        assert seq(standby) == 602
    assert told(log, FOLLOWS) == 1
    assert told(log, "followed=601") == 1
    assert told(log, ANEW) == 0


def test_a_long_journal_is_read_in_slices_with_looks_at_the_lease_between(
    tmp_path: Path,
) -> None:
    """A holder that ends meanwhile is not kept waiting for the rest of it."""
    log, first, read = io.StringIO(), held_at(tmp_path), list[int]()
    write(first, *(seen("a", n) for n in range(600)))

    def look() -> None:
        read.append(seq(standby))
        if len(read) == 4:
            first.close()

    standby = standing_by(settings_at(tmp_path), log, look)
    standby.now = Clock(step_sec=SLICE_SEC / 64)
    with closing(taken(standby)) as store:
        assert read == [64, 128, 192, 256]
        assert acting(standby, store).recorder.heard.perhaps(IntentId("a"))
        assert seq(standby) == 600
    assert told(log, FOLLOWS) == 0
    assert told(log, "followed=256") == 1


def test_who_is_behind_looks_again_soon_and_who_is_not_waits_longer(
    tmp_path: Path,
) -> None:
    """A journal that grows fast is caught up with; a quiet one is left in peace."""
    first, stop, pauses = held_at(tmp_path), Stop(), list[float]()
    write(first, *(seen("a", n) for n in range(100)))

    async def sleep(sec: float) -> None:
        pauses.append(sec)
        stop.asked = len(pauses) == 4

    standby = standing_by(settings_at(tmp_path), io.StringIO())
    standby.sleep, standby.now = sleep, Clock(step_sec=SLICE_SEC / 64)
    with closing(first):
        assert asyncio.run(standby.opened(stop, again=False)) is None

    assert pauses == [BEHIND_SEC, POLL_SEC, POLL_SEC, POLL_SEC]


def test_nothing_is_followed_where_nobody_is_waited_for(tmp_path: Path) -> None:
    log = io.StringIO()
    with closing(held_at(tmp_path)) as first:
        write(first, seen("a"))
    standby = standing_by(settings_at(tmp_path), log, nothing)
    with closing(taken(standby)) as store:
        assert standby.past is None
        assert acting(standby, store).recorder.heard.perhaps(IntentId("a"))
    assert log.getvalue() == ""


@pytest.mark.parametrize("count", [2, 8])
def test_a_journal_that_is_another_one_by_then_is_read_anew(
    tmp_path: Path, count: int
) -> None:
    """Somebody put one back: all that was followed is forgotten, and that is said."""
    log, state, other = io.StringIO(), tmp_path / "state", tmp_path / "other"
    with closing(held_at(other)) as another:
        latch(another, "OF_THE_OTHER")
        write(another, *(seen("b", n) for n in range(count - 1)))
    first = held_at(state)
    latch(first, "OF_THE_FIRST")
    write(first, *(seen("a", n) for n in range(4)))

    def exchange() -> None:
        first.close()
        for file in (*state.glob("bridge.db*"), *state.glob("journal.*")):
            file.unlink()
        for file in (*other.glob("bridge.db*"), *other.glob("journal.*")):
            file.rename(state / file.name)

    standby = standing_by(settings_at(state), log, nothing, exchange, nothing)
    with closing(taken(standby)) as store:
        assert seq(standby) == 5
        recorder = acting(standby, store).recorder
        assert "OF_THE_OTHER" in recorder.gauge.holds
        assert "OF_THE_FIRST" not in recorder.gauge.holds
        assert not recorder.heard.perhaps(IntentId("a"))
    assert told(log, ANEW) == 1


def test_what_does_not_fit_the_chain_is_said_and_not_folded(tmp_path: Path) -> None:
    """The standby goes on waiting: what a start makes of it is decided when one is due."""
    log, first, stop = io.StringIO(), held_at(tmp_path), Stop()
    write(first, *(seen("a", n) for n in range(9)))
    engine = SqliteFile(tmp_path / "bridge.db").engine()
    with engine.begin() as connection:
        connection.execute(update(ENTRIES).where(ENTRIES.c.seq == 5), {"run_id": "x"})
    engine.dispose()
    standby = standing_by(
        settings_at(tmp_path), log, nothing, nothing, lambda: setattr(stop, "asked", True)
    )

    assert asyncio.run(standby.opened(stop, again=False)) is None
    first.close()
    assert seq(standby) == 4
    assert told(log, "cannot be followed") == 1
    assert told(log, "changed after it was written") == 1


def test_an_entry_that_broke_off_as_it_was_folded_is_not_folded_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some folds had it and some had not: all are begun anew, each entry once in each."""
    log, first = io.StringIO(), held_at(tmp_path)
    write(first, *(seen("a", n) for n in range(5)))
    folds, left = list[tuple[AccountFold, Event]](), [3]
    in_accounts, in_books = AccountFold.fold, Books.fold

    def fold(account: AccountFold, event: Event) -> None:
        folds.append((account, event))
        in_accounts(account, event)

    def break_off(books: Books, event: Event) -> None:
        left[0] -= 1
        if left[0] == 0:
            msg = "the clock went back"
            raise BrokenPromiseError(msg)
        in_books(books, event)

    monkeypatch.setattr(AccountFold, "fold", fold)
    monkeypatch.setattr(Books, "fold", break_off)
    standby = standing_by(settings_at(tmp_path), log, nothing, first.close, nothing)
    with closing(taken(standby)):
        assert standby.past is not None
        once = [event for account, event in folds if account is standby.past.account]
        assert len(once) == len(set(map(id, once))) == seq(standby) == 5
    assert len(folds) == 3 + 5
    assert told(log, "cannot be followed") == 1


def test_what_cannot_be_read_leaves_what_was_folded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that fails at the reader goes on where it was."""
    log, first = io.StringIO(), held_at(tmp_path)
    write(first, *(seen("a", n) for n in range(5)))
    pasts, stored = list[object](), JournalReader.stored

    def away(reader: JournalReader, row: Row) -> Stored:
        if row.seq == 3:
            monkeypatch.undo()
            msg = "the server went away"
            raise OutageError(msg)
        return stored(reader, row)

    monkeypatch.setattr(JournalReader, "stored", away)

    def look() -> None:
        pasts.append((standby.past, seq(standby)))

    standby = standing_by(settings_at(tmp_path), log, look, look, first.close, nothing)
    with closing(taken(standby)):
        assert pasts == [(standby.past, 2), (standby.past, 5)]

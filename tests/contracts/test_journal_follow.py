"""Following a journal that another process writes: all of it, checked, in nobody's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import islice
from pathlib import Path
from shutil import copytree, rmtree

import pytest
from sqlalchemy import update

from bridge_patch.adapters.chain import Head
from bridge_patch.adapters.head import HeadFile, read_head
from bridge_patch.adapters.journal_follow import Follower
from bridge_patch.adapters.journal_lease import Claim, Standing, standing
from bridge_patch.adapters.journal_schema import ENTRIES, Database
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.services.ports import Stored
from tests.contracts.archived_journals import (
    entries,
    files,
    in_table,
    parts,
    written,
)
from tests.contracts.archived_journals import (
    opened as signed,
)
from tests.contracts.half_archived import archived
from tests.contracts.samples import NOON_MS, seen
from tests.contracts.sites import run

HOLDER = Claim(holder="machine-a 1 unknown", ttl_ms=60_000)
ALTERED = "changed after it was written"


@pytest.fixture
def follower(database: Database) -> Iterator[Follower]:
    with closing(Follower(database)) as made:
        yield made


def held(database: Database, opened: ExitStack) -> SqlJournal:
    journal = opened.enter_context(signed(database, HOLDER))
    assert journal.lease is not None
    return journal


def stands(database: Database) -> Standing | None:
    engine = database.engine(read_only=True)
    with engine.connect() as connection:
        found = standing(connection)
    engine.dispose()
    return found


def alter(database: Database, seq: int) -> None:
    """Change what an entry says, and leave its link."""
    engine = database.engine()
    with engine.begin() as connection:
        connection.execute(update(ENTRIES).where(ENTRIES.c.seq == seq), {"run_id": "x"})
    engine.dispose()


def last_of(found: list[Stored]) -> Stored | None:
    return found[-1] if found else None


def test_what_is_followed_piece_by_piece_is_the_journal(
    database: Database, follower: Follower, opened: ExitStack
) -> None:
    journal, found = held(database, opened), list[Stored]()
    for n in range(7):
        run(journal.append([seen(f"id-{n}", k) for k in range(n)]))
        found += islice(follower.entries(last_of(found)), n - 1 if n else None)
    found += follower.entries(last_of(found))

    assert found == list(journal.read())
    assert len(found) == sum(range(7))
    assert list(follower.entries(last_of(found))) == []


def test_the_holder_writes_on_while_somebody_reads(
    database: Database, follower: Follower, opened: ExitStack
) -> None:
    """No lock, no row, no lease: in the middle of a look nothing waits for its end."""
    journal = held(database, opened)
    run(journal.append([seen("a", n) for n in range(1_200)]))
    before = stands(database)
    reading = follower.entries(None)
    found = list(islice(reading, 700))
    run(journal.append([seen("b", n) for n in range(5)]))
    found += reading

    assert found == list(journal.read())
    assert stands(database) == before
    assert len(in_table(database)) == 1_205


@pytest.mark.parametrize("before", [0, 5, 12, 40])
def test_what_is_moved_to_segments_meanwhile_is_followed_on(
    database: Database, follower: Follower, before: int
) -> None:
    """Whether it was read before, is read in the middle of it, or not at all yet."""
    written(database, *parts(4))
    found = list(islice(follower.entries(None), before))
    archived(database, segment=10)
    assert len(files(database)) == 3
    written(database, *parts(1))
    found += follower.entries(last_of(found))

    assert found == entries(database)
    assert len(found) == 50


def test_a_segment_that_is_not_there_is_said_and_can_come_later(
    database: Database, follower: Follower, tmp_path: Path
) -> None:
    """A standby on another machine, before somebody has copied the folder."""
    written(database, *parts(3))
    archived(database, segment=10)
    folder = files(database)[0].parent
    copytree(folder, tmp_path / "kept")
    rmtree(folder)
    with pytest.raises(BrokenPromiseError, match="cannot be read"):
        list(follower.entries(None))
    copytree(tmp_path / "kept", folder)

    assert list(follower.entries(None)) == entries(database)


def test_an_altered_entry_is_not_believed_and_what_came_before_is(
    database: Database, follower: Follower
) -> None:
    written(database, *parts(2))
    alter(database, 8)
    found = list[Stored]()

    def follow() -> None:
        for stored in follower.entries(last_of(found)):
            found.append(stored)

    for _ in range(2):
        with pytest.raises(BrokenPromiseError, match=f"entry 8 .*{ALTERED}"):
            follow()

    assert [stored.seq for stored in found] == list(range(1, 8))


def test_another_entry_than_the_head_file_knows_is_not_believed(
    database: Database, follower: Follower
) -> None:
    """The chain of a rewritten journal is whole; who has an older head knows better."""
    written(database, *parts(1))
    head = read_head(database.head_path)
    assert head is not None
    other = HeadFile(database.head_path, Head(head.journal_id, 6, "0" * 64))
    other.close()
    with pytest.raises(BrokenPromiseError, match=r"entry 6 .*knows another entry"):
        list(follower.entries(None))


def test_who_takes_over_finds_the_entry_that_it_followed_to(
    database: Database, follower: Follower
) -> None:
    """Also where that entry is in a segment by then; and not if the end is cut off."""
    written(database, *parts(3))
    found = list(follower.entries(None))
    archived(database, segment=10)
    with signed(database) as journal:
        assert all(map(journal.holds, found))
        beyond = Stored(
            seq=31, run_id="r", recorded_ms=0, event=seen("a"), link=found[-1].link
        )
        assert not journal.holds(beyond)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["shorter", "other"])
def test_who_takes_over_a_journal_that_was_put_back_notices(
    database: Database, follower: Follower, how: str, tmp_path: Path
) -> None:
    """From a backup: entries that were followed are not in it, or others in their place."""
    assert isinstance(database, SqliteFile)
    written(database, *parts(1))
    kept = tmp_path / "backup"
    kept.mkdir()
    for file in tmp_path.glob("journal.db*"):
        (kept / file.name).write_bytes(file.read_bytes())
    written(database, *parts(1))
    found = list(follower.entries(None))
    follower.close()
    for file in kept.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    if how == "other":
        written(database, [seen("other", n) for n in range(10)])
    with signed(database) as journal:
        assert journal.holds(found[9])
        assert not journal.holds(found[-1])


Opening = Callable[[Stored | None], None]


@pytest.fixture
def elsewhere(database: Database, follower: Follower) -> tuple[list[Stored], Opening]:
    """A standby with an old head that has followed the journal, and how it opens it."""
    written(database, *parts(1))
    old = read_head(database.head_path)
    assert old is not None
    written(database, *parts(20))
    found = list(follower.entries(None))
    HeadFile(database.head_path, old).close()

    def opening(known: Stored | None) -> None:
        SqlJournal(
            database,
            run_id="r",
            clock=ManualClock(NOON_MS),
            new_id=lambda: "id-1",
            known=known,
        ).close()

    return found, opening


def test_who_followed_does_not_walk_over_all_of_it_again(
    database: Database, elsewhere: tuple[list[Stored], Opening]
) -> None:
    """With a head as old as its copy, a takeover was as long as the journal."""
    found, opening = elsewhere
    alter(database, 50)  # shows who walks over it
    with pytest.raises(BrokenPromiseError, match=ALTERED):
        opening(None)
    opening(found[-1])

    assert read_head(database.head_path) == Head("id-1", found[-1].seq, found[-1].link)


def test_what_was_followed_counts_only_if_the_journal_holds_it(
    database: Database, elsewhere: tuple[list[Stored], Opening]
) -> None:
    """Else the end is checked from where the head file knows it, as ever."""
    found, opening = elsewhere
    alter(database, 50)
    wrong = Stored(
        seq=found[-1].seq, run_id="r", recorded_ms=0, event=seen("a"), link="0" * 64
    )
    with pytest.raises(BrokenPromiseError, match=ALTERED):
        opening(wrong)


def test_the_end_behind_what_was_followed_is_checked(
    database: Database, elsewhere: tuple[list[Stored], Opening]
) -> None:
    found, opening = elsewhere
    alter(database, found[-1].seq - 1)
    with pytest.raises(BrokenPromiseError, match=ALTERED):
        opening(found[-20])


def test_a_follower_of_nothing_says_so(database: Database, follower: Follower) -> None:
    with pytest.raises(BrokenPromiseError):
        list(follower.entries(None))
    written(database, *parts(1))

    assert len(list(follower.entries(None))) == 10

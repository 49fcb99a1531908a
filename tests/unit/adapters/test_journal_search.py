"""A journal is searched by kind, by the beginning of an id, and at its end."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId
from tests.unit.adapters.lines_samples import ACCEPTED, DEAD, RUN, SETTLED
from tests.unit.app.journals import write_journal


def judged(intent: str) -> Event:
    return replace(ACCEPTED, intent_id=IntentId(intent))


Open = Callable[[Path], JournalSearch]
EVENTS = (RUN, judged("e-BTC-1"), judged("e-BTC-2"), DEAD, judged("e-btc-3"), SETTLED)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "j.db", EVENTS)


@pytest.fixture
def open_at() -> Iterator[Open]:
    with ExitStack() as opened:
        yield lambda path: opened.enter_context(closing(JournalSearch(SqliteFile(path))))


@pytest.fixture
def search(path: Path, open_at: Open) -> JournalSearch:
    return open_at(path)


def test_entries_come_by_kind_oldest_first(search: JournalSearch) -> None:
    def numbers(*kinds: str, after: int = 0) -> list[int]:
        return [stored.seq for stored in search.events(kinds, after_seq=after)]

    assert numbers("Judged") == [2, 3, 5]
    assert numbers("Judged", after=2) == [3, 5]
    assert numbers("RunStarted", "DeadLettered") == [1, 4]
    assert numbers() == []


def test_more_than_one_chunk_comes_whole(tmp_path: Path, open_at: Open) -> None:
    """512 entries are read at a time."""
    many = write_journal(tmp_path / "many.db", [judged(f"i-{n}") for n in range(1030)])

    found = [s.seq for s in open_at(many).events({"Judged"})]
    assert found == list(range(1, 1031))


def test_ids_are_found_by_how_they_begin_and_what_they_hold(
    search: JournalSearch,
) -> None:
    assert search.ids_beginning("e-BTC", 9) == ("e-BTC-1", "e-BTC-2")
    assert search.ids_beginning("e-BTC", 1) == ("e-BTC-1",)
    assert search.ids_beginning("e_BTC", 9) == ()  # an underscore is no wild card
    assert search.ids_containing("btc", 9) == ("e-BTC-1", "e-BTC-2", "e-btc-3")
    assert search.newest_ids(2) == ("i-1", "e-btc-3")


def test_the_story_of_an_id_and_the_tail_are_oldest_first(search: JournalSearch) -> None:
    assert [stored.seq for stored in search.tail(2)] == [5, 6]
    assert [stored.event for stored in search.about(IntentId("i-1"))] == [SETTLED]
    assert search.about(IntentId("")) == ()


def test_an_end_that_its_head_knows_is_sound(search: JournalSearch) -> None:
    check = search.quick_check()

    assert (check.entries, check.head_seq, check.fault) == (6, 6, "")


@pytest.mark.parametrize(
    ("sql", "fault"),
    [
        ("DELETE FROM journal WHERE seq = 6", "its end was cut off: 5 entries of 6"),
        ("DELETE FROM journal WHERE seq = 3", "entries are missing, or are not the ones"),
        ("UPDATE journal SET link = 'x' WHERE seq = 6", "or are not the ones"),
        ("UPDATE journal_meta SET value = 'j-2' WHERE name = 'journal_id'", "another"),
    ],
)
def test_an_end_that_was_changed_is_told(
    path: Path, sql: str, fault: str, open_at: Open
) -> None:
    connection = sqlite3.connect(path)
    connection.execute(sql)
    connection.commit()
    connection.close()

    assert fault in open_at(path).quick_check().fault


def test_a_missing_head_is_told(path: Path, open_at: Open) -> None:
    SqliteFile(path).head_path.unlink()

    check = open_at(path).quick_check()
    assert check.fault == "its head file is missing or damaged"


def test_a_file_without_a_journal_holds_nothing(tmp_path: Path, open_at: Open) -> None:
    path = tmp_path / "empty.db"
    sqlite3.connect(path).close()
    search = open_at(path)

    assert search.quick_check().fault == "there is no journal in it"
    assert (search.tail(1), search.newest_ids(1), list(search.events({"Judged"}))) == (
        (),
        (),
        [],
    )


def test_a_file_that_is_none_says_so(tmp_path: Path, open_at: Open) -> None:
    path = tmp_path / "text.db"
    path.write_text("this is not a database, it is a text of some length" * 20)

    with pytest.raises(BrokenPromiseError, match="not a database"):
        open_at(path)

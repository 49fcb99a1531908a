"""What the journal on a server promises beyond the port: lost sessions, damage."""

from __future__ import annotations

from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest

from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.journal_url import read_journal_url
from bridge_patch.adapters.store_postgres import PostgresDatabase
from bridge_patch.adapters.verify_server import verify_server
from bridge_patch.domain.errors import BrokenPromiseError, OutageError
from bridge_patch.domain.intent import IntentId
from tests.contracts.on_postgres import (
    ask,
    journal,
    numbers,
    session_of,
    written,
)
from tests.contracts.samples import seen, set_aside
from tests.contracts.sites import run
from tests.postgres_server import PostgresServer


def test_the_second_writer_is_stopped(place: PostgresDatabase, opened: ExitStack) -> None:
    """Also without a lease: the number of an entry is there once."""
    one, two = journal(place, opened), journal(place, opened)
    run(two.append([seen("b")]))
    with pytest.raises(BrokenPromiseError, match="written by another process"):
        run(one.append([seen("a"), seen("a")]))
    run(two.append([seen("c")]))

    assert numbers(place) == [1, 2]


def test_a_session_that_is_ended_is_an_outage(
    place: PostgresDatabase, opened: ExitStack
) -> None:
    """Nothing is half written, and the next session goes on where the journal ends."""
    first = journal(place, opened)
    run(first.append([seen("a")]))
    ask(place, f"SELECT pg_terminate_backend({session_of(first)})")
    with pytest.raises(OutageError, match=r"^postgresql://bridge:\*\*\*@127"):
        run(first.append([seen("b") for _ in range(600)]))
    assert numbers(place) == [1]
    again = journal(place, opened)
    run(again.append([seen("c")]))

    assert numbers(place) == [1, 2]
    assert verify_server(place).faults == ()


def test_a_session_that_is_ended_within_an_append_leaves_nothing(
    place: PostgresDatabase, opened: ExitStack
) -> None:
    first = journal(place, opened)
    run(first.append([seen("a")]))
    ask(
        place,
        """
        CREATE FUNCTION die() RETURNS trigger AS 'BEGIN
            IF NEW.seq = 300 THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
            RETURN NEW; END' LANGUAGE plpgsql;
        CREATE TRIGGER die BEFORE INSERT ON journal FOR EACH ROW EXECUTE FUNCTION die()
        """,
    )
    with pytest.raises(OutageError, match="connection"):
        run(first.append([seen("b") for _ in range(600)]))
    ask(place, "DROP TRIGGER die ON journal")
    run(journal(place, opened).append([seen("c")]))

    assert numbers(place) == [1, 2]


def test_a_server_that_stops_and_comes_back_is_an_outage(
    postgres: PostgresServer, place: PostgresDatabase, opened: ExitStack
) -> None:
    first = journal(place, opened, claim=Claim(holder="a 1 unknown", ttl_ms=60_000))
    run(first.append([seen("a")]))
    assert first.lease is not None
    postgres.stop()
    try:
        with pytest.raises(OutageError):
            run(first.append([seen("b")]))
        with pytest.raises(OutageError, match=r"start the server, or look"):
            first.lease.renew()
        with pytest.raises(OutageError, match=r"refused.*start the server"):
            JournalReader(place)
    finally:
        postgres.start()
    again = journal(place, opened, claim=Claim(holder="a 1 unknown", ttl_ms=60_000))
    run(again.append([seen("c")]))

    assert numbers(place) == [1, 2]


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        ("DELETE FROM journal WHERE seq > 90", "entry 91 .* missing, with all up to 100"),
        ("DELETE FROM journal WHERE seq = 95", "entry 95 .* missing;"),
        ("UPDATE journal SET body = body || ' ' WHERE seq = 99", "entry 99 .* changed"),
        ("DROP TABLE journal, journal_meta", "entry 1 .* missing, with all up to 100;"),
        ("UPDATE journal_meta SET value = 'z' WHERE value = 'id-1'", "another journal"),
        (
            "UPDATE journal_meta SET value = '99' WHERE name = 'schema_version'",
            "written by a later version .* nothing was changed",
        ),
    ],
)
def test_a_journal_with_a_damaged_end_is_refused(
    place: PostgresDatabase, opened: ExitStack, damage: str, what: str
) -> None:
    """The head outside of the server knows better; what is there stays as it is."""
    written(place, 100)
    ask(place, damage)
    head = place.head_path.read_bytes()
    with pytest.raises(BrokenPromiseError, match=what):
        journal(place, opened)

    assert place.head_path.read_bytes() == head


def test_every_entry_on_a_server_is_verified(
    place: PostgresDatabase, opened: ExitStack
) -> None:
    """Also those that the check at a start does not look at."""
    writing = journal(place, opened)
    run(writing.append([seen("a", n) for n in range(2_000)]))
    run(writing.append([set_aside()]))
    told: list[tuple[int, int]] = []
    whole = verify_server(place, lambda done, total: told.append((done, total)))
    assert (whole.ok, whole.entries, whole.head) == (True, 2_001, writing.head)
    assert told[-1] == (2_001, 2_001)
    ask(place, "UPDATE journal SET intent_id = 'b' WHERE seq = 7")
    ask(place, "DELETE FROM journal WHERE seq = 9")

    assert [fault.seq for fault in verify_server(place).faults] == [7, 9]


def test_a_verification_that_cannot_be_made_is_a_fault(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    (fault,) = verify_server(postgres.database(tmp_path)).faults
    assert "there is no journal in it" in fault.what
    gone = PostgresDatabase(read_journal_url("postgresql://127.0.0.1:1/none"), tmp_path)
    (fault,) = verify_server(gone).faults

    assert "start the server, or look" in fault.what


def test_a_commit_waits_for_the_disk(
    postgres: PostgresServer, place: PostgresDatabase, opened: ExitStack
) -> None:
    """Whatever somebody made the default of the role."""
    postgres.ask(b"ALTER ROLE bridge SET synchronous_commit = off")
    try:
        writing = journal(place, opened)
        driver = writing._writer.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        assert driver.execute("SHOW synchronous_commit").fetchone() == ("on",)
    finally:
        postgres.ask(b"ALTER ROLE bridge RESET synchronous_commit")


def test_ids_are_found_by_their_beginning_and_in_any_case(
    place: PostgresDatabase, opened: ExitStack
) -> None:
    run(journal(place, opened).append([seen("b-Two"), seen("b-one"), seen("a_%")]))
    with closing(JournalSearch(place)) as search:
        assert search.ids_beginning("b-", 9) == ("b-Two", "b-one")
        assert search.ids_containing("TWO", 9) == ("b-Two",)
        assert search.ids_beginning("a_%", 9) == (IntentId("a_%"),)
        assert search.newest_ids(2) == ("a_%", "b-one")

"""What a role may do to the journal on a server, and what a person is told otherwise."""

from __future__ import annotations

import re
from contextlib import ExitStack, closing
from pathlib import Path

import psycopg
import pytest
from psycopg.errors import AdminShutdown, DiskFull, ReadOnlySqlTransaction
from sqlalchemy.exc import OperationalError

from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.journal_url import read_journal_url
from bridge_patch.adapters.store_postgres import PostgresDatabase
from bridge_patch.domain.errors import BrokenPromiseError, OutageError
from tests.contracts.on_postgres import (
    as_role,
    ask,
    journal,
    numbers,
    role,
    written,
)
from tests.contracts.samples import seen
from tests.contracts.sites import run
from tests.postgres_server import PASSWORD, PostgresServer

PAGE = Path(__file__).parents[2] / "docs" / "journal.md"


def test_a_database_that_became_read_only_is_an_outage(
    postgres: PostgresServer, place: PostgresDatabase, opened: ExitStack
) -> None:
    written(place, 1)
    (schema,) = ask(place, "SELECT current_schema()")[0]
    all_ = f"GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO reader"
    with role(postgres, "reader", f"GRANT USAGE ON SCHEMA {schema} TO reader", all_):
        postgres.ask(b"ALTER ROLE reader SET default_transaction_read_only = on")
        standing = as_role(postgres, place, "reader")
        with pytest.raises(OutageError, match="it is read-only, or a replica"):
            run(journal(standing, opened).append([seen("b")]))

    assert numbers(place) == [1]


def test_too_many_sessions_are_an_outage(
    postgres: PostgresServer, place: PostgresDatabase
) -> None:
    with role(postgres, "crowd"):
        postgres.ask(b"ALTER ROLE crowd CONNECTION LIMIT 0")
        with pytest.raises(OutageError, match="too many connections for role"):
            JournalReader(as_role(postgres, place, "crowd"))


def test_a_service_needs_no_right_to_change_an_entry(
    postgres: PostgresServer, place: PostgresDatabase, opened: ExitStack
) -> None:
    """With what docs/journal.md grants it appends, and cannot do more."""
    written(place, 2)
    (schema,) = ask(place, "SELECT current_schema()")[0]
    page = PAGE.read_text(encoding="utf-8")
    (listing,) = re.findall(r"```sql\n(-- the service.*?)```", page, re.DOTALL)
    granted = listing.replace("SCHEMA public", f"SCHEMA {schema}")
    granted = re.sub(r"\bON (journal\w*)", rf"ON {schema}.\1", granted)
    statements = [text for text in granted.split(";") if "GRANT" in text]
    with role(postgres, "bridge_service", *statements):
        least = as_role(postgres, place, "bridge_service")
        claim = Claim(holder="a 1 unknown", ttl_ms=60_000)
        run(journal(least, opened, claim=claim).append([seen("b")]))
        with closing(JournalSearch(least)) as search:
            assert search.quick_check().fault == ""
        for forbidden in (
            "UPDATE journal SET body = '{}'",
            "DELETE FROM journal",
            "TRUNCATE journal",
            "DROP TABLE journal",
            "DELETE FROM journal_lease",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(least, forbidden)
        opened.close()

    assert numbers(place) == [1, 2, 3]


def test_a_role_that_may_not_write_is_told_what_it_needs(
    postgres: PostgresServer, place: PostgresDatabase, opened: ExitStack
) -> None:
    written(place, 1)
    (schema,) = ask(place, "SELECT current_schema()")[0]
    grants = (
        f"GRANT USAGE ON SCHEMA {schema} TO looker",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO looker",
    )
    with role(postgres, "looker", *grants):
        writing = journal(as_role(postgres, place, "looker"), opened)
        with pytest.raises(
            BrokenPromiseError, match=r"permission denied.*docs/journal\.md"
        ):
            run(writing.append([seen("b")]))
        opened.close()


def test_a_wrong_password_is_told_and_not_shown(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.url().replace(PASSWORD, "hunter2-and-more")
    with pytest.raises(
        BrokenPromiseError, match="correct the password in JOURNAL_URL"
    ) as e:
        JournalReader(PostgresDatabase(read_journal_url(url), tmp_path))

    assert "hunter2" not in str(e.value)


def test_a_database_that_is_not_there_is_named(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    url = postgres.url().replace("/postgres?", "/nowhere?")
    with pytest.raises(BrokenPromiseError, match='"nowhere" does not exist: make the'):
        JournalReader(PostgresDatabase(read_journal_url(url), tmp_path))


def test_a_database_that_cannot_hold_every_text_is_refused(
    postgres: PostgresServer, tmp_path: Path, opened: ExitStack
) -> None:
    postgres.ask(
        b"CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    )
    url = postgres.url().replace("/postgres?", "/narrow?")
    with pytest.raises(BrokenPromiseError, match="make a database with encoding UTF8"):
        journal(PostgresDatabase(read_journal_url(url), tmp_path), opened)

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (DiskFull("could not extend file"), "make room on the server's disk"),
        (ReadOnlySqlTransaction("cannot execute"), "read-only, or a replica"),
        (AdminShutdown("terminating connection"), "wait for it"),
    ],
)
def test_what_passes_says_what_to_do(
    place: PostgresDatabase, error: psycopg.Error, remedy: str
) -> None:
    found = place.broken(OperationalError("INSERT", None, error))

    assert isinstance(found, OutageError)
    assert remedy in str(found)

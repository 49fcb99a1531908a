"""A journal on a server, and ways behind its back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager

import psycopg

from bridge_patch.adapters.journal_lease import Claim
from bridge_patch.adapters.journal_sql import JournalReader, SqlJournal
from bridge_patch.adapters.journal_url import read_journal_url
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_postgres import PostgresDatabase
from tests.contracts.samples import NOON_MS, seen
from tests.contracts.sites import run
from tests.postgres_server import PASSWORD, PostgresServer


def journal(
    place: PostgresDatabase, opened: ExitStack, *, claim: Claim | None = None
) -> SqlJournal:
    made = SqlJournal(
        place,
        run_id="run-1",
        clock=ManualClock(NOON_MS),
        new_id=lambda: "id-1",
        claim=claim,
    )
    return opened.enter_context(closing(made))


def written(place: PostgresDatabase, count: int) -> None:
    """Leave a journal of `count` entries behind, closed."""
    with ExitStack() as stack:
        run(journal(place, stack).append([seen("a", n) for n in range(count)]))


def ask(place: PostgresDatabase, sql: str) -> list[tuple[object, ...]]:
    """Do something to the tables behind the journal's back."""
    assert place.url.address is not None
    with closing(psycopg.connect(place.url.address.reveal(), autocommit=True)) as direct:
        cursor = direct.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


def numbers(place: PostgresDatabase) -> list[int]:
    with closing(JournalReader(place)) as reader:
        return [entry.seq for entry in reader.read()]


def session_of(writing: SqlJournal) -> int:
    driver = writing._writer.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver.info.backend_pid


@contextmanager
def role(postgres: PostgresServer, name: str, *grants: str) -> Iterator[str]:
    """Yield a role of this name, which may what `grants` say."""
    postgres.ask(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'".encode())
    try:
        for grant in grants:
            postgres.ask(grant.encode())
        yield name
    finally:
        postgres.ask(f"DROP OWNED BY {name}".encode(), f"DROP ROLE {name}".encode())


def as_role(
    postgres: PostgresServer, place: PostgresDatabase, name: str
) -> PostgresDatabase:
    (schema,) = ask(place, "SELECT current_schema()")[0]
    return PostgresDatabase(
        read_journal_url(postgres.url(str(schema), name)), place.state_dir
    )

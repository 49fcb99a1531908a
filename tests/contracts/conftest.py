"""One fixture per port; every adapter is a parameter."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.store_postgres import PostgresDatabase
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.services.ports import Journal, Venue
from tests.contracts.half_archived import half_archived_journal
from tests.contracts.redis_rig import Connect, Heard
from tests.contracts.sites import (
    ABANDONED_MS,
    BUS_SITES,
    BusSite,
    JournalSite,
    kept_journal,
    memory_journal,
)
from tests.contracts.venues import VENUES, NewVenue, run, tick
from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer


@pytest.fixture(params=BUS_SITES, ids=lambda make: make.__name__)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusSite]:
    found: BusSite = request.param(
        tmp_path, lambda: request.getfixturevalue("redis_server")
    )
    with found.opened:
        yield found


@pytest.fixture
def bus(site: BusSite) -> Bus:
    return site.connect()


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    """What a test opens and need not close."""
    with ExitStack() as stack:
        yield stack


def database_of(kind: str, request: pytest.FixtureRequest, folder: Path) -> Database:
    """Return where a journal can live, and nothing is in it yet."""
    if kind == "sqlite":
        return SqliteFile(folder / "journal.db")
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    return database_of(request.param, request, tmp_path)


@pytest.fixture
def place(postgres: PostgresServer, tmp_path: Path) -> PostgresDatabase:
    return postgres.database(tmp_path)


@pytest.fixture(
    params=["memory", "sqlite", "postgres", "sqlite archived", "postgres archived"]
)
def journal_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalSite]:
    if request.param == "memory":
        found = memory_journal()
    else:
        kind, _, archived = str(request.param).partition(" ")
        database = database_of(kind, request, tmp_path)
        found = half_archived_journal(database) if archived else kept_journal(database)
    with found.opened:
        yield found


@pytest.fixture
def journal(journal_site: JournalSite) -> Journal:
    return journal_site.open()


@pytest.fixture(params=VENUES, ids=lambda make: make.__name__)
def new_venue(request: pytest.FixtureRequest) -> NewVenue:
    made: NewVenue = request.param
    return made


@pytest.fixture
def venue(new_venue: NewVenue) -> Venue:
    """A venue with 10,000 USD, no position, and BTC at 95,000."""
    fresh = new_venue(Decimal(10_000))
    run(fresh.advance(tick(0, "95000")))
    return fresh


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def connect(redis_server: RedisServer, heard: Heard) -> Iterator[Connect]:
    redis_server.ask("FLUSHALL")
    with ExitStack() as opened:

        def connect(abandoned_ms: int = ABANDONED_MS) -> RedisBus:
            made = RedisBus(redis_server.url, abandoned_ms=abandoned_ms, tell=heard)
            return opened.enter_context(closing(made))

        yield connect

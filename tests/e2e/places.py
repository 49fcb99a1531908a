"""Where a run keeps its things: the file of its state folder, or servers of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bridge_patch.adapters.bus import StoredBus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.journal_url import read_journal_url
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.buses import BusAt
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.setting_table import JOURNAL_NAME
from bridge_patch.domain.events import Event
from tests.postgres_server import postgres_server
from tests.redis_server import redis_on


@dataclass
class Place:
    """Where a run keeps its things: a state folder, a bus and a journal."""

    state: Path
    bus_url: str = "embedded"
    journal_url: str = "embedded"

    @property
    def env(self) -> dict[str, str]:
        """The settings that say so."""
        urls = {"BUS_URL": self.bus_url, "JOURNAL_URL": self.journal_url}
        return {"STATE_DIR": str(self.state), **urls}

    def bus(self) -> StoredBus:
        self.state.mkdir(parents=True, exist_ok=True)
        return BusAt(read_bus_url(self.bus_url)).open(SqliteFile(self.state / JOURNAL_NAME))

    def events(self) -> Iterator[Event]:
        where = journal_at(read_journal_url(self.journal_url), self.state)
        with closing(JournalReader(where)) as journal:
            for stored in journal.read():
                yield stored.event


@contextmanager
def servers(folder: Path) -> Iterator[Place]:
    """Have a Redis and a PostgreSQL of one's own, with which nothing is lost by a crash."""
    (folder / "redis").mkdir()
    with (
        redis_on(folder / "redis", "appendfsync always") as redis,
        postgres_server() as sql,
    ):
        url = f"redis://127.0.0.1:{redis.port}"
        yield Place(folder / "state", bus_url=url, journal_url=sql.url())

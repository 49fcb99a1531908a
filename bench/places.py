"""Where production has its buses and journals: on a Redis and on a PostgreSQL server.

Apart from `bench.server`: who has its journal on SQLite loads no driver of PostgreSQL.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.server import bus_on, server
from bench.shadow import Place
from bridge_patch.adapters.journal_url import JournalUrl
from tests.postgres_server import postgres_server


@contextmanager
def on_servers(count: int) -> Iterator[tuple[Place, ...]]:
    """Yield so many places on servers of this machine, each a database of its own.

    Both wait for their disk at every commit; where one is missing, say so and end well.
    """
    with on_postgres(count) as journals, server() as url:
        yield tuple(
            Place(bus=bus_on(url, number), journal=journal)
            for number, journal in enumerate(journals)
        )


@contextmanager
def on_postgres(count: int) -> Iterator[tuple[JournalUrl, ...]]:
    """Yield so many empty places for journals; without a server, say so and end well."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory()))
        try:
            journals = opened.enter_context(postgres_server(buffers="128MB"))
        except LookupError as missing:
            print(f"skipped: {missing}")
            sys.exit(0)
        yield tuple(journals.database(folder).url for _ in range(count))

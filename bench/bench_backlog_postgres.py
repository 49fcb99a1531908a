"""A backlog of entries that come too late, on a Redis server and a PostgreSQL server.

As `bench_backlog_redis`, with the journal where a production has it: on a server of this
machine that waits for its disk at every commit. The client writes no journal.
"""

from __future__ import annotations

import asyncio

from bench.bench_backlog import FRESH, LATE, arguments, outcome
from bench.measuring import tell
from bench.places import on_servers


def main(late: int = LATE, fresh: int = FRESH, *, as_json: bool = False) -> None:
    """Print the ratio for so many late and fresh entries."""
    with on_servers(2) as (service, bare):
        where = "Redis and a journal on PostgreSQL"
        found = outcome(late, fresh, on=where, places=(service, bare))
        tell(asyncio.run(found), as_json=as_json)


if __name__ == "__main__":
    said = arguments(__doc__)
    main(said.late, said.fresh, as_json=said.json)

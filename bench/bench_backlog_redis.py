"""A backlog of entries that come too late, on a Redis server.

As `bench_backlog`, with the bus on a server of this machine that writes every commit to the
disk before it answers; the journal is SQLite. The two have a database each on it.
"""

from __future__ import annotations

import asyncio

from bench.bench_backlog import FRESH, LATE, arguments, outcome
from bench.measuring import tell
from bench.server import bus_on, server
from bench.shadow import Place


def main(late: int = LATE, fresh: int = FRESH, *, as_json: bool = False) -> None:
    """Print the ratio for so many late and fresh entries."""
    with server() as url:
        places = (Place(bus=bus_on(url, 0)), Place(bus=bus_on(url, 1)))
        found = outcome(late, fresh, on="Redis", places=places)
        tell(asyncio.run(found), as_json=as_json)


if __name__ == "__main__":
    said = arguments(__doc__)
    main(said.late, said.fresh, as_json=said.json)

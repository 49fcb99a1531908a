"""The execution service on a Redis server, against a client that decides nothing.

As `bench_pipeline`, with the bus on a server of this machine that writes every commit to
the disk before it answers, as docs/bus.md asks for; the journal is SQLite. Each of the
three has a database of its own on it.
"""

from __future__ import annotations

import asyncio

from bench.bench_pipeline import ROUNDS, outcome
from bench.measuring import tell, wants_json
from bench.server import bus_on, server
from bench.shadow import Place
from bridge_patch.services.execution import BATCH_MAX


def main(size: int = BATCH_MAX, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many intents one of the rounds handles."""
    with server() as url:
        first, second, third = (Place(bus=bus_on(url, number)) for number in range(3))
        found = outcome(size, rounds, on="Redis", places=(first, second, third))
        tell(asyncio.run(found), as_json=as_json)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

"""The execution service with its journal on PostgreSQL and its bus on Redis.

As `bench_pipeline_redis`, with the journal where a production has it: on a server of this
machine that waits for its disk at every commit. The client is the same: it has a bus and
writes no journal.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.bench_pipeline import ROUNDS, outcome
from bench.measuring import tell, wants_json
from bench.server import bus_on, server
from bench.shadow import Place
from bridge_patch.services.execution import BATCH_MAX
from tests.postgres_server import postgres_server


def main(size: int = BATCH_MAX, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many intents one of the rounds handles."""
    with ExitStack() as opened:
        folder = Path(opened.enter_context(TemporaryDirectory()))
        try:
            journals = opened.enter_context(postgres_server(buffers="128MB"))
        except LookupError as missing:
            print(f"skipped: {missing}")
            sys.exit(0)
        url = opened.enter_context(server())
        first, second, third = (
            Place(bus=bus_on(url, number), journal=journals.database(folder).url)
            for number in range(3)
        )
        found = outcome(
            size,
            rounds,
            on="Redis and a journal on PostgreSQL",
            places=(first, second, third),
        )
        tell(asyncio.run(found), as_json=as_json)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

"""The execution service with its journal on PostgreSQL and its bus on Redis.

As `bench_pipeline_redis`, with the journal where a production has it: on a server of this
machine that waits for its disk at every commit. The client is the same: it has a bus and
writes no journal.
"""

from __future__ import annotations

import asyncio

from bench.bench_pipeline import ROUNDS, outcome
from bench.measuring import tell, wants_json
from bench.places import on_servers
from bridge_patch.services.execution import BATCH_MAX


def main(size: int = BATCH_MAX, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many intents one of the rounds handles."""
    with on_servers(3) as (first, second, third):
        found = outcome(
            size,
            rounds,
            on="Redis and a journal on PostgreSQL",
            places=(first, second, third),
        )
        tell(asyncio.run(found), as_json=as_json)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

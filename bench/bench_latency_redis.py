"""From an intent's publication to the start of the venue call, its journal on PostgreSQL.

As `bench_latency`, which has its bus on a Redis server too, with the journal where a
production has it: on a server of this machine that waits for its disk at every commit. The
reference is the same reader, which writes no journal.
"""

from __future__ import annotations

from bench.bench_latency import COUNT, NAME, ROUNDS, on_redis, outcome
from bench.measuring import tell, wants_json
from bench.places import on_postgres
from bench.server import server


def main(count: int = COUNT, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; each round publishes `count` intents to either side."""
    with on_postgres(rounds) as journals, server() as url:
        name = f"{NAME}, Redis and a journal on PostgreSQL"
        tell(outcome(count, on_redis(url, journals), name=name), as_json=as_json)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

"""How much memory the execution side holds, on Redis and with a journal on PostgreSQL.

As `bench_memory`, with both on servers of this machine that wait for their disk at every
commit. What is looked at is the execution side's process: the servers' memory is their own.
"""

from __future__ import annotations

from bench.bench_memory import NAME, SIZE, outcome
from bench.measuring import tell, wants_json
from bench.places import on_servers


def main(size: int = SIZE, *, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many decisions are made at most."""
    with on_servers(1) as (place,):
        name = f"{NAME}, Redis and a journal on PostgreSQL"
        tell(outcome(size, name=name, place=place), as_json=as_json)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

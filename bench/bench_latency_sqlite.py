"""From an intent's publication to the start of the venue call, without any server.

As `bench_latency`, with bus and journal embedded: both are one SQLite file, which another
process publishes into. The reference is the same reader on such a file of its own.
"""

from __future__ import annotations

from bench.bench_latency import COUNT, NAME, ROUNDS, outcome
from bench.measuring import tell, wants_json
from bench.shadow import HOME
from bridge_patch.app.buses import AT_HOME


def main(count: int = COUNT, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; each round publishes `count` intents to either side."""
    found = outcome(count, ((AT_HOME, HOME),) * rounds, name=f"{NAME}, SQLite")
    tell(found, as_json=as_json)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

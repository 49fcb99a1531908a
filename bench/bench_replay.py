"""Judging a journal again, against only reading it.

Subject: `evidence.replay.rejudge` over a journal on disk that the shipped execution side
wrote in shadow. Reference: the same entries read and decoded, and nothing else. The ratio
is the rate of decisions of the first over that of the second: at one half, judging costs
as much as reading.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from statistics import median
from typing import Final

from bench.measuring import Figure, Outcome, middle_ratio, seconds, tell, wants_json
from bench.shadow import Shadow, Silent, shadow
from bridge_patch.domain.events import Event
from bridge_patch.evidence.replay import rejudge

GOAL: Final = 0.5
GOAL_RATE: Final = 100_000
ROUNDS: Final = 5
SIZE: Final = 2_048


def main(size: int = SIZE, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many intents the journal is about."""
    tell(asyncio.run(_outcome(size, rounds)), as_json=as_json)


async def _outcome(size: int, rounds: int) -> Outcome:
    async with shadow(Silent()) as side:
        await side.put(0, size)
        await side.session.execution.drain()
        limits = side.run.settings.limits()
        in_memory = tuple(_events(side))
        again = rejudge(in_memory, limits)
        assert again.checked
        assert not again.mismatches, again.mismatches[:3]
        rows = [
            (
                seconds(lambda: deque(_events(side), maxlen=0)),
                seconds(lambda: rejudge(_events(side), limits)),
                seconds(lambda: rejudge(in_memory, limits)),
            )
            for _ in range(rounds)
        ]
    read, judged, decoded = (median(column) for column in zip(*rows, strict=True))
    count, entries = again.checked, len(in_memory)
    each = f"{entries / count:.1f} entries each"
    note = f"goal {GOAL_RATE:,}"
    return Outcome(
        name="judging a journal again / reading it",
        ratio=middle_ratio([(row[0], row[1]) for row in rows]),
        wanted="at least",
        goal=GOAL,
        figures=(
            Figure("entries read and decoded", entries / read, "/s"),
            Figure("decisions only read", count / read, "/s", each),
            Figure("decisions read and judged again", count / judged, "/s"),
            Figure("decisions judged again, read before", count / decoded, "/s", note),
            Figure("judging one again", decoded / count * 1e6, "µs"),
        ),
    )


def _events(side: Shadow) -> Iterator[Event]:
    assert side.store.journal is not None
    return (stored.event for stored in side.store.journal.read())


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

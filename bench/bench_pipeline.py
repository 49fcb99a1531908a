"""The execution service on the embedded bus, against a client that decides nothing.

Subject: the shipped execution side in shadow reads batches of 512, decodes, judges, trades
its shadow books, journals durably, publishes each result and acknowledges. Reference: a
loop on a bus of the same kind that reads the same messages in the same batches, publishes a
result of the usual length for each, and acknowledges. Both wait for the disk. The ratio is
the rate of the first over that of the second.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from time import perf_counter, process_time
from typing import Final, TypeAlias, final

from bench.measuring import MICRO, Figure, Outcome, tell, wants_json
from bench.shadow import HOME, Place, Shadow, Silent, shadow
from bridge_patch.adapters.bus import Ack, Bus, Post, Reader
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.streams import EXECUTION_GROUP, EXECUTION_RESULT, TRADE_INTENT
from bridge_patch.domain.events import Settled, Status
from bridge_patch.services.execution import BATCH_MAX
from bridge_patch.services.ports import Journal

GOAL: Final = 0.35
ROUNDS: Final = 10
#: Takes off the bus what waits there; returns how much that was.
Drain: TypeAlias = Callable[[], Awaitable[int]]
#: Of the service, of the service without log lines, and of the bare client.
Places: TypeAlias = tuple[Place, Place, Place]
_CLIENT: Final = Reader(group=EXECUTION_GROUP, consumer="client")


@final
@dataclass(frozen=True, slots=True)
class Took:
    """Seconds by the clock on the wall, and seconds of this process on a processor."""

    wall: float
    cpu: float


def main(size: int = BATCH_MAX, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many intents one of the rounds handles."""
    tell(asyncio.run(outcome(size, rounds)), as_json=as_json)


async def outcome(
    size: int, rounds: int, *, on: str = "SQLite", places: Places = (HOME,) * 3
) -> Outcome:
    """Measure on buses and journals of one kind, each of the three on its own."""
    of_logging, of_silent, of_bare = places
    async with AsyncExitStack() as opened:
        logging = await opened.enter_async_context(shadow(place=of_logging))
        silent = await opened.enter_async_context(shadow(Silent(), of_silent))
        bare = await opened.enter_async_context(shadow(Silent(), of_bare))
        usual = await _usual_result(bare)
        client, service, quiet, commits = [], [], [], []
        for number in range(rounds):
            first, last = number * size, (number + 1) * size
            client.append(await _timed(bare, first, last, _client(bare.store.bus, usual)))
            service.append(await _timed(logging, first, last, _service(logging)))
            quiet.append(await _timed(silent, first, last, _service(silent)))
            commits.append(await bare.commit_sec())
        assert logging.store.journal is not None
        seen, entries = _outcomes(logging.store.journal)
    assert seen[Status.SIMULATED] == seen[Status.REFUSED] == size * rounds // 2, seen
    return Outcome(
        name=f"execution service / bare client, {on}",
        ratio=_ratio(client, service),
        wanted="at least",
        goal=GOAL,
        figures=(
            _rate("bare client", client, size),
            _rate("execution service, half refused", service, size),
            _rate("the same without log lines", quiet, size),
            _cost("bare client, processor per intent", client, size),
            _cost("execution service, processor per intent", service, size),
            _cost("the same without log lines", quiet, size),
            Figure("ratio without log lines", _ratio(client, quiet), "times"),
            Figure("ratio of processor times", _cpu_ratio(client, service), "times"),
            Figure("journal entries per intent", entries / (size * rounds), ""),
            Figure("one durable commit", median(commits) * MICRO, "µs"),
        ),
    )


async def _timed(side: Shadow, first: int, last: int, drain: Drain) -> Took:
    """Put these intents on a bus and time what takes them off again."""
    await side.put(first, last)
    wall, cpu = perf_counter(), process_time()
    handled = await drain()
    took = Took(perf_counter() - wall, process_time() - cpu)
    assert handled == last - first
    return took


def _service(side: Shadow) -> Drain:
    return side.session.execution.drain


def _client(bus: Bus, usual: Envelope) -> Drain:
    """Return a client that decides nothing and answers all that waits."""

    async def drain() -> int:
        handled = 0
        while done := await _answered(bus, usual):
            handled += done
        return handled

    return drain


def _ratio(client: list[Took], service: list[Took]) -> float:
    """Return the service's rate over the client's, in the middle one of the rounds."""
    return median(a.wall / b.wall for a, b in zip(client, service, strict=True))


def _cpu_ratio(client: list[Took], service: list[Took]) -> float:
    return median(a.cpu / b.cpu for a, b in zip(client, service, strict=True))


def _rate(name: str, rounds: list[Took], size: int) -> Figure:
    return Figure(name, size / median(one.wall for one in rounds), "/s")


def _cost(name: str, rounds: list[Took], size: int) -> Figure:
    return Figure(name, median(one.cpu for one in rounds) / size * MICRO, "µs")


async def _answered(bus: Bus, usual: Envelope) -> int:
    found = await bus.read(_CLIENT, (TRADE_INTENT,), count=BATCH_MAX, wait_ms=0)
    acks = [Ack(TRADE_INTENT, message.entry_id) for message in found]
    if acks:
        await bus.commit(EXECUTION_GROUP, acks, [Post(EXECUTION_RESULT, usual)] * len(acks))
    return len(found)


async def _usual_result(side: Shadow) -> Envelope:
    """Let the service answer one batch; return a result of the middle length."""
    await side.put(-BATCH_MAX, 0)
    await side.session.execution.drain()
    found = await side.store.bus.follow(EXECUTION_RESULT, "", count=BATCH_MAX, wait_ms=0)
    by_length = sorted((m.envelope for m in found), key=lambda e: len(e.payload or ""))
    return by_length[len(by_length) // 2]


def _outcomes(journal: Journal) -> tuple[Counter[Status], int]:
    """Return how the intents ended, and how many entries that took."""
    events = [stored.event for stored in journal.read()]
    ended = Counter(event.status for event in events if isinstance(event, Settled))
    return ended, len(events)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

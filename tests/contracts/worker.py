"""A process to be killed: it journals what it reads, then commits results with their acks.

`python -m tests.contracts.worker FILE [N]` from the root of the project. With N it kills
itself when the bus is about to run its Nth statement. With a URL in place of N its bus is
there, and an outage of it is sat out.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from contextlib import closing
from pathlib import Path

from bridge_patch.adapters.bus import Ack, Bus, Post
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.bus_url import BusUrl, read_bus_url
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.errors import OutageError
from bridge_patch.domain.intent import IntentId, UnixMs
from tests.contracts.samples import seen
from tests.contracts.sites import INTENTS, ONE, RESULTS


class SystemClock:
    def now_ms(self) -> UnixMs:
        return UnixMs(time.time_ns() // 1_000_000)


async def step(bus: Bus, journal: SqlJournal, wait_ms: int) -> int:
    messages = await bus.read(ONE, (INTENTS,), count=5, wait_ms=wait_ms)
    for message in messages:
        about = IntentId(message.envelope.payload or "")
        if not await journal.history(about):
            await journal.append([seen(about)])
    acks = [Ack(message.stream, message.entry_id) for message in messages]
    results = [Post(RESULTS, message.envelope) for message in messages]
    await bus.commit(ONE.group, acks, results)
    return len(messages)


def die_at(bus: SqliteBus, statement: int) -> None:
    done = 0

    def count(_sql: str) -> None:
        nonlocal done
        if (done := done + 1) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    bus._durable.set_trace_callback(count)
    bus._quick.set_trace_callback(count)


async def work(file: SqliteFile, *, until_empty: bool, last: int = 0) -> None:
    clock = SystemClock()
    with (
        closing(SqliteBus(file, clock)) as bus,
        closing(
            SqlJournal(file, run_id="run", clock=clock, new_id=lambda: "id-1")
        ) as journal,
    ):
        die_at(bus, last)
        while await step(bus, journal, 0 if until_empty else 60_000) or not until_empty:
            pass


async def work_on(url: BusUrl, file: SqliteFile, *, until_empty: bool) -> None:
    """The same on a server; what is lost while it is away comes again."""
    clock = SystemClock()
    with closing(
        SqlJournal(file, run_id="run", clock=clock, new_id=lambda: "id-1")
    ) as journal:
        while True:
            try:
                with closing(RedisBus(url)) as bus:
                    while (
                        await step(bus, journal, 0 if until_empty else 60_000)
                        or not until_empty
                    ):
                        pass
                    return
            except OutageError:
                await asyncio.sleep(0.01)


if __name__ == "__main__":
    path, second = Path(sys.argv[1]), (*sys.argv, "0")[2]
    if second.isdigit():
        asyncio.run(work(SqliteFile(path), until_empty=False, last=int(second)))
    else:
        asyncio.run(work_on(read_bus_url(second), SqliteFile(path), until_empty=False))

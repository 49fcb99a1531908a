"""Publishes intents at a steady rate, as a process of its own, and tells when.

`python -m bench.publisher URL STORE RATE COUNT`; STORE is the file of an embedded bus. The
last line is the list of times, in ns of the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import closing
from pathlib import Path

from bench.shadow import intent
from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.buses import BusAt
from bridge_patch.domain.intent import Mode


async def publish(bus: Bus, rate: int, count: int) -> list[int]:
    """Return when each was published; one that is late is not made up for."""
    posts = [intent(number, Mode.LIVE) for number in range(count)]
    sent, due = [], time.monotonic()
    for post in posts:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due = max(due + 1 / rate, time.monotonic())
        sent.append(time.monotonic_ns())
        await bus.publish([post])
    return sent


if __name__ == "__main__":
    url, store, rate, count = sys.argv[1:]
    with closing(BusAt(read_bus_url(url)).open(SqliteFile(Path(store)))) as opened:
        times = asyncio.run(publish(opened, int(rate), int(count)))
    print(json.dumps(times))

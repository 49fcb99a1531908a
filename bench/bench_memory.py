"""How much memory the execution side holds, and whether it grows with what it decides.

The shipped execution side, log lines included, refuses intents that state no size, in
shadow, until there were enough of them or the time is up. The ratio is its resident memory
at the end over that after the first quarter: 1 is flat.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import linear_regression
from time import perf_counter
from typing import Final, TypeAlias

from bench.account import now_ms
from bench.measuring import Figure, Outcome, tell, wants_json
from bench.shadow import Shadow, shadow
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.wire.instants import iso_of

GOAL: Final = 1.05
GOAL_MB: Final = 150
SIZE: Final = 100_000
#: So that the whole takes less than 20 s on a machine that is busy.
MOST_SEC: Final = 14.0
_CHUNK: Final = 2_048
_MB: Final = 1e6
_STATM: Final = Path("/proc/self/statm")
_PRINT: Final = f"print(open('{_STATM}').read())"
_IMPORT: Final = "import bridge_patch.app.wiring"

#: Decisions made, and megabytes resident then.
Sample: TypeAlias = tuple[int, float]


def main(size: int = SIZE, *, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many decisions are made at most."""
    bare, imported = _resident_of(_PRINT), _resident_of(f"{_IMPORT}; {_PRINT}")
    samples = asyncio.run(_samples(size))
    (decided, last), (_, start) = samples[-1], samples[0]
    steady = samples[len(samples) // 4 :] if len(samples) > 4 else samples
    per_100k = _slope(steady) * 1e5
    goal = f"goal {GOAL_MB}"
    figures = (
        Figure("python alone", bare, "MB"),
        Figure("its imports add", imported - bare, "MB"),
        Figure("execution side, started", start, "MB"),
        Figure(f"after {decided:,} decisions", last, "MB", goal),
        Figure("growth per 100,000 decisions", per_100k, "MB", "goal 0: flat"),
    )
    tell(
        Outcome(
            name="memory at the end / after a quarter",
            ratio=last / steady[0][1],
            wanted="at most",
            goal=GOAL,
            figures=figures,
        ),
        as_json=as_json,
    )


def resident_mb() -> float:
    """Return the memory of this process that is in use now, in units of 10^6 bytes."""
    return _megabytes(_STATM.read_text())


def _megabytes(statm: str) -> float:
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MB


async def _samples(size: int) -> list[Sample]:
    """Decide, and look at the memory after each lot."""
    async with shadow() as side:
        found, decided, begin = [_sample(0)], 0, perf_counter()
        while decided < size and perf_counter() - begin < MOST_SEC:
            lot = min(_CHUNK, size - decided)
            await _decide(side, decided, decided + lot)
            decided += lot
            found.append(_sample(decided))
        return found


def _sample(decided: int) -> Sample:
    gc.collect()
    return decided, resident_mb()


async def _decide(side: Shadow, first: int, last: int) -> None:
    await side.store.bus.publish([_sizeless(number) for number in range(first, last)])
    handled = await side.session.execution.drain()
    assert handled == last - first


def _sizeless(number: int) -> Post:
    """Return an intent that is understood and refused before any rule."""
    at = iso_of(now_ms())
    payload = {
        "intent_id": f"bench-{number:08d}",
        "symbol": "BTCUSDT",
        "action": "BUY",
        "confidence": 0.7,
        "timestamp": at,
    }
    envelope = Envelope.of(
        event_type="trade.intent", payload=json.dumps(payload), timestamp=at, source="bench"
    )
    return Post(TRADE_INTENT, envelope)


def _slope(samples: list[Sample]) -> float:
    """Return megabytes per decision, by least squares."""
    if len(samples) < 2:
        return 0.0
    decided, resident = zip(*samples, strict=True)
    return linear_regression(decided, resident).slope


def _resident_of(program: str) -> float:
    """Return what a fresh interpreter holds that has run this program."""
    done = subprocess.run(  # noqa: S603 - the program is our own
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return _megabytes(done.stdout)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

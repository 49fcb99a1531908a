"""How much memory the execution side holds, and whether it grows with what it decides.

The shipped execution side, log lines included, refuses intents that state no size, in
shadow, until there were enough of them or the time is up. The ratio is the resident memory
that its growth foretells after 1,000,000 decisions, over what it held when it had started.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression
from time import perf_counter
from typing import Final, final

from bench.account import now_ms
from bench.measuring import Figure, Outcome, tell, wants_json
from bench.shadow import HOME, Place, Shadow, shadow
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.wire.instants import iso_of

#: 150 MB, where it starts with 70 to 75.
GOAL: Final = 2.0
GOAL_MB: Final = 150
MILLION: Final = 1_000_000
SIZE: Final = 100_000
NAME: Final = "memory after 1,000,000 decisions, foreseen / at the start"
#: So that the whole takes less than 20 s on a machine that is busy.
MOST_SEC: Final = 14.0
_CHUNK: Final = 2_048
_MB: Final = 1e6
_STATM: Final = Path("/proc/self/statm")
_PRINT: Final = f"print(open('{_STATM}').read())"
_IMPORT: Final = "import bridge_patch.app.wiring"


@final
@dataclass(frozen=True, slots=True)
class Sample:
    """Decisions made, megabytes resident then, and blocks that Python had allocated."""

    decided: int
    resident: float
    blocks: int


def main(size: int = SIZE, *, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many decisions are made at most."""
    tell(outcome(size), as_json=as_json)


def outcome(size: int, *, name: str = NAME, place: Place = HOME) -> Outcome:
    """Measure an execution side that has its bus and its journal at this place."""
    bare, imported = _resident_of(_PRINT), _resident_of(f"{_IMPORT}; {_PRINT}")
    samples = asyncio.run(_samples(size, place))
    start, last = samples[0], samples[-1]
    # Caches and bounded memories fill first; what still grows then, grows on.
    steady = samples[len(samples) // 3 :]
    growth = _slope([one.decided for one in steady], [one.resident for one in steady])
    kept = _slope([one.decided for one in steady], [float(one.blocks) for one in steady])
    foreseen = last.resident + max(growth, 0.0) * (MILLION - last.decided)
    goal = f"goal {GOAL_MB}"
    figures = (
        Figure("python alone", bare, "MB"),
        Figure("its imports add", imported - bare, "MB"),
        Figure("execution side, started", start.resident, "MB"),
        Figure(f"after {last.decided:,} decisions", last.resident, "MB", goal),
        Figure("growth per 100,000 decisions", growth * 1e5, "MB", "goal 0: flat"),
        Figure("blocks kept per decision", kept, "", "goal 0: flat"),
        Figure(f"foreseen after {MILLION:,}", foreseen, "MB", goal),
    )
    return Outcome(
        name=name,
        ratio=foreseen / start.resident,
        wanted="at most",
        goal=GOAL,
        figures=figures,
    )


def resident_mb() -> float:
    """Return what this process holds without its garbage, in units of 10^6 bytes."""
    gc.collect()
    return _megabytes(_STATM.read_text())


def _megabytes(statm: str) -> float:
    return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE") / _MB


async def _samples(size: int, place: Place) -> list[Sample]:
    """Decide, and look at the memory after each lot."""
    async with shadow(place=place) as side:
        found, decided, begin = [_sample(0)], 0, perf_counter()
        while decided < size and perf_counter() - begin < MOST_SEC:
            lot = min(_CHUNK, size - decided)
            await _decide(side, decided, decided + lot)
            decided += lot
            found.append(_sample(decided))
        return found


def _sample(decided: int) -> Sample:
    return Sample(decided, resident_mb(), sys.getallocatedblocks())


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


def _slope(decided: list[int], values: list[float]) -> float:
    """Return how much more there is per decision, by least squares."""
    return linear_regression(decided, values).slope if len(decided) > 1 else 0.0


def _resident_of(program: str) -> float:
    """Return what a fresh interpreter holds that has run this program."""
    done = subprocess.run(  # noqa: S603 - the program is our own
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return _megabytes(done.stdout)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

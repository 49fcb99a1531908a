"""`kill -9` of the execution, again and again, while intents come in at a steady pace.

`python -m tests.e2e.kill_loop --kills 50` does it over a store of its own and says what is
left: none lost, none doubled, the chain whole. `--servers` does it on Redis and PostgreSQL.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Bus, Post
from bridge_patch.adapters.market_bus import TickPublisher
from bridge_patch.adapters.streams import (
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    MARKET_TICK,
    TRADE_INTENT,
)
from bridge_patch.domain.events import DuplicateSeen, Sending, Settled
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import Leg
from tests.e2e.harness import run, start
from tests.e2e.load import BACKLOG_MAX, PRICES, SLICE_SEC, Proposers, ours
from tests.e2e.places import Place, servers
from tests.simulation.rig import CALM, WOBBLE, at
from tests.simulation.roomy import ROOMY
from tests.simulation.watch import ids_of

ENV: Final = ROOMY | {
    "AI_SIZING_MODE": "live",
    "PAPER_EQUITY_USD": "10000000",
    "SYMBOLS": ",".join(PRICES),
}
#: A minute of data time passes in so many seconds.
MINUTE_SEC: Final = 0.4
#: A process that works lives at most that long.
LIFE_SEC: Final = 3.0
#: What happens next must happen within this, or the loop gives up and says where.
PATIENCE_SEC: Final = 60.0


@dataclass
class Found:
    """What was left behind, counted. `faults` says what must not be."""

    kills: int
    published: int
    rate: float
    counted: Counter[str]
    faults: list[str]
    spent_sec: float

    def text(self) -> str:
        """Say it in a few lines."""
        counts = ", ".join(f"{n} {what}" for what, n in sorted(self.counted.items()))
        verdict = "; ".join(self.faults) or "0 lost, 0 doubled, chain verified"
        return (
            f"{self.kills} kills, {self.published} messages in {self.spent_sec:.0f} s,"
            f" at {self.rate:.0f}/s while fewer than {BACKLOG_MAX} waited: {verdict}\n"
            f"  {counts}"
        )


@dataclass
class Loop:
    """One run: a market, proposers, and an execution that is killed and started again."""

    place: Place
    kills: int
    seed: int = 1
    rate: int = 500
    life_sec: float = LIFE_SEC
    say: bool = False
    killed: int = 0
    starts: int = 0
    process: subprocess.Popen[str] = field(init=False)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    def go(self) -> Found:
        """Run to the end; return what is left."""
        begun = time.monotonic()
        self.proposers = asyncio.run(self._all())
        self.spent_sec = time.monotonic() - begun
        return self.found()

    async def _all(self) -> Proposers:
        with closing(self.place.bus()) as bus:
            proposers = Proposers(bus, self.rate, random.Random(self.seed + 1))
            self.process = self._start()
            market = asyncio.create_task(self._market(bus, proposers))
            work = asyncio.create_task(proposers.work())
            self.tasks = [market, work]
            try:
                for _ in range(self.kills):
                    await self._one_life(bus)
                    self._kill()
                    self.killed += 1
                    self.process = self._start()
                    self._tell(proposers)
                await self._until_more(bus)
                self.tasks = [market]
                work.cancel()
                await self._until_none_waits(bus)
                market.cancel()
                await self._over(bus, proposers)
            finally:
                work.cancel()
                market.cancel()
                await asyncio.gather(work, market, return_exceptions=True)
                self._kill()
        return proposers

    def _kill(self) -> None:
        self.process.kill()
        self.process.wait()

    async def _market(self, bus: Bus, proposers: Proposers) -> None:
        """Show a calm market, then let it go on for as long as it is wanted."""
        publisher, calm = TickPublisher(bus), [_tick(n) for n in range(1, CALM)]
        await bus.publish([Post(MARKET_TICK, codec.encode_tick(one)) for one in calm])
        n = CALM
        while True:
            tick = _tick(n)
            await publisher.publish(tick)
            while await publisher.passed(tick.at_ms) is None:
                pass
            proposers.now_ms = tick.at_ms
            await asyncio.sleep(MINUTE_SEC)
            n += 1

    async def _one_life(self, bus: Bus) -> None:
        """Let a process live for a random while, seldom not even until it works."""
        if self.chance.random() < 0.1:
            await asyncio.sleep(self.life_sec * self.chance.random())
        else:
            await self._until_more(bus)
            await asyncio.sleep(self.life_sec * self.chance.random())
        self._check()

    async def _until_more(self, bus: Bus) -> None:
        """Wait until the process has published an outcome."""
        last = (await bus.depth(EXECUTION_RESULT, EXECUTION_GROUP)).last_id
        deadline = time.monotonic() + PATIENCE_SEC
        while (await bus.depth(EXECUTION_RESULT, EXECUTION_GROUP)).last_id == last:
            self._check(deadline)
            await asyncio.sleep(SLICE_SEC)

    async def _until_none_waits(self, bus: Bus) -> None:
        deadline = time.monotonic() + PATIENCE_SEC
        depth = await bus.depth(TRADE_INTENT, EXECUTION_GROUP)
        while depth.lag + depth.pending:
            self._check(deadline)
            await asyncio.sleep(SLICE_SEC)
            depth = await bus.depth(TRADE_INTENT, EXECUTION_GROUP)

    async def _over(self, bus: Bus, proposers: Proposers) -> None:
        """Say that the market is over, and wait until the process ends by itself."""
        end = UnixMs((proposers.now_ms or 0) + 10 * 60_000)
        await TickPublisher(bus).publish(Tick(at_ms=end, bars=()))
        code = await asyncio.to_thread(self.process.wait, PATIENCE_SEC)
        assert code == 0, self._log()

    def _check(self, deadline: float | None = None) -> None:
        """Give up where a part of the loop has failed, or nothing moves any more."""
        for task in self.tasks:
            if task.done():
                task.result()
        assert self.process.poll() is None, self._log()
        assert deadline is None or time.monotonic() < deadline, f"stuck: {self._log()}"

    def _start(self) -> subprocess.Popen[str]:
        self.starts += 1
        log = self.place.state.parent / f"execution-{self.starts}.log"
        words = ("execution", "--state", self.place.state)
        return start(*words, log=log, **ENV | self.place.env)

    def _log(self) -> str:
        path = self.place.state.parent / f"execution-{self.starts}.log"
        return path.read_text(encoding="utf-8")[-4_000:]

    def _tell(self, proposers: Proposers) -> None:
        if self.say and self.killed % 5 == 0:
            told = f"{self.killed} of {self.kills} kills, {proposers.published} messages"
            print(told, flush=True)

    def found(self) -> Found:
        """Compare what was published with what came of it."""
        proposers = self.proposers
        told = asyncio.run(self._outcomes())
        counted: Counter[str] = Counter()
        sent: Counter[str] = Counter()
        repeated = 0
        for event in self.place.events():
            counted[type(event).__name__] += 1
            if isinstance(event, Settled):
                counted[event.status] += 1
            if isinstance(event, DuplicateSeen):
                repeated += ours(event.intent_id)
            if isinstance(event, Sending):
                sent[event.order_id] += 1
                sent[event.intent_id] += event.leg is Leg.ENTRY
        ended = sum(told.values()) + repeated
        verified = run("verify", cwd=self.place.state, **ENV | self.place.env)
        faults = {
            "lost": len(proposers.ids - told.keys()),
            "doubled outcomes": sum(n > 1 for n in told.values()),
            "doubled orders": sum(n > 1 for n in sent.values()),
            "messages without an end": proposers.published - ended,
            "broken chain": verified.returncode,
        }
        return Found(
            kills=self.killed,
            published=proposers.published,
            rate=proposers.published / max(proposers.paced_sec, SLICE_SEC),
            counted=counted,
            faults=[f"{n} {what}" for what, n in faults.items() if n],
            spent_sec=self.spent_sec,
        )

    async def _outcomes(self) -> Counter[str]:
        """Count the published outcomes of each of the proposers' intents."""
        told: Counter[str] = Counter()
        with closing(self.place.bus()) as bus:
            after = ""
            while found := await bus.follow(EXECUTION_RESULT, after, count=512, wait_ms=0):
                after = found[-1].entry_id
                for message in found:
                    told.update(ids_of([codec.decode_result(message.envelope)]))
        return Counter({name: n for name, n in told.items() if ours(name)})


def _tick(n: int) -> Tick:
    return at(n, {s: price * (1 + n % 2 * WOBBLE) for s, price in PRICES.items()})


def main(words: Sequence[str] | None = None) -> int:
    """Run the loop from the command line; 1 where anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="tests.e2e.kill_loop", description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--rate", type=int, default=500, help="intents per second")
    parser.add_argument("--seed", type=int, default=1, help="when kills come")
    parser.add_argument(
        "--servers", action="store_true", help="on Redis and PostgreSQL, not on SQLite"
    )
    asked = parser.parse_args(words)
    try:
        with tempfile.TemporaryDirectory() as folder, _place(asked, Path(folder)) as place:
            found = Loop(place, asked.kills, asked.seed, asked.rate, say=True).go()
    except pytest.skip.Exception as skipped:
        print(f"skipped: {skipped}")
        return 0
    print(found.text())
    return bool(found.faults)


def _place(asked: argparse.Namespace, folder: Path) -> AbstractContextManager[Place]:
    return servers(folder) if asked.servers else nullcontext(Place(folder / "state"))


if __name__ == "__main__":
    sys.exit(main())

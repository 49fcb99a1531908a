"""Three processes that trade a script at a watched exchange, and what they left behind."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from bridge_patch.adapters.bus_url import EMBEDDED
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.buses import BusAt
from bridge_patch.domain.events import Book, Filled
from bridge_patch.domain.intent import Mode, Side, Symbol
from tests.e2e.scripted import SYMBOLS, minute, post_of
from tests.e2e.three import PROCESSES, Three
from tests.e2e.watched_exchange import TICK, Call, WatchedExchange, watched_exchange
from tests.simulation.roomy import ROOMY

Traded: TypeAlias = tuple[Symbol, Side, Decimal, Decimal]
END_SEC, STOP_SEC = 240, 30


@dataclass
class ScriptRun:
    """One run: the exchange that saw it, and the processes that made it."""

    exchange: WatchedExchange
    three: Three
    #: What comes at which bar, onto the bus.
    intents: list[dict[str, Any]]
    #: What is going on beside the market; nobody's end is the run's meanwhile.
    beside: list[asyncio.Task[None]] = field(default_factory=list)

    async def publish_at(self, call: Call) -> None:
        """Put on the bus what is made at this bar; a bar that is played again has it."""
        due = [i for i in self.intents if call.tick_ms == minute(int(i["n"]))]
        for intent in due:
            self.intents.remove(intent)
        await self.publish(*due)

    async def publish(self, *intents: dict[str, Any]) -> None:
        """Put entries on the bus, as any proposer does."""
        posts = [post_of({k: v for k, v in i.items() if k != "n"}) for i in intents]
        if posts:
            with closing(BusAt(EMBEDDED).open(SqliteFile(self.three.journal))) as bus:
                await bus.publish(posts)

    def go_on_with(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside the market, which may wait for it."""
        self.beside.append(asyncio.create_task(work))

    def stand_still_for(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something while no bar follows the one that is being played."""
        engine = self.three.living["engine"]
        engine.send_signal(signal.SIGSTOP)

        async def meanwhile() -> None:
            try:
                await work
            finally:
                engine.send_signal(signal.SIGCONT)

        self.go_on_with(meanwhile())

    async def restart(self, mode: Mode) -> None:
        """Stop all three as systemd does, and start them in a mode."""
        living = self.three.living
        for names in (("engine", "execution"), ("exits",)):
            for name in names:
                living[name].terminate()
            for name in names:
                assert await asyncio.to_thread(living[name].wait, STOP_SEC) == 0, name
        self.three.settings = {**self.three.settings, "AI_SIZING_MODE": mode.value}
        for name in PROCESSES:
            self.three.begin(name)

    def journaled(self) -> list[Traded]:
        """Every trade of the account, by the journal."""
        filled: list[Filled] = self.three.events(Filled)
        fills = [fill for fill in filled if fill.book is Book.ACCOUNT]
        return sorted((f.symbol, f.side, f.quantity_base, f.price_usd) for f in fills)

    def at_venue(self) -> list[Traded]:
        """Every trade of the account, by the exchange."""
        trades = self.exchange.core.venue.records.trades
        return sorted((t.symbol, t.side, t.quantity_base, t.price_usd) for t in trades)


async def play(
    folder: Path,
    market: Path,
    intents: list[dict[str, Any]],
    on_call: Callable[[ScriptRun, Call], Awaitable[bool]],
    *,
    symbols: tuple[Symbol, ...] = SYMBOLS,
    more: Mapping[str, str] = MappingProxyType({}),
) -> ScriptRun:
    """Play a market with three processes to its end, in a new folder inside `folder`.

    `on_call` is asked at each request; whom it kills, it starts again.
    """
    async with watched_exchange(symbols) as exchange:
        settings = ROOMY | {
            "VENUE": "simulator",
            "SIMULATOR_URL": exchange.url,
            "SIGNAL_SOURCE": "honest",
            "SYMBOLS": ",".join(symbols),
            **more,
        }
        three = Three(folder / "three", words=("--data", market), settings=settings)
        run = ScriptRun(exchange, three, list(intents))

        async def asked(call: Call) -> bool:
            if call.path == TICK:
                await run.publish_at(call)
            return await on_call(run, call)

        exchange.on_call = asked
        for name in PROCESSES:
            three.begin(name)
        try:
            async with asyncio.timeout(END_SEC):
                await _over(run)
        finally:
            three.end(timeout=0)
        return run


async def _over(run: ScriptRun) -> None:
    """Wait until all have ended, or one has failed; who is killed has a successor."""
    while True:
        await asyncio.sleep(0.02)
        if any(not task.done() for task in run.beside):
            continue
        for task in run.beside:
            task.result()
        codes = [process.poll() for process in run.three.living.values()]
        if None not in codes or any(codes):
            return

"""A whole session played over bars, against the bars alone.

Subject: engine with the example AI, execution, shadow books and exits in one process, as
`run` has them, every tick to its end and everything journaled. Reference: iterating over
the same feed. The ratio is the rate of ticks of the first over that of the second.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace
from statistics import median
from time import perf_counter, process_time
from typing import Final

from bench.account import MINUTE_MS, START_MS
from bench.measuring import MICRO, Figure, Outcome, middle_ratio, tell, wants_json
from bench.shadow import Shadow, invented, unplayed
from bridge_patch.adapters.example_ai import ExampleAI
from bridge_patch.adapters.feeds.series import Feed, Window
from bridge_patch.app.wiring import AccountEquity, engine_side
from bridge_patch.domain.events import Judged
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.services.engine import Engine

#: The demo's month: four symbols, 43,000 minutes, 90 seconds.
MONTH: Final = 43_000
MONTH_SEC: Final = 90.0
#: 43,000 ticks in 90 s, on a machine that takes 48,000 of them a second from the feed.
GOAL: Final = 0.01
SYMBOLS: Final = tuple(map(Symbol, ("BTCUSDT", "ETHUSDT", "SOLUSDT", "LAYERUSDT")))
ROUNDS: Final = 5
SIZE: Final = 500


def main(size: int = SIZE, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many ticks one of the rounds plays."""
    tell(asyncio.run(_outcome(size, rounds)), as_json=as_json)


async def _outcome(size: int, rounds: int) -> Outcome:
    feed = invented(size * rounds, SYMBOLS)
    parts = [_part(feed, number * size, size) for number in range(rounds)]
    async with unplayed(symbols=SYMBOLS) as side:
        session = replace(side.session, engine=_engine(side))
        rows = []
        for part in parts:
            begin = perf_counter()
            deque(part, maxlen=0)
            between, cpu = perf_counter(), process_time()
            for tick in part:
                await session.on_tick(tick)
            rows.append((between - begin, perf_counter() - between, process_time() - cpu))
        commits = [await side.commit_sec() for _ in range(rounds * 4)]
        assert side.store.journal is not None
        entries = [stored.event for stored in side.store.journal.read()]
    bare, played, worked = (median(column) for column in zip(*rows, strict=True))
    decisions = sum(isinstance(event, Judged) for event in entries)
    note = f"goal {MONTH_SEC:.0f}"
    return Outcome(
        name="session / bare feed, ticks of four symbols",
        ratio=middle_ratio([(row[0], row[1]) for row in rows]),
        wanted="at least",
        goal=GOAL,
        figures=(
            Figure("bare feed", size / bare, "ticks/s"),
            Figure("session", size / played, "ticks/s"),
            Figure("one tick", played / size * MICRO, "µs"),
            Figure("one tick, processor time", worked / size * MICRO, "µs"),
            Figure("one durable commit", median(commits) * MICRO, "µs"),
            Figure(f"a month of {MONTH:,} such ticks", MONTH * played / size, "s", note),
            Figure("verdicts", decisions, ""),
            Figure("journal entries", len(entries), ""),
        ),
    )


def _part(feed: Feed, first: int, count: int) -> Feed:
    start = START_MS + first * MINUTE_MS
    end = start + count * MINUTE_MS
    return feed.within(Window(start_ms=UnixMs(start), end_ms=UnixMs(end)))


def _engine(side: Shadow) -> Engine:
    equity = AccountEquity(side.session.keeper.account)
    source = ExampleAI(side.run.settings.example_ai_seed)
    return engine_side(side.run, side.store, equity, source)


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

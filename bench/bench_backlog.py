"""A backlog of entries that come too late, against a client that only reads and acks.

Subject: the shipped execution side in shadow takes 1,000,000 late entries and 1,000 fresh
ones off its bus: it looks at each, sets the late ones aside with their bytes, journals
durably, publishes the outcomes and acknowledges. Reference: a loop on a bus of the same
kind that reads the same messages in the same batches and acknowledges them. They take
turns, a chunk each. The ratio is the rate of the first over that of the second, for the
late ones.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from decimal import Decimal
from time import perf_counter, process_time
from typing import Final

from bench.account import now_ms
from bench.bench_memory import resident_mb
from bench.measuring import MICRO, Figure, Outcome, tell
from bench.shadow import HOME, Place, Shadow, shadow
from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Ack, Post, Reader, StoredBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.streams import (
    DEAD_LETTER,
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    TRADE_INTENT,
)
from bridge_patch.adapters.wire.figures import json_of
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.domain.events import BulkExpired, Sending
from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.execution import BATCH_MAX

GOAL: Final = 0.6
LATE: Final = 1_000_000
FRESH: Final = 1_000
#: Entries that wait on each bus at a time while the two take turns.
CHUNK: Final = 32 * BATCH_MAX
_CLIENT: Final = Reader(group=EXECUTION_GROUP, consumer="client")
_HOUR_MS: Final = 3_600_000


def main(late: int = LATE, fresh: int = FRESH, *, as_json: bool = False) -> None:
    """Print the ratio for so many late and fresh entries."""
    tell(asyncio.run(outcome(late, fresh)), as_json=as_json)


async def outcome(
    late: int,
    fresh: int,
    *,
    on: str = "SQLite",
    places: tuple[Place, Place] = (HOME, HOME),
) -> Outcome:
    """Measure on buses of one kind: the service's, and the bare client's."""
    async with AsyncExitStack() as opened:
        service = await opened.enter_async_context(shadow(place=places[0]))
        bare = await opened.enter_async_context(shadow(place=places[1]))
        before = resident_mb()
        client = drain = cpu_client = cpu_drain = 0.0
        middle = before
        for start in range(0, late, CHUNK):
            posts = [_late(n) for n in range(start, min(start + CHUNK, late))]
            for side in (bare, service):
                await side.store.bus.publish(posts)
            wall, cpu = perf_counter(), process_time()
            assert await _read_and_ack(bare.store.bus) == len(posts)
            client, cpu_client = (
                client + perf_counter() - wall,
                cpu_client + process_time() - cpu,
            )
            wall, cpu = perf_counter(), process_time()
            assert await service.session.execution.drain() == len(posts)
            drain, cpu_drain = (
                drain + perf_counter() - wall,
                cpu_drain + process_time() - cpu,
            )
            if start <= late // 4:
                middle = resident_mb()
        after = resident_mb()
        await service.put(0, fresh)
        begin = perf_counter()
        assert await service.session.execution.drain() == fresh
        took = perf_counter() - begin
        expired, decided, letters = await _told(service)
        assert (expired, decided) == (late, fresh), (expired, decided)
    return Outcome(
        name=f"late entries drained / bare read and ack, {on}",
        ratio=client / drain,
        wanted="at least",
        goal=GOAL,
        figures=(
            Figure("bare read and ack", late / client, "/s"),
            Figure("late entries drained", late / drain, "/s"),
            Figure(f"all {late:,} late ones took", drain, "s"),
            Figure(f"{fresh:,} fresh ones behind them took", took, "s"),
            Figure("bare, processor per entry", cpu_client / late * MICRO, "µs"),
            Figure("drained, processor per entry", cpu_drain / late * MICRO, "µs"),
            Figure("late entries per dead letter", late / max(letters, 1), ""),
            Figure("resident before", before, "MB"),
            Figure("resident after a quarter", middle, "MB"),
            Figure("resident after all late ones", after, "MB"),
        ),
    )


async def _read_and_ack(bus: StoredBus) -> int:
    handled = 0
    while found := await bus.read(_CLIENT, (TRADE_INTENT,), count=BATCH_MAX, wait_ms=0):
        acks = [Ack(TRADE_INTENT, message.entry_id) for message in found]
        await bus.commit(EXECUTION_GROUP, acks, ())
        handled += len(acks)
    return handled


async def _told(side: Shadow) -> tuple[int, int, int]:
    """Return how many expired and how many were decided, each once, and the letters."""
    expired: Counter[str] = Counter()
    decided: Counter[str] = Counter()
    async for envelope in _all(side.store.bus, EXECUTION_RESULT):
        result = codec.decode_result(envelope)
        if isinstance(result, BulkExpired):
            expired.update(result.intent_ids)
        else:
            decided[result.intent_id] += 1
    assert set(expired.values()) <= {1}
    assert set(decided.values()) <= {1}
    assert not expired.keys() & decided.keys()
    assert side.store.journal is not None
    sent = (s.event for s in side.store.journal.read() if isinstance(s.event, Sending))
    assert not any(event.intent_id in expired for event in sent)
    letters = 0
    async for _ in _all(side.store.bus, DEAD_LETTER):
        letters += 1
    return len(expired), len(decided), letters


async def _all(bus: StoredBus, stream: str) -> AsyncIterator[Envelope]:
    after = ""
    while found := await bus.follow(stream, after, count=BATCH_MAX, wait_ms=0):
        for message in found:
            yield message.envelope
        after = found[-1].entry_id


def _late(number: int) -> Post:
    """Return an entry as an AI of somebody's own writes it, an hour old."""
    made = iso_of(UnixMs(now_ms() - _HOUR_MS + number % 60_000))
    fields: dict[str, object] = {
        "schema": "1.2",
        "intent_id": f"{number * 0x9E3779B97F4A7C15 % 2**64:016x}-{number:08d}",
        "symbol": "BTCUSDT",
        "action": "BUY" if number % 2 else "SELL",
        "confidence": Decimal("0.85"),
        "timestamp": made,
        "source": "model-7",
        "reason": "momentum over 4 h, volume above its mean",
        "ai_size_usd": Decimal("452.25"),
        "ai_leverage": Decimal("15.5"),
        "ai_harvest_policy": {"mode": "trend_runner", "trail_pct": Decimal("2.0")},
        "stop_loss_pct": Decimal("2.0"),
    }
    payload = json_of(fields)
    return Post(
        TRADE_INTENT,
        Envelope.of(
            event_type="trade.intent", payload=payload, timestamp=made, source="model-7"
        ),
    )


def arguments(description: str | None) -> argparse.Namespace:
    """Read the command line: how many, and how to tell."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--late", type=int, default=LATE, help="late entries")
    parser.add_argument(
        "--fresh", type=int, default=FRESH, help="fresh entries behind them"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args()


if __name__ == "__main__":
    said = arguments(__doc__)
    main(said.late, said.fresh, as_json=said.json)

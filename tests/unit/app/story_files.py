"""The story as a run leaves it: one file with the journal and the bus."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from bridge_patch.adapters.bus import Ack, Post, Reader
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.codec import encode_dead_letter
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import DEAD_LETTER, EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId, UnixMs
from bridge_patch.services.messages import DeadLetter
from tests.questions import NOW
from tests.unit.app.journals import write_journal
from tests.unit.app.story import LATE, LATE_ENTRY, POISON_ENTRY, story
from tests.unit.app.story_parts import RUN_ID

POISONED = IntentId("e-ai-BTCUSDT-buy-1746405180000")
WAITING = IntentId("e-ai-ETHUSDT-buy-1746405600000")
READER = Reader(group=EXECUTION_GROUP, consumer="execution-1")


def intent(intent_id: str, more: str = "") -> str:
    return f'{{"schema":"1.2","intent_id":"{intent_id}","symbol":"BTCUSDT"{more}}}'


def envelope(payload: str) -> Envelope:
    return Envelope.of(
        event_type="trade.intent", payload=payload, timestamp="", source="ai"
    )


LETTERS = (
    DeadLetter(
        entry_id=POISON_ENTRY,
        reason="not_understood",
        faults=("NOT_FINITE ai_size_usd: a number must be finite, was NaN",),
        payload=intent(POISONED, ',"ai_size_usd":NaN'),
    ),
    DeadLetter(
        entry_id=LATE_ENTRY,
        reason="too_old",
        faults=("made 600.0 s ago, an entry may be 60 s old",),
        payload=intent(LATE),
    ),
)


def write_story(
    folder: Path, events: Sequence[Event] = (), *, recorded_ms: int = NOW
) -> Path:
    """Write `events`, or the whole story, and what is on the bus then."""
    path = write_journal(
        folder / "bridge.db", events or story(), run_id=RUN_ID, start_ms=recorded_ms
    )

    async def fill(bus: SqliteBus) -> None:
        taken = [envelope(letter.payload) for letter in LETTERS]
        await bus.publish([Post(TRADE_INTENT, each) for each in taken])
        read = await bus.read(READER, [TRADE_INTENT], count=9, wait_ms=0)
        acks = [Ack(TRADE_INTENT, message.entry_id) for message in read]
        letters = [Post(DEAD_LETTER, encode_dead_letter(letter)) for letter in LETTERS]
        await bus.commit(EXECUTION_GROUP, acks, letters)
        await bus.publish([Post(TRADE_INTENT, envelope(intent(WAITING)))])

    with closing(SqliteBus(SqliteFile(path), ManualClock(UnixMs(NOW)))) as bus:
        asyncio.run(fill(bus))
    return path

"""`signal` publishes what the execution can read, at a time that it can use."""

import asyncio
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Ack, Message, Post, Reader
from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import (
    DEAD_LETTER,
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    REPLAY_BARRIER,
    TRADE_INTENT,
)
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.commands.options import SignalOptions
from bridge_patch.app.commands.signal import signal
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import BulkExpired, DuplicateSeen, Event, Expired
from bridge_patch.domain.intent import IntentId, UnixMs
from bridge_patch.services.messages import Barrier, DeadLetter
from tests.unit.adapters.lines_samples import ACCEPTED, AT, SETTLED
from tests.unit.app.journals import write_journal

TYPED: dict[str, str | bool] = {
    "symbol": "BTCUSDT",
    "action": "BUY",
    "confidence": "0.8",
    "position_size_usd": "200",
    "leverage": "10",
    "reason": "by hand",
}
READER = Reader(group=EXECUTION_GROUP, consumer="execution-1")
OWN = IntentId("hand-1")


def options(state: Path, **changes: Any) -> SignalOptions:
    return SignalOptions(
        **{
            "stated": TYPED,
            "intent_id": None,
            "valid_sec": None,
            "state": state,
            "env_file": None,
            "wait": False,
            "timeout_sec": 1,
            "as_json": True,
            **changes,
        }
    )


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder in which a replay has come to AT."""
    path = write_journal(tmp_path / "bridge.db", [], start_ms=AT)
    with closing(SqliteBus(SqliteFile(path), SystemClock())) as bus:
        barrier = codec.encode_barrier(Barrier(at_ms=AT, equity_usd=Decimal(1)))
        asyncio.run(bus.publish([Post(REPLAY_BARRIER, barrier)]))
    return tmp_path


def on_bus(state: Path) -> list[dict[str, Any]]:
    with closing(BusLook(SqliteFile(state / "bridge.db"))) as look:
        found = look.holding(TRADE_INTENT, "", 99)
    return [json.loads(message.envelope.payload or "") for message in found]


def test_it_carries_the_data_time_of_the_replay_there(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signal(options(state, valid_sec=30)) == 0
    told = json.loads(capsys.readouterr().out)
    (sent,) = on_bus(state)

    assert (told["at_ms"], told["clock"]) == (AT, "data time")
    assert sent["timestamp"] == "2025-05-05T00:00:00Z"
    assert sent["valid_until"] == "2025-05-05T00:00:30Z"
    assert sent["intent_id"] == told["intent_id"]
    assert sent["intent_id"].startswith(f"hand-BTCUSDT-BUY-{AT}-")
    assert (sent["schema"], sent["position_size_usd"]) == ("1.2", 200)


def test_typed_twice_it_is_two_messages(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        signal(options(state, as_json=False))
    first, second = on_bus(state)

    assert first["intent_id"] != second["intent_id"]
    assert f"bridge-patch why {second['intent_id']}" in capsys.readouterr().out


def test_a_fault_is_bad_input_and_nothing_is_sent(state: Path) -> None:
    with pytest.raises(InvalidValueError, match="2 faults in the intent"):
        signal(options(state, stated={**TYPED, "leverage": "0", "confidence": "2"}))

    assert on_bus(state) == []


def test_faults_are_told_before_anything_is_opened(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="1 fault in the intent"):
        signal(options(tmp_path, stated={**TYPED, "leverage": "0"}))
    with pytest.raises(InvalidValueError, match="there is no bus in"):
        signal(options(tmp_path / "none"))

    assert list(tmp_path.iterdir()) == []


def test_without_an_execution_no_outcome_comes(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert signal(options(state, wait=True)) == 1
    assert "no outcome in 1 s: is an execution running there?" in capsys.readouterr().err


@pytest.fixture
def answering(state: Path) -> Iterator[Callable[[Callable[[Message], object]], None]]:
    """Run an execution that answers one message as it is told to."""
    threads: list[Thread] = []

    def start(answer: Callable[[Message], object]) -> None:
        threads.append(Thread(target=_answer, args=(state / "bridge.db", answer)))
        threads[-1].start()

    yield start
    for thread in threads:
        thread.join()


def _answer(path: Path, answer: Callable[[Message], object]) -> None:
    with closing(SqliteBus(SqliteFile(path), SystemClock())) as bus:
        asyncio.run(_answer_on(bus, path, answer))


async def _answer_on(
    bus: SqliteBus, path: Path, answer: Callable[[Message], object]
) -> None:
    (message,) = await bus.read(READER, [TRADE_INTENT], count=1, wait_ms=10_000)
    said = answer(message)
    posts = [said] if isinstance(said, Post) else []
    if isinstance(said, tuple):
        await append(path, said)
        posts = [
            Post(EXECUTION_RESULT, codec.encode_result(event))
            for event in said
            if isinstance(event, BulkExpired | type(SETTLED))
        ]
    await bus.commit(EXECUTION_GROUP, [Ack(TRADE_INTENT, message.entry_id)], posts)


async def append(path: Path, events: Sequence[Event]) -> None:
    file, clock = SqliteFile(path), SystemClock()
    with closing(SqlJournal(file, run_id="r", clock=clock, new_id=str)) as journal:
        await journal.append(events)


def outcome(intent_id: IntentId) -> tuple[Event, ...]:
    judged = replace(ACCEPTED, intent_id=intent_id)
    return judged, replace(SETTLED, intent_id=intent_id, codes=judged.codes)


def test_the_outcome_is_waited_for_and_explained(
    state: Path, answering: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(lambda _: outcome(OWN))
    assert signal(options(state, intent_id=OWN, wait=True, timeout_sec=10)) == 0
    told = json.loads(capsys.readouterr().out)

    assert (told["intent_id"], told["headline"]) == ("hand-1", "allowed as asked")
    assert told["outcome"]["status"] == "FILLED"


def test_a_dead_letter_ends_the_wait(
    state: Path, answering: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def set_aside(message: Message) -> Post:
        letter = DeadLetter(
            entry_id=message.entry_id,
            reason="not_understood",
            faults=("x",),
            payload=message.envelope.payload or "",
        )
        return Post(DEAD_LETTER, codec.encode_dead_letter(letter))

    answering(set_aside)
    assert signal(options(state, intent_id=OWN, wait=True, timeout_sec=10)) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "dead letter"


def test_a_duplicate_ends_the_wait(
    state: Path, answering: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """No result is published for it, and nobody should wait for one."""

    def known(message: Message) -> tuple[Event, ...]:
        again = DuplicateSeen(at_ms=AT, intent_id=OWN, entry_id=message.entry_id)
        return (replace(ACCEPTED, intent_id=OWN), again)

    answering(known)
    assert signal(options(state, intent_id=OWN, wait=True, timeout_sec=10)) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["messages"][0]["what"] == "duplicate, acknowledged and not acted upon"


def test_a_bulk_expiry_that_names_it_ends_the_wait(
    state: Path, answering: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    def too_old(message: Message) -> tuple[Event, ...]:
        entry = message.entry_id
        gone = Expired(at_ms=AT, intent_id=OWN, entry_id=entry, created_ms=AT)
        return gone, BulkExpired(
            at_ms=AT, intent_ids=(OWN,), entry_ids=(entry,), age_max_sec=60
        )

    answering(too_old)
    assert signal(options(state, intent_id=OWN, wait=True, timeout_sec=10)) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "expired"


def test_an_outcome_of_another_intent_is_not_ours(
    state: Path, answering: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answering(lambda _: outcome(IntentId("other")))

    assert signal(options(state, intent_id=OWN, wait=True)) == 1


def test_an_age_is_measured_from_the_time_it_carries(state: Path) -> None:
    """What `signal` sends is fresh for an execution whose clock shows the last tick."""
    signal(options(state))
    with closing(BusLook(SqliteFile(state / "bridge.db"))) as look:
        (sent,) = look.holding(TRADE_INTENT, "", 9)
    read = codec.decode_delivery(
        sent.envelope, entry_id="1", mode=SETTLED.mode, now_ms=UnixMs(AT)
    )

    assert type(read.content).__name__ == "LiveIntent"

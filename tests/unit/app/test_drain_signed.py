"""A drain of a signed bus takes nothing for true that nobody proved to have written."""

from __future__ import annotations

import json
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.streams import REPLAY_BARRIER, TRADE_INTENT
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.app.buses import BusAt
from bridge_patch.app.commands.drain import drain
from bridge_patch.app.commands.options import DrainOptions
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.secret import Secret
from bridge_patch.services.messages import Barrier
from tests.simulation.rig import intent, run

KEY = "0123456789abcdef" * 2
HOUR_MS = 3_600_000
GARBAGE = Envelope((("payload", "{"),))


def late(intent_id: str, now_ms: UnixMs) -> Post:
    payload = json.dumps(intent(intent_id, 0, timestamp=iso_of(UnixMs(now_ms - HOUR_MS))))
    fields = (("event_type", "trade.intent"), ("payload", payload), ("source", "t"))
    return Post(TRADE_INTENT, Envelope(fields))


def drained(state: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    drain(DrainOptions(yes=True, state=state, env_file=None, as_json=True))
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


@pytest.mark.parametrize("forged", ["garbage", "a time of old"])
def test_a_forged_barrier_neither_stops_a_drain_nor_sets_its_clock(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    forged: str,
) -> None:
    """And an unsigned entry is poison, whatever its age."""
    monkeypatch.setenv("BUS_SIGNING_KEY", KEY)
    now_ms = SystemClock().now_ms()
    old = codec.encode_barrier(
        Barrier(at_ms=UnixMs(now_ms - HOUR_MS), equity_usd=Decimal(1))
    )
    with closing(
        open_store(tmp_path, journal=True, bus_at=BusAt(keys=Secret(KEY)))
    ) as store:
        run(store.bus.publish([late(f"late-{n}", now_ms) for n in range(3)]))
    with closing(open_store(tmp_path, journal=False)) as store:
        run(store.bus.publish([late("theirs", now_ms)]))
        envelope = old if forged == "a time of old" else GARBAGE
        run(store.bus.publish([Post(REPLAY_BARRIER, envelope)]))
    told = drained(tmp_path, capsys)

    assert told["clock"] == "system clock"
    assert (told["found"]["late"], told["found"]["poison"]) == (3, 1)
    assert told["done"] == {"expired": 3, "left": 1}


def test_a_proved_barrier_is_the_clock_of_a_drain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a replay of an hour ago, what was made then is fresh."""
    monkeypatch.setenv("BUS_SIGNING_KEY", KEY)
    now_ms = SystemClock().now_ms()
    at = Barrier(at_ms=UnixMs(now_ms - HOUR_MS), equity_usd=Decimal(1))
    with closing(
        open_store(tmp_path, journal=True, bus_at=BusAt(keys=Secret(KEY)))
    ) as store:
        run(store.bus.publish([late("fresh", now_ms)]))
        run(store.bus.publish([Post(REPLAY_BARRIER, codec.encode_barrier(at))]))
    told = drained(tmp_path, capsys)

    assert told["clock"] == "data time"
    assert (told["found"]["late"], told["found"]["fresh"]) == (0, 1)

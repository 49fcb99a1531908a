"""Incidents of a drain that counted what it did not do, and changed what it only showed."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import DEAD_LETTER, EXECUTION_RESULT, TRADE_INTENT
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.app.commands.drain import drain
from bridge_patch.app.commands.options import DrainOptions
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import Run, Store, execution_side, open_store
from bridge_patch.domain.events import BulkExpired, Judged, Sending
from bridge_patch.domain.intent import Mode, UnixMs
from tests.simulation.rig import Silence, close, intent, run

LATE = 1_300


def backlog() -> list[dict[str, Any] | str]:
    """Late entries with everything else between them, as it came in."""
    now = SystemClock().now_ms()
    old, young = iso_of(UnixMs(now - 3_600_000)), iso_of(UnixMs(now - 1_000))
    late = [intent(f"late-{n}", 0, timestamp=old) for n in range(LATE)]
    fresh = [intent(f"fresh-{n}", 0, timestamp=young) for n in range(3)]
    out = close("out", 0, timestamp=old)
    return [*late[:700], out, "{poison", fresh[0], *late[700:], *fresh[1:]]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with closing(open_store(tmp_path, journal=True)) as store:
        run(store.bus.publish([_post(one) for one in backlog()]))
    return tmp_path


def _post(payload: dict[str, Any] | str) -> Post:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    fields = (("event_type", "trade.intent"), ("payload", text), ("source", "t"))
    return Post(TRADE_INTENT, Envelope(fields))


def drained(
    state: Path, capsys: pytest.CaptureFixture[str], *, yes: bool
) -> dict[str, Any]:
    options = DrainOptions(yes=yes, state=state, env_file=None, as_json=True)
    assert drain(options) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def tables(state: Path) -> list[str]:
    with closing(sqlite3.connect(state / "bridge.db")) as connection:
        return list(connection.iterdump())


def waiting(state: Path) -> list[str]:
    with closing(BusLook(SqliteFile(state / "bridge.db"))) as look:
        return [message.entry_id for message in look.waiting()]


def published(store: Store) -> Iterator[str]:
    for message in run(store.bus.follow(EXECUTION_RESULT, "", count=99_999, wait_ms=0)):
        result = codec.decode_result(message.envelope)
        if isinstance(result, BulkExpired):
            yield from result.intent_ids
        else:
            yield result.intent_id


def test_drain_visits_each_entry_once_and_shrinks_the_backlog(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """M-89: 66,370 "processed" of 35 entries, and a stream that never shrank."""
    before = waiting(state)
    told = drained(state, capsys, yes=True)
    after = waiting(state)

    assert told["found"]["late"] == told["done"]["expired"] == LATE
    assert len(before) - len(after) == told["done"]["expired"]
    assert len(after) == told["done"]["left"] == 5
    with closing(open_store(state, journal=False)) as store:
        assert Counter(published(store)) == Counter(f"late-{n}" for n in range(LATE))
        letters = run(store.bus.follow(DEAD_LETTER, "", count=99, wait_ms=0))
        kept = [one for m in letters for one in codec.decode_dead_letters(m.envelope)]
    assert len({letter.entry_id for letter in kept}) == len(kept) == LATE
    again = drained(state, capsys, yes=True)
    assert (again["found"]["late"], again["done"]["expired"], waiting(state)) == (
        0,
        0,
        after,
    )


def test_drain_goes_on_behind_what_was_left_in_hand(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One old CLOSE in hand kept every later drain from expiring anything, with a tick."""
    drained(state, capsys, yes=True)
    old = iso_of(UnixMs(SystemClock().now_ms() - 3_600_000))
    more = [close("out-2", 0, timestamp=old)]
    more += [intent(f"later-{n}", 0, timestamp=old) for n in range(600)]
    with closing(open_store(state, journal=False)) as store:
        run(store.bus.publish([_post(one) for one in more]))
    told = drained(state, capsys, yes=True)

    assert told["done"] == {"expired": 600, "left": 6}
    assert (told["late_left"], len(waiting(state))) == (0, 6)


def test_drain_says_so_where_late_ones_are_left(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An id that may be taken is no business of a drain; neither is a ✅ then."""
    drained(state, capsys, yes=True)
    old = iso_of(UnixMs(SystemClock().now_ms() - 3_600_000))
    with closing(open_store(state, journal=False)) as store:
        run(store.bus.publish([_post(intent("late-1", 0, timestamp=old))]))
    options = DrainOptions(yes=True, state=state, env_file=None, as_json=False)

    assert drain(options) == 1
    said = capsys.readouterr().out
    assert "⚠ 0 expired, 6 wait for the execution" in said
    assert "1 of them are late and were left" in said


def test_drain_is_dry_when_dry_and_governed_when_live(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """M-90: a dry run moved messages, a live one went past every gate."""
    before = tables(state)
    told = drained(state, capsys, yes=False)

    assert tables(state) == before
    assert told["dry"] is True
    assert told["done"] == {"expired": 0, "left": LATE + 5}
    found = {n: told["found"][n] for n in ("late", "fresh", "reductions", "poison")}
    assert found == {"late": LATE, "fresh": 3, "reductions": 1, "poison": 1}
    assert [one["intent_id"] for one in told["found"]["sample"]] == [
        f"late-{n}" for n in range(5)
    ]

    drained(state, capsys, yes=True)
    settings = replace(load_settings({"AI_SIZING_MODE": "live"}), state_dir=state)
    with closing(open_store(state, journal=True)) as store:
        side = Run(settings=settings, mode=Mode.LIVE, feed="none", telemetry=Silence())
        session = execution_side(side, store)
        session.clock.set(SystemClock().now_ms())
        run(session.execution.drain())
        assert store.journal is not None
        events = [stored.event for stored in store.journal.read()]
        ended = Counter(published(store))

    assert waiting(state) == []
    left = {"out", "fresh-0", "fresh-1", "fresh-2"}
    assert {e.intent_id for e in events if isinstance(e, Judged)} == left
    assert not [e for e in events if isinstance(e, Sending)]  # refused: there are no prices
    assert ended == Counter([*left, *(f"late-{n}" for n in range(LATE))])


def test_the_screen_says_what_waits_and_how_to_let_go_of_it(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drain(DrainOptions(yes=False, state=state, env_file=None, as_json=False))
    said = capsys.readouterr().out

    assert "1305 intents wait, the oldest made 1 h 0 min ago" in said
    assert "late        1300" in said
    assert "nothing was changed; --yes expires what is late" in said

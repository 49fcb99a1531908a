"""`promote` says what is missing and orders on evidence; `demote` always works."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.app.commands import demote as demoting
from bridge_patch.app.commands import examining
from bridge_patch.app.commands import order as ordering
from bridge_patch.app.commands.demote import demote
from bridge_patch.app.commands.options import ModeOptions
from bridge_patch.app.commands.promote import promote
from bridge_patch.app.mode_note import found, leave
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Event, InstrumentSeen, ModeOrdered
from bridge_patch.domain.intent import IntentId, Mode, UnixMs
from bridge_patch.evidence.promotion import HOUR_MS
from bridge_patch.services.messages import Command, Wish
from tests.questions import BTC_RULES
from tests.unit.app.journals import write_journal
from tests.unit.app.story_parts import asking, verdict
from tests.unit.evidence.test_promotion import RUN, judged, mark

LIMITS = load_settings({}).limits().digest()
STARTED = replace(RUN, limits_hash=LIMITS)
#: A verdict of the Governor's own, which comes out the same again; it is ended, as all are.
_, WEIGHED = verdict(asking(IntentId("x"), 60))
MARKS = tuple(mark(hour) for hour in range(1, 25))
DAY: tuple[Event, ...] = (
    STARTED,
    InstrumentSeen(at_ms=STARTED.at_ms, instrument=BTC_RULES),
    WEIGHED,
    *MARKS,
)
ENV = "AI_SIZING_MODE=shadow\nMARKET_FEED=live\n"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence is of yesterday, whatever the day."""

    class Then:
        def now_ms(self) -> UnixMs:
            return UnixMs(STARTED.at_ms + 48 * HOUR_MS)

    monkeypatch.setattr(examining, "SystemClock", Then)


def folder(tmp_path: Path, events: Sequence[Event] = DAY) -> Path:
    """A folder with a bus, a journal and an env file."""
    open_store(tmp_path, journal=False).close()
    write_journal(tmp_path / "bridge.db", events)
    (tmp_path / "b.env").write_text(ENV, encoding="utf-8")
    return tmp_path


def saying(state: Path, **changes: Any) -> ModeOptions:
    said: dict[str, Any] = {
        "why": "a clean day",
        "who": "ann",
        "wait_sec": 0,
        "state": state,
        "env_file": state / "b.env",
        "as_json": True,
    }
    return ModeOptions(**said | changes)


def taken(monkeypatch: pytest.MonkeyPatch) -> list[Command]:
    """Let an execution take what is ordered; return what it got."""
    got: list[Command] = []

    async def in_force(command: Command, *_: object) -> ModeOrdered:
        got.append(command)
        mode = Mode.LIVE if command.wish is Wish.PROMOTE else Mode.SHADOW
        return ModeOrdered(
            at_ms=UnixMs(7), mode=mode, who="ann", why="x", command_id=command.id
        )

    monkeypatch.setattr(ordering, "_in_force", in_force)
    return got


def on_the_bus(state: Path) -> list[Command]:
    with closing(BusLook(SqliteFile(state / "bridge.db"))) as look:
        return [
            codec.decode_command(each.envelope) for each in look.holding(CONTROL, "", 9)
        ]


def test_a_day_of_evidence_is_ordered_recorded_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state, got = folder(tmp_path), taken(monkeypatch)

    assert promote(saying(state)) == 0
    told = json.loads(capsys.readouterr().out)
    (command,) = got
    grant = command.grant
    assert grant is not None
    assert (grant.limits_hash, grant.market) == (LIMITS, "live:binance")
    assert grant.evidence == "24 h in 1 runs, 1 decisions, 1 accepted, 0 clamped"
    assert grant.override_hours is None
    assert on_the_bus(state) == [replace(command, entry_id=on_the_bus(state)[0].entry_id)]
    assert (told["promoted"], told["recorded_ms"]) == (True, 7)
    assert "AI_SIZING_MODE=live" in (state / "b.env").read_text(encoding="utf-8")


def test_a_promotion_takes_the_older_order_away_and_one_that_fails_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = folder(tmp_path)
    note = ModeOrdered(at_ms=UnixMs(9), mode=Mode.SHADOW, who="bob", why="y")
    leave(state, note)
    assert promote(saying(state)) == 1
    assert promote(saying(state, dry_run=True)) == 0
    assert found(state) == note
    taken(monkeypatch)

    assert promote(saying(state)) == 0
    assert found(state) is None


@pytest.mark.parametrize(
    ("events", "missing"),
    [
        (DAY[:4], "time in shadow on live:binance"),
        ((STARTED, *MARKS), "decisions"),
        ((STARTED, *MARKS, judged(24)), "verdicts judged again"),
        ((replace(STARTED, market="replay"), *DAY[1:]), "decisions"),
        ((replace(STARTED, build="0.0.1"), *DAY[1:]), "decisions"),
    ],
)
def test_without_the_evidence_nothing_is_ordered_and_it_says_what_is_missing(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    events: Sequence[Event],
    missing: str,
) -> None:
    state = folder(tmp_path, events)

    assert promote(saying(state)) == 1
    told = json.loads(capsys.readouterr().out)
    assert missing in [need["name"] for need in told["needs"] if not need["met"]]
    assert (told["promoted"], told["why_not"]) == (False, "the evidence is not enough")
    assert on_the_bus(state) == []
    assert (state / "b.env").read_text(encoding="utf-8") == ENV


def test_an_override_names_what_was_lacking_and_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state, got = folder(tmp_path, (STARTED,)), taken(monkeypatch)

    assert promote(saying(state, override_hours=2)) == 0
    (command,) = got
    assert command.grant is not None
    assert command.grant.override_hours == 2
    assert "lacking: time in shadow" in command.grant.evidence


def test_an_order_that_nobody_recorded_changes_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = folder(tmp_path)

    assert promote(saying(state, as_json=False)) == 1
    shown = " ".join(capsys.readouterr().out.split())
    assert "not promoted: no execution recorded it within 0 s" in shown
    assert "of 1 decisions 1 accepted, 0 clamped, 0 refused" in shown
    assert (state / "b.env").read_text(encoding="utf-8") == ENV


def test_a_dry_run_orders_nothing(tmp_path: Path) -> None:
    state = folder(tmp_path)

    assert promote(saying(state, dry_run=True)) == 0
    assert on_the_bus(state) == []
    assert (state / "b.env").read_text(encoding="utf-8") == ENV


def test_a_changed_journal_is_never_a_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = folder(tmp_path)
    with closing(sqlite3.connect(state / "bridge.db")) as db:
        db.execute("UPDATE journal SET body = replace(body, '10000', '20000')")
        db.commit()

    assert promote(saying(state)) == 1
    told = json.loads(capsys.readouterr().out)
    assert "journal" in [need["name"] for need in told["needs"] if not need["met"]]
    assert on_the_bus(state) == []


def test_a_running_execution_hears_of_it_and_the_file_says_shadow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state, got = folder(tmp_path), taken(monkeypatch)
    (state / "b.env").write_text("AI_SIZING_MODE=live\n", encoding="utf-8")

    assert demote(saying(state, as_json=False)) == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert [command.wish for command in got] == [Wish.DEMOTE]
    assert "nothing is opened at the venue until a promotion" in shown
    assert (state / "b.env").read_text(encoding="utf-8") == "AI_SIZING_MODE=shadow\n"
    assert found(state) is None


def test_with_the_bus_down_the_order_waits_for_a_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    state = folder(tmp_path)

    async def down(*_: object) -> None:
        raise BrokenPromiseError("nobody answers at 127.0.0.1:6379")

    monkeypatch.setattr(demoting, "sent_of", down)
    assert demote(saying(state)) == 3
    told = json.loads(capsys.readouterr().out)
    waiting = found(state)
    assert waiting is not None
    assert (waiting.mode, waiting.who, waiting.why) == (Mode.SHADOW, "ann", "a clean day")
    assert told["faults"] == ["the bus: nobody answers at 127.0.0.1:6379"]


def test_where_nothing_could_be_done_it_says_so_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = tmp_path / "nowhere"

    assert demote(saying(nowhere)) == 1
    assert len(json.loads(capsys.readouterr().out)["faults"]) >= 2

"""`halt --flatten` goes over the bus, and leaves with 0 only where all is flat."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.app.cli import app
from bridge_patch.app.commands import order as ordering
from bridge_patch.app.commands.flatten import flatten
from bridge_patch.app.commands.options import OrderOptions
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Book, Event, LatchSet
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.order import OrderEvent
from bridge_patch.services.messages import Command
from tests.unit.app.flat_events import closed, entered, latched, refused, sent
from tests.unit.app.journals import write_journal
from tests.unit.app.story import RUN
from tests.unit.app.story_parts import answered


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder with a bus, and a journal of a long."""
    open_store(tmp_path, journal=False).close()
    write_journal(tmp_path / "bridge.db", (RUN, entered()))
    return tmp_path


def ordered(state: Path, *, as_json: bool = True) -> int:
    return flatten(
        OrderOptions(
            wish="flatten",
            symbol=None,
            why="enough",
            who="ann",
            wait_sec=0,
            state=state,
            env_file=None,
            as_json=as_json,
        )
    )


def executing(
    state: Path, monkeypatch: pytest.MonkeyPatch, events: Sequence[Event]
) -> list[Command]:
    """Let an execution put it in force at once, and go so far."""
    taken: list[Command] = []

    async def in_force(command: Command, *_: object) -> LatchSet:
        taken.append(command)
        latch = latched(command.id)
        # in a thread of its own: a journal is written by a loop of its own here
        await asyncio.to_thread(write_journal, state / "bridge.db", (latch, *events))
        return latch

    monkeypatch.setattr(ordering, "_in_force", in_force)
    return taken


def test_nothing_that_takes_it_is_said_and_is_not_flat(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ordered(state) == 1
    told = json.loads(capsys.readouterr().out)

    assert (told["flat"], told["in_force_ms"], told["positions"]) == (False, None, [])
    assert ordered(state, as_json=False) == 1
    assert "not in force after 0 s" in capsys.readouterr().out


@pytest.mark.parametrize("as_json", [True, False])
def test_it_leaves_with_0_where_all_is_flat(
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    as_json: bool,
) -> None:
    done = (sent(), closed("2"), answered(sent(), OrderEvent.FILLED))
    taken = executing(state, monkeypatch, done)
    assert ordered(state, as_json=as_json) == 0
    said = capsys.readouterr().out
    (command,) = taken

    assert (command.wish, command.who, command.why) == ("flatten", "ann", "enough")
    if as_json:
        (one,) = json.loads(said)["positions"]
        assert (one["state"], one["closed_base"], one["price_usd"]) == ("FLAT", 2, 110)
    else:
        assert "flat: all 1 closed" in said


@pytest.mark.parametrize("as_json", [True, False])
def test_it_leaves_with_1_and_the_code_where_one_is_not(
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    as_json: bool,
) -> None:
    executing(state, monkeypatch, refused())
    assert ordered(state, as_json=as_json) == 1
    said = capsys.readouterr().out

    if as_json:
        (one,) = json.loads(said)["positions"]
        assert (one["state"], one["code"], one["left_base"]) == ("REFUSED", "-2022", 2)
    else:
        assert "-2022: ReduceOnly Order is rejected." in said
        assert "NOT FLAT after 0 s: 1 of 1 are not; the execution goes on" in said


@pytest.mark.parametrize("mode", Mode)
def test_where_nothing_was_open_it_says_so(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    mode: Mode,
) -> None:
    """In shadow the books go on: they are no positions at the venue."""
    open_store(tmp_path, journal=False).close()
    shadowed = replace(entered(), book=Book.GOVERNED)
    write_journal(tmp_path / "bridge.db", (replace(RUN, mode=mode), shadowed))
    executing(tmp_path, monkeypatch, ())
    assert ordered(tmp_path, as_json=False) == 0
    said = capsys.readouterr().out

    assert "nothing of ours was open at the venue" in said
    assert ("the shadow books are left alone" in said) == (mode is Mode.SHADOW)


def test_a_journal_that_goes_away_meanwhile_is_not_flat(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    executing(state, monkeypatch, ())

    def away(*_: object, **__: object) -> None:
        raise BrokenPromiseError("the server went away")

    monkeypatch.setattr(JournalSearch, "events", away)
    assert ordered(state, as_json=False) == 1
    assert "the journal could not be read: the server went away" in capsys.readouterr().out


def test_the_command_line_asks_for_it_by_a_flag_of_halt(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = executing(state, monkeypatch, (sent(), closed("2")))
    words = ["halt", "--flatten", "--why", "x", "--wait-sec", "0", "--state", str(state)]

    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert [command.wish for command in taken] == ["flatten"]

"""`positions adopt` puts a person's word on the bus alone, and says what came of it."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.app.cli import app
from bridge_patch.app.commands import order as ordering
from bridge_patch.app.commands.adopt import adopt
from bridge_patch.app.commands.options import AdoptOptions, PositionsOptions
from bridge_patch.app.commands.positions import positions
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Event, PositionVouched
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.domain.reconcile_events import Word
from bridge_patch.services.messages import Command, Wish
from tests.questions import BTC
from tests.unit.app.flat_events import IN, entered
from tests.unit.app.journals import options, write_journal
from tests.unit.app.story import RUN
from tests.unit.app.story_parts import D, at

RUNNER = POLICIES[HarvestMode.TREND_RUNNER]


def vouched(word: Word, **more: Any) -> PositionVouched:
    said: dict[str, Any] = {
        "at_ms": at(0),
        "symbol": BTC,
        "word": word,
        "who": "ann",
        "why": "by hand",
        "command_id": "o-1",
        "intent_id": IntentId(""),
    }
    return PositionVouched(**said | more)


ADOPTED = vouched(
    Word.ADOPTED,
    intent_id=IN,
    side=Side.BUY,
    quantity_base=D(2),
    entry_price_usd=D(100),
    leverage=10,
    gain_usd=D(0),
    harvest_policy=RUNNER,
)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder with a bus and a journal."""
    open_store(tmp_path, journal=False).close()
    write_journal(tmp_path / "bridge.db", (RUN,))
    return tmp_path


def saying(state: Path, **changes: Any) -> AdoptOptions:
    said: dict[str, Any] = {
        "symbol": BTC,
        "policy": None,
        "why": "by hand",
        "who": "ann",
        "wait_sec": 0,
        "state": state,
        "env_file": None,
        "as_json": True,
    }
    return AdoptOptions(**said | changes)


@pytest.mark.parametrize("policy", [None, HarvestMode.SCALPER])
def test_the_word_goes_over_the_bus_with_the_symbol_and_the_policy(
    state: Path, capsys: pytest.CaptureFixture[str], policy: HarvestMode | None
) -> None:
    assert adopt(saying(state, policy=policy)) == 1
    told = json.loads(capsys.readouterr().out)
    with closing(BusLook(SqliteFile(state / "bridge.db"))) as look:
        (message,) = look.holding(CONTROL, "", 9)
    command = codec.decode_command(message.envelope)

    assert (command.wish, command.symbol) == (Wish.ADOPT_POSITION, BTC)
    assert (command.policy, command.who, command.why) == (policy, "ann", "by hand")
    assert (told["word"], told["at_ms"]) == ("", None)


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (ADOPTED, "BUY 2 at 100, 10x, harvested as trend_runner"),
        (vouched(Word.REFUSED, detail="it is ours"), "refused: it is ours"),
        (None, "not taken after 0 s"),
    ],
)
def test_what_came_of_it_is_said_and_is_the_exit_code(
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: PositionVouched | None,
    shown: str,
) -> None:
    async def in_force(command: Command, *_: object) -> PositionVouched | None:
        return replace(answer, command_id=command.id) if answer else None

    monkeypatch.setattr(ordering, "_in_force", in_force)
    assert adopt(saying(state, as_json=False)) == (0 if answer is ADOPTED else 1)
    assert shown in " ".join(capsys.readouterr().out.split())


def test_positions_shows_it_as_ours_with_who_adopted_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events: tuple[Event, ...] = (RUN, ADOPTED, entered())
    path = write_journal(tmp_path / "j.db", events)
    source = options(path, as_json=True)
    positions(PositionsOptions(source=source, shadow=False))
    (one,) = json.loads(capsys.readouterr().out)["positions"]

    assert (one["opened_by"], one["mode"]) == ("adopted by ann", "trend_runner")


def test_the_command_line_has_it_and_knows_the_policies(state: Path) -> None:
    words = ["positions", "adopt", "BTCUSDT", "--why", "x", "--state", str(state)]
    waiting = CliRunner().invoke(app, [*words, "--wait-sec", "0", "--policy", "swing"])
    unknown = CliRunner().invoke(app, [*words, "--policy", "forever"])
    nameless = CliRunner().invoke(app, ["positions", "adopt", "btc", "--why", "x"])

    assert waiting.exit_code == 1
    assert "not taken after 0 s" in waiting.output
    assert unknown.exit_code == 2
    assert isinstance(nameless.exception, InvalidValueError)


@pytest.mark.parametrize(
    "change",
    [
        {"symbol": None},
        {"wish": Wish.HALT, "symbol": None},
        {"wish": Wish.REARM},
    ],
)
def test_a_policy_and_a_symbol_go_with_an_adoption_only(change: dict[str, Any]) -> None:
    fine = Command(
        at_ms=at(0),
        id="o-1",
        wish=Wish.ADOPT_POSITION,
        who="ann",
        why="x",
        symbol=BTC,
        policy=HarvestMode.SWING,
    )
    with pytest.raises(InvalidValueError):
        replace(fine, **change)
    assert codec.decode_command(codec.encode_command(fine)) == fine

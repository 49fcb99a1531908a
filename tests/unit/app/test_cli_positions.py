"""`positions` says of each open position what protects it and what it would bring."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bridge_patch.app.cli import app
from bridge_patch.app.commands.options import PositionsOptions
from bridge_patch.app.commands.positions import positions
from bridge_patch.domain.events import (
    Book,
    DifferenceFound,
    Event,
    Filled,
    FillKind,
    FundingPaid,
    OrderEnded,
    Sending,
    StopArmed,
)
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import Mode, Side, Symbol
from bridge_patch.domain.order import Leg
from bridge_patch.domain.reconcile_events import Difference, DifferenceKind
from tests.questions import BTC
from tests.unit.app.flat_events import IN, entered
from tests.unit.app.journals import options, write_journal
from tests.unit.app.story import RUN, story
from tests.unit.app.story_parts import D, at, fill, order_id


def announced(mode: HarvestMode = HarvestMode.TREND_RUNNER) -> Sending:
    return Sending(
        at_ms=at(0),
        intent_id=IN,
        order_id=order_id(IN, Leg.ENTRY),
        leg=Leg.ENTRY,
        symbol=BTC,
        side=Side.BUY,
        quantity_base=D(2),
        harvest_policy=POLICIES[mode],
    )


def armed(price: str = "98", minutes: int = 0) -> StopArmed:
    return StopArmed(
        book=Book.ACCOUNT,
        at_ms=at(minutes),
        symbol=BTC,
        side=Side.SELL,
        stop_price_usd=D(price),
        order_id=order_id(IN, Leg.STOP),
        intent_id=IN,
    )


def told(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    events: Sequence[Event],
    *,
    shadow: bool = False,
) -> tuple[int, dict[str, Any]]:
    path = write_journal(tmp_path / "j.db", events)
    source = options(path, as_json=True)
    code = positions(PositionsOptions(source=source, shadow=shadow))
    return code, json.loads(capsys.readouterr().out)


def screen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], events: Sequence[Event]
) -> str:
    path = write_journal(tmp_path / "j.db", events)
    positions(PositionsOptions(source=options(path), shadow=False))
    return " ".join(capsys.readouterr().out.split())


def test_it_would_bring_its_gain_less_every_cost(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Open gain and what a part realised, less fees and the exit to come, with funding."""
    part = fill(
        *(IN, Leg.REDUCE, FillKind.REDUCE, at(30)),
        side=Side.SELL,
        quantity="1",
        price="103",
        realised="3",
    )
    funding = FundingPaid(
        book=Book.ACCOUNT,
        at_ms=at(40),
        symbol=BTC,
        rate_fraction=D("0.001"),
        amount_usd=D("-0.1"),
    )
    events = (RUN, announced(), entered(), armed(), part, funding)
    code, found = told(tmp_path, capsys, events)
    (one,) = found["positions"]

    assert code == 0
    assert (one["quantity_base"], one["first_base"]) == (1, 2)
    assert (one["entry_price_usd"], one["last_price_usd"]) == (100, 103)
    assert (one["open_gain_usd"], one["realised_usd"]) == (3, 3)
    assert one["fees_usd"] == pytest.approx(0.0005 * (200 + 103))
    assert one["funding_usd"] == -0.1
    assert one["exit_cost_usd"] > 0
    costs = one["fees_usd"] + one["exit_cost_usd"] - one["funding_usd"]
    assert one["net_usd"] == pytest.approx(6 - costs)


def test_stop_trail_target_and_time_left_are_those_of_its_policy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = armed("98.5", minutes=45)
    code, found = told(tmp_path, capsys, (RUN, announced(), entered(), late))
    (one,) = found["positions"]

    assert code == 0
    assert (one["mode"], one["stop_price_usd"]) == ("trend_runner", 98.5)
    assert (one["trail_active"], one["trail_price_usd"]) == (True, 98.5)
    assert one["targets"] == [{"name": "partial", "price_usd": 103, "done": False}]
    assert one["hold_left_ms"] == (120 - 45) * 60_000
    assert (one["intent_id"], one["opened_by"]) == ("in", "")


def test_a_trail_that_waits_for_the_partial_is_not_active(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = (RUN, announced(HarvestMode.SCALPER), entered(), armed())
    _, found = told(tmp_path, capsys, events)

    assert found["positions"][0]["trail_active"] is False
    assert "(99.5)" in screen(tmp_path / "screen", capsys, events)


def test_a_naked_position_is_said_with_its_age_and_by_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = OrderEnded(
        book=Book.ACCOUNT,
        at_ms=at(1),
        symbol=BTC,
        order_id=order_id(IN, Leg.STOP),
        reason="gone",
    )
    other = replace(entered(), symbol=Symbol("SOLUSDT"), at_ms=at(3), book=Book.ASKED)
    events = (RUN, announced(), entered(), armed(), gone, other)
    code, found = told(tmp_path, capsys, events)
    (one,) = found["positions"]

    assert code == 1
    assert (one["stop_price_usd"], one["naked_ms"]) == (None, 120_000)
    assert "NAKED for 2 min 0 s" in screen(tmp_path / "screen", capsys, events)


def test_what_is_not_ours_stands_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = Difference(
        kind=DifferenceKind.POSITION_EXTRA, symbol=BTC, ours="none", theirs="SELL 3"
    )
    events = (RUN, DifferenceFound(at_ms=at(1), difference=extra))
    code, found = told(tmp_path, capsys, events)

    assert (code, found["positions"]) == (0, [])
    assert [one["theirs"] for one in found["not_ours"]] == ["SELL 3"]
    assert "not ours" in screen(tmp_path / "screen", capsys, events)


def test_the_books_of_a_shadow_run_are_shown_under_their_own_names(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The governed one always, for a shadow run is about it; the others if asked for."""
    books = [replace(entered(), book=book) for book in (Book.GOVERNED, Book.ASKED)]
    events: list[Event] = [replace(RUN, mode=Mode.SHADOW), *books]
    _, few = told(tmp_path, capsys, events)
    code, all_ = told(tmp_path / "all", capsys, events, shadow=True)

    assert [one["book"] for one in few["positions"]] == [Book.GOVERNED]
    assert {one["book"] for one in all_["positions"]} == {Book.GOVERNED, Book.ASKED}
    assert code == 0
    assert f"shadow book {Book.GOVERNED}" in screen(tmp_path / "s", capsys, events)


def test_a_position_that_is_closed_and_opened_again_begins_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the one before cost is not held against it."""
    out: Filled = fill(
        *(IN, Leg.REDUCE, FillKind.REDUCE, at(1)), side=Side.SELL, quantity="2", price="99"
    )
    events = (RUN, entered(), out, replace(entered(), at_ms=at(2), trade_id="t-2"))
    _, found = told(tmp_path, capsys, events)

    assert found["positions"][0]["fees_usd"] == pytest.approx(0.0005 * 200)


def test_the_newest_price_says_how_old_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    events = (RUN, announced(), entered(), armed(minutes=5))

    assert "100, 5 min 0 s ago" in screen(tmp_path, capsys, events)


def test_an_empty_journal_has_nothing_open(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "nothing is open" in screen(tmp_path, capsys, [RUN])


def test_who_asked_for_it_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message's own source, and the id by which `why` tells the rest."""
    _, found = told(tmp_path, capsys, story())
    (one,) = found["positions"]

    assert one["opened_by"] == "ai"
    assert one["symbol"] == BTC


def test_the_command_line_has_it(tmp_path: Path) -> None:
    path = write_journal(tmp_path / "j.db", (RUN, announced(), entered(), armed()))
    done = CliRunner().invoke(app, ["positions", "--journal", str(path)])

    assert done.exit_code == 0
    assert "ours, at the venue" in done.output

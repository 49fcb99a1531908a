"""`unknown` lists what is in doubt, and puts a person's word on the bus alone."""

import json
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.app.commands import order as ordering
from bridge_patch.app.commands.options import UnknownOptions
from bridge_patch.app.commands.status import status
from bridge_patch.app.commands.unknown import unknown
from bridge_patch.app.commands.words import read_number
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import (
    DifferenceFound,
    DifferenceGone,
    Event,
    FilledLate,
    OrderVouched,
    Resolved,
    WalletCounted,
)
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import Leg, OrderEvent
from bridge_patch.domain.reconcile_events import Difference, DifferenceKind, Word
from bridge_patch.services.messages import Command, Wish
from bridge_patch.services.named_order import NamedOrder
from tests.unit.adapters.lines_samples import AT, BTC
from tests.unit.app.journals import options, write_journal
from tests.unit.app.story import IN_DOUBT, RUN, in_doubt
from tests.unit.app.story_parts import order_id

D = Decimal
ORDER = order_id(IN_DOUBT, Leg.ENTRY)
DOUBT = (RUN, *in_doubt())


def saying(state: Path, wish: str, **changes: Any) -> UnknownOptions:
    said: dict[str, Any] = {
        "wish": wish,
        "order_id": ORDER,
        "quantity_base": None,
        "price_usd": None,
        "fee_usd": None,
        "why": "seen in the app",
        "who": "ann",
        "wait_sec": 0,
        "state": state,
        "env_file": None,
        "as_json": True,
    }
    return UnknownOptions(**said | changes)


def on_bus(state: Path) -> list[Command]:
    with closing(BusLook(SqliteFile(state / "bridge.db"))) as look:
        found = look.holding(CONTROL, "", 99)
    return [codec.decode_command(message.envelope) for message in found]


def journaled(state: Path) -> int:
    with closing(JournalSearch(SqliteFile(state / "bridge.db"))) as journal:
        return journal.tail(1)[-1].seq


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A folder with a bus, and a journal in which one order is in doubt."""
    open_store(tmp_path, journal=False).close()
    write_journal(tmp_path / "bridge.db", DOUBT)
    return tmp_path


def test_every_order_in_doubt_is_listed_with_what_is_reserved_for_it(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unknown(options(state / "bridge.db", as_json=True)) == 0
    (one,) = json.loads(capsys.readouterr().out)
    assert status(options(state / "bridge.db", as_json=True)) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["in_doubt"] == [one]
    assert (one["order_id"], one["symbol"], one["leg"]) == (ORDER, "SOLUSDT", "entry")
    assert (one["state"], one["age_ms"]) == ("UNKNOWN", 0)
    assert (one["reserved_notional_usd"], one["reserved_margin_usd"]) == (6750, 450)


def test_the_screen_lists_them_and_says_where_there_are_none(
    state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert unknown(options(state / "bridge.db")) == 0
    assert "6750.00" in capsys.readouterr().out
    none = write_journal(tmp_path / "none.db", [RUN])
    assert unknown(options(none)) == 0
    assert capsys.readouterr().out == "no order is in doubt\n"


@pytest.mark.parametrize(
    ("wish", "numbers"),
    [
        ("close", {}),
        ("adopt", {}),
        ("adopt", {"quantity_base": D("46.1"), "price_usd": D("150.2"), "fee_usd": D(3)}),
    ],
)
def test_a_word_goes_over_the_bus_and_nothing_is_written_by_us(
    state: Path, capsys: pytest.CaptureFixture[str], wish: str, numbers: dict[str, Decimal]
) -> None:
    before = journaled(state)
    assert unknown(saying(state, wish, **numbers)) == 1
    told = json.loads(capsys.readouterr().out)
    (command,) = on_bus(state)

    assert (command.wish, command.who, command.why) == (Wish(wish), "ann", told["why"])
    assert command.named == NamedOrder(order_id=ORDER, **numbers)
    assert (told["word"], told["at_ms"]) == ("", None)
    assert journaled(state) == before


def vouched(word: Word, **more: Any) -> OrderVouched:
    return OrderVouched(
        at_ms=AT,
        order_id=ORDER,
        intent_id=IN_DOUBT,
        symbol=BTC,
        word=word,
        who="ann",
        why="seen in the app",
        command_id="o-1",
        **more,
    )


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        (vouched(Word.CLOSED), "what was reserved for it is free"),
        (vouched(Word.REFUSED, detail="it is OPEN"), "refused: it is OPEN"),
        (
            vouched(Word.ADOPTED, quantity_base=D(2), price_usd=D("150.5")),
            "ADOPTED at 2025-05-05 00:00:00 UTC: 2 at 150.5",
        ),
    ],
)
def test_what_came_of_it_is_said(
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    answer: OrderVouched,
    shown: str,
) -> None:
    """The journal's entry under the command's own id is the answer."""

    async def answered(command: Command, *_: object) -> OrderVouched:
        return replace(answer, command_id=command.id)

    monkeypatch.setattr(ordering, "_in_force", answered)
    wish = "adopt" if answer.word is Word.ADOPTED else "close"
    assert unknown(saying(state, wish, as_json=False)) == (answer.word is Word.REFUSED)
    assert shown in " ".join(capsys.readouterr().out.split())


def test_an_order_that_was_closed_and_traded_after_all_is_listed_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    closed = Resolved(
        at_ms=AT,
        intent_id=IN_DOUBT,
        order_id=ORDER,
        leg=Leg.ENTRY,
        event=OrderEvent.FOUND_ABSENT,
    )
    late = FilledLate(
        at_ms=AT,
        symbol=BTC,
        order_id=ORDER,
        intent_id=IN_DOUBT,
        trade_id="t-1",
        quantity_base=D(1),
        price_usd=D(150),
        fee_usd=D(0),
        counted_base=D(0),
    )
    word = (*DOUBT, vouched(Word.CLOSED), closed)
    assert listed(tmp_path / "closed.db", word, capsys) == []
    assert listed(tmp_path / "late.db", (*word, late), capsys) == [ORDER]


def listed(
    path: Path, events: tuple[Event, ...], capsys: pytest.CaptureFixture[str]
) -> list[str]:
    assert unknown(options(write_journal(path, events), as_json=True)) == 0
    return [one["order_id"] for one in json.loads(capsys.readouterr().out)]


def test_status_shows_what_the_venue_states_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Since it was found first, as it was told last, until it is gone."""
    missing = Difference(
        kind=DifferenceKind.POSITION_LESS, symbol=BTC, ours="BUY 2", theirs="BUY 1"
    )
    later = replace(missing, theirs="none", kind=DifferenceKind.POSITION_MISSING)
    counted = WalletCounted(at_ms=AT, wallet_usd=D(1), opening_usd=D(1))
    found: list[Event] = [
        DifferenceFound(at_ms=AT, difference=missing),
        DifferenceFound(at_ms=UnixMs(AT + 60_000), difference=later),
    ]
    gone = DifferenceGone(at_ms=UnixMs(AT + 90_000), difference=later)
    screens = []
    journals: list[list[Event]] = [[], [counted], [counted, *found], [*found, gone]]
    for n, events in enumerate(journals):
        path = write_journal(tmp_path / f"{n}.db", [RUN, *events])
        assert status(options(path)) == 0
        screens.append(capsys.readouterr().out)
    assert status(options(tmp_path / "2.db", as_json=True)) == 0
    (one,) = json.loads(capsys.readouterr().out)["differences"]

    assert "not compared with the journal yet" in screens[0]
    assert "its records agree with the journal" in screens[1]
    assert "differs from the journal in 1" in screens[2]
    assert "POSITION_MISSING" in screens[2]
    assert "its records agree with the journal" in screens[3]
    assert (one["since_ms"], one["age_ms"]) == (AT, 60_000)
    assert (one["ours"], one["theirs"]) == ("BUY 2", "none")


@pytest.mark.parametrize("text", ["", "1,5", "NaN", "Infinity", "0x10", "1e", "one"])
def test_a_number_that_is_none_is_refused_before_anything_is_sent(text: str) -> None:
    with pytest.raises(InvalidValueError, match="--price must be a number"):
        read_number(text, "--price")


def test_a_number_is_kept_to_the_digit() -> None:
    assert str(read_number("0.0420", "--quantity")) == "0.0420"
    assert read_number(None, "--fee") is None

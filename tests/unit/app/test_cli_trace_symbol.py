"""`trace --symbol` tells in short how far the newest intents came, and how fast."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bridge_patch.app import cli
from bridge_patch.app.commands.options import TraceSymbolOptions
from bridge_patch.app.commands.trace_symbol import trace_symbol
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import (
    Book,
    Event,
    FillKind,
    IntentReceived,
    StopArmed,
)
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from tests.unit.adapters.lines_samples import (
    ACCEPTED,
    AT,
    BTC,
    FILLED,
    ID,
    SENDING,
    SETTLED,
    D,
)
from tests.unit.app.journals import options, write_journal

STOP = ClientOrderId("bp-stop")
RECEIVED = IntentReceived(
    at_ms=AT,
    intent_id=ID,
    entry_id="1-0",
    source="ai",
    created_ms=UnixMs(AT - 250),
    payload="{}",
)
ARMED = StopArmed(
    book=Book.ACCOUNT,
    at_ms=UnixMs(AT + 40),
    symbol=BTC,
    side=Side.SELL,
    stop_price_usd=D(93100),
    order_id=STOP,
    intent_id=ID,
)
LIVE = replace(ACCEPTED, mode=Mode.LIVE)
ENTRY = replace(FILLED, book=Book.ACCOUNT, side=Side.BUY, kind=FillKind.ENTRY)
STOPPED = replace(
    ENTRY,
    side=Side.SELL,
    kind=FillKind.STOP,
    at_ms=UnixMs(AT + 61_540),
    order_id=STOP,
    trade_id="t-stop",
    realised_usd=D("-12.345"),
    margin_usd=-ENTRY.margin_usd,
)
STORY: tuple[Event, ...] = (RECEIVED, LIVE, SENDING, ENTRY, ARMED, SETTLED, STOPPED)


def asked(path: Path, *, last: int = 5, as_json: bool = False) -> TraceSymbolOptions:
    source = options(path, as_json=as_json)
    return TraceSymbolOptions(source=source, symbol=BTC, last=last)


def test_a_way_is_told_from_the_message_to_the_exit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = write_journal(tmp_path / "j.db", STORY)

    assert trace_symbol(asked(journal, as_json=True)) == 0
    (path,) = json.loads(capsys.readouterr().out)["paths"]
    assert [stop["stage"] for stop in path["stops"]] == [
        *("published", "judged", "sent", "filled", "protected", "outcome", "exit")
    ]
    assert path["stops"][0]["since_ms"] == 0
    assert path["stops"][1]["since_ms"] == 250
    assert path["stops"][-1]["at_ms"] == AT + 61_540
    assert path["stops"][-1]["said"].startswith("stop ")
    assert path["stops"][-1]["said"].endswith("gain -12.34 USD by i-1, flat")


def test_a_close_that_a_person_ordered_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is filed under the entry's id, and it is the entry's exit."""
    flattened = replace(STOPPED, kind=FillKind.REDUCE)
    events = (*STORY[:-1], flattened)
    trace_symbol(asked(write_journal(tmp_path / "j.db", events), as_json=True))
    (path,) = json.loads(capsys.readouterr().out)["paths"]

    assert [s["stage"] for s in path["stops"]].count("filled") == 1
    assert [s["stage"] for s in path["stops"]].count("exit") == 1


def test_a_reduction_is_filled_by_what_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    close = replace(LIVE, action="CLOSE", proposed_margin_usd=None, proposed_leverage=None)
    events = (RECEIVED, close, replace(STOPPED, kind=FillKind.REDUCE))
    trace_symbol(asked(write_journal(tmp_path / "j.db", events), as_json=True))
    (path,) = json.loads(capsys.readouterr().out)["paths"]

    assert [s["stage"] for s in path["stops"]] == ["published", "judged", "filled"]


def test_a_position_that_is_open_has_no_exit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace_symbol(asked(write_journal(tmp_path / "j.db", STORY[:-1])))
    out = capsys.readouterr().out

    assert "protected" in out
    assert "exit" not in out


def test_a_shadow_intent_is_followed_in_the_governed_book(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The account holds nothing then, and the other shadow books are no one's answer."""
    events = (
        RECEIVED,
        replace(ACCEPTED, mode=Mode.SHADOW),
        replace(ENTRY, book=Book.ASKED, trade_id="t-1"),
        replace(ENTRY, book=Book.GOVERNED, trade_id="t-2"),
    )
    trace_symbol(asked(write_journal(tmp_path / "j.db", events), as_json=True))
    (path,) = json.loads(capsys.readouterr().out)["paths"]

    assert path["mode"] == "shadow"
    assert [s["stage"] for s in path["stops"]] == ["published", "judged", "filled"]


def test_only_the_newest_are_told_and_of_this_symbol_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    verdicts = [replace(LIVE, intent_id=IntentId(f"i-{n}")) for n in range(1, 10)]
    other = replace(LIVE, intent_id=IntentId("o-1"), symbol=Symbol("ETHUSDT"))
    journal = write_journal(tmp_path / "j.db", (*verdicts, other))
    trace_symbol(asked(journal, last=2, as_json=True))
    paths = json.loads(capsys.readouterr().out)["paths"]

    assert [path["intent_id"] for path in paths] == ["i-8", "i-9"]


def test_a_symbol_without_a_verdict_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="found none of BTCUSDT"):
        trace_symbol(asked(write_journal(tmp_path / "j.db", (RECEIVED,))))


@pytest.mark.parametrize("words", [[], ["i-1", "--symbol", "BTCUSDT"]])
def test_an_id_or_a_symbol_is_needed_and_not_both(words: list[str]) -> None:
    done = CliRunner().invoke(cli.app, ["trace", *words])

    assert isinstance(done.exception, InvalidValueError)
    assert "either the ID of an intent or --symbol" in str(done.exception)

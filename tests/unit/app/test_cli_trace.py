"""`trace` tells everything about one intent, in order, and where its time went."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.app.commands.options import TraceOptions
from bridge_patch.app.commands.trace import trace
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import (
    Book,
    Event,
    IntentReceived,
    OrderEnded,
    OrderRefused,
    StopArmed,
)
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.domain.order import ClientOrderId
from tests.unit.adapters.lines_samples import (
    ACCEPTED,
    AT,
    BTC,
    DEAD,
    FILLED,
    ID,
    SENDING,
    SETTLED,
    WARNED,
    D,
)
from tests.unit.app.journals import options, write_journal

LATER = UnixMs(AT + 61_500)
STOP = ClientOrderId("bp-stop")
RECEIVED = IntentReceived(
    at_ms=AT, intent_id=ID, entry_id="1-0", source="ai", created_ms=AT, payload='{"a": 1}'
)
ARMED = StopArmed(
    book=Book.ACCOUNT,
    at_ms=AT,
    symbol=BTC,
    side=Side.SELL,
    stop_price_usd=D(101000),
    order_id=STOP,
    intent_id=ID,
)
ENDED = OrderEnded(
    book=Book.ACCOUNT, at_ms=LATER, symbol=BTC, order_id=STOP, reason="displaced"
)
FOREIGN = replace(ENDED, order_id=ClientOrderId("bp-other"))
STORY: tuple[Event, ...] = (
    RECEIVED,
    replace(ACCEPTED, votes=(WARNED,)),
    SENDING,
    FILLED,
    ARMED,
    DEAD,
    SETTLED,
    FOREIGN,
    replace(ACCEPTED, intent_id=IntentId("i-2")),
    ENDED,
)


def asked(path: Path, intent: str = "i-1", *, as_json: bool = False) -> TraceOptions:
    return TraceOptions(source=options(path, as_json=as_json), intent_id=IntentId(intent))


def test_json_has_every_step_with_the_times_between(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert trace(asked(write_journal(tmp_path / "j.db", STORY), as_json=True)) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["intent_id"] == "i-1"
    assert [(step["seq"], step["kind"]) for step in told["steps"]] == [
        (1, "IntentReceived"),
        (2, "Judged"),
        (3, "Sending"),
        (4, "Filled"),
        (5, "StopArmed"),
        (7, "Settled"),
        (10, "OrderEnded"),
    ]
    assert [step["recorded_since_ms"] for step in told["steps"]] == [0, 7, 7, 7, 7, 14, 21]
    assert [step["since_ms"] for step in told["steps"]] == [0, 0, 0, 0, 0, 0, 61_500]
    assert told["steps"][0]["event"]["payload"] == '{"a": 1}'


def test_the_table_tells_the_log_lines_the_payload_and_the_votes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trace(asked(write_journal(tmp_path / "j.db", STORY)))
    out = capsys.readouterr().out

    assert "[GOVERNOR] ✅ ACCEPT BTCUSDT BUY: PASS," in out
    assert '{"a": 1}' in out
    assert "floor WARN: CONFIDENCE_BELOW_FLOOR" in out
    assert "1 min 1.5 s" in out
    assert "entries: 7, over 1 min 1.5 s of data time" in out
    assert "i-2" not in out


def test_a_refusal_by_the_venue_belongs_to_the_story(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    no = OrderRefused(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        order_id=SENDING.order_id,
        code="-2019",
        message="Margin is insufficient.",
    )
    trace(asked(write_journal(tmp_path / "j.db", (RECEIVED, SENDING, no, SETTLED))))

    assert "says=-2019 Margin is insufficient." in capsys.readouterr().out


def test_a_payload_cannot_paint_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = replace(RECEIVED, payload="\x1b[2J\n[red]gone[/red]\u202e" + "y" * 9000)
    trace(asked(write_journal(tmp_path / "j.db", (hostile,))))
    out = capsys.readouterr().out

    assert "\x1b" not in out
    assert "\\x1b[2J\\n[red]gone[/red]\\u202e" in out
    assert out.count("y") < 2100


def test_an_unknown_id_is_bad_input(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="found nothing about 'i-9'"):
        trace(asked(write_journal(tmp_path / "j.db", STORY), "i-9"))

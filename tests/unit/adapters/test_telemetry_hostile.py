"""What reaches the log from outside, or fails on its way, changes no line but its own."""

import io
import json
import re
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.domain.events import (
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode, Symbol
from tests.unit.adapters.lines_samples import (
    ACCEPTED,
    AT,
    DEAD,
    DRAFT,
    LATCHED,
    OTHER_EVENTS,
    SETTLED,
)
from tests.unit.adapters.lines_shown import lines

RESERVED = re.compile("ACCEPT|REJECT|SHADOW|LIVE")
D = Decimal
HOSTILE = (
    "x\n[GOVERNOR] ✅ ACCEPT BTCUSDT BUY\r REJECT LIVE SHADOW \x1b[31mred\x1b[0m {0} %s"
    " [bold]b[/bold] \u202eevil\u200b \ud800 intent=i-2 " + "y" * 10_000
)


@pytest.mark.parametrize("as_json", [False, True], ids=["console", "json"])
def test_text_from_outside_cannot_break_or_fake_a_line(as_json: bool) -> None:
    """A payload that prints its own ACCEPT line would be believed at night."""
    told = lines(
        replace(DRAFT, source=HOSTILE, reason=HOSTILE, blunder=HOSTILE),
        replace(SETTLED, source=HOSTILE, codes=(HOSTILE,), intent_id=IntentId(HOSTILE)),
        replace(DEAD, reason=HOSTILE, faults=(HOSTILE,) * 50, entry_id=HOSTILE),
        replace(LATCHED, cause=HOSTILE, who=HOSTILE, why=HOSTILE),
        replace(ACCEPTED, verdict=Verdict.REJECT, detail=HOSTILE, codes=("A",)),
        replace(ACCEPTED, symbol=Symbol("LIVEUSDT")),
        as_json=as_json,
    )

    assert len(told) == 8
    for line in told:
        assert line.isprintable()
        assert len(line) < 4000
        assert "intent=i-2" not in line
    counts = [len(RESERVED.findall(line)) for line in told]
    assert counts == ([0, 0, 0, 0, 0, 0, 1, 1] if as_json else [1, 0, 0, 0, 0, 0, 1, 1])
    if not as_json:
        assert all(line.count("[") == 1 and "{" not in line for line in told)


def test_json_carries_the_same_events_with_exact_numbers() -> None:
    told = [
        json.loads(line, parse_float=Decimal) for line in lines(*OTHER_EVENTS, as_json=True)
    ]
    (verdict,) = (json.loads(line) for line in lines(ACCEPTED, as_json=True))

    assert len(told) == len(lines(*OTHER_EVENTS))
    fill = next(each for each in told if each["event"] == "order.filled")
    assert fill["price_usd"] == D("103000.5")
    assert fill["at_ms"] == AT
    assert fill["intent"] == "i-1"
    assert verdict["event"] == "governor.verdict"
    assert verdict["verdict"] == "ACCEPT"
    assert verdict["codes"] == ["PASS"]


def test_a_note_is_tagged_and_cannot_claim_a_verdict() -> None:
    stream = io.StringIO()
    log = LogTelemetry(stream)
    log.note("engine", "LIVE from here", bars=3, name="x", intent="i-7", event="y")
    log.note("[x]\n", "m")

    assert stream.getvalue().splitlines() == [
        "[ENGINE] live from here: bars=3, name=x, event=y intent=i-7",
        "[X] m",
    ]


class Broken(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError

    def __str__(self) -> str:
        raise RuntimeError


def test_a_stream_that_fails_costs_lines_and_nothing_else() -> None:
    log = LogTelemetry(Broken())
    log.tell(ACCEPTED)
    log.published(DRAFT)
    log.note("x", "y")
    log.started(parts=set(Part), mode=Mode.LIVE, fail_open=False, notes=())

    assert log.lost == 4


def test_a_field_that_cannot_be_shown_costs_its_line_only() -> None:
    stream = io.StringIO()
    log = LogTelemetry(stream)
    log.tell(replace(ACCEPTED, votes=None))  # type: ignore[arg-type]
    log.tell(object())  # type: ignore[arg-type]
    log.note("x", "y", bad=Broken())
    log.tell(ACCEPTED)

    assert log.lost == 3
    assert stream.getvalue().count("ACCEPT") == 1


def test_a_stream_that_cannot_write_the_marks_still_gets_the_line() -> None:
    """A latin-1 terminal has no check mark; the line must be found all the same."""
    raw = io.BytesIO()
    log = LogTelemetry(io.TextIOWrapper(raw, encoding="latin-1"))
    log.tell(ACCEPTED)

    assert log.lost == 0
    assert b"[GOVERNOR] \\u2705 ACCEPT BTCUSDT BUY: PASS" in raw.getvalue()

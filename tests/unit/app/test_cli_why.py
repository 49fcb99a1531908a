"""`why` says what decided first, every number behind it, and what came of it."""

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.app.commands.options import TraceOptions
from bridge_patch.app.commands.why import why
from bridge_patch.app.screen import print_table
from bridge_patch.app.why.answer import Answer, Kind
from bridge_patch.app.why.paint import painted
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, Filled, IntentReceived
from bridge_patch.domain.intent import IntentId
from tests.unit.app.journals import options, write_journal
from tests.unit.app.story import (
    ACCEPTED,
    CLAMPED,
    IN_DOUBT,
    LATE,
    PARTIAL,
    POISON_ENTRY,
    REFUSED,
    RUN,
    story,
)
from tests.unit.app.story_files import POISONED, WAITING, write_story

Ask = Callable[[str], str]


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_story(tmp_path_factory.mktemp("why"))


def asked(path: Path, intent: str, *, as_json: bool = False) -> TraceOptions:
    return TraceOptions(source=options(path, as_json=as_json), intent_id=IntentId(intent))


@pytest.fixture
def told(journal: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    def ask(intent: str) -> str:
        assert why(asked(journal, intent)) == 0
        return capsys.readouterr().out

    return ask


@pytest.fixture
def answer(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], dict[str, Any]]:
    def ask(intent: str) -> dict[str, Any]:
        assert why(asked(journal, intent, as_json=True)) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    return ask


def test_a_refusal_names_the_rule_that_decided_first(told: Ask) -> None:
    lines = told(REFUSED).splitlines()

    assert lines[1].split(maxsplit=1)[1] == (
        "refused, SIZE_BELOW_MIN by margin_floor: margin 40 < 50, and 1 more objection"
    )
    objections = [line for line in lines if line.startswith("objection")]
    assert objections[0].endswith("▶ margin_floor SIZE_BELOW_MIN: margin 40 < 50")
    assert objections[1].endswith("position_flat POSITION_OPEN: BUY 0.071 is open")


def test_an_objection_says_what_governs_it_and_what_would_have_to_change(
    answer: Callable[[str], dict[str, Any]],
) -> None:
    first, second = answer(REFUSED)["said"]

    assert (first["code"], first["decided"]) == ("SIZE_BELOW_MIN", True)
    assert first["settings"] == {"MIN_ORDER_USD": "50", "GOVERNOR_BELOW_MIN": "refuse"}
    assert first["change"] == "ask for at least the least margin"
    assert (second["code"], second["decided"]) == ("POSITION_OPEN", False)
    assert second["settings"] == {}
    assert second["change"] == "the position on the symbol is closed first"


def test_a_clamp_tells_asked_cap_and_allowed(
    answer: Callable[[str], dict[str, Any]],
) -> None:
    found = answer(CLAMPED)
    (cap,) = found["said"]

    assert found["verdict"] == "CLAMP"
    assert found["asked"]["size"]["leverage"] == 40
    assert cap["detail"].startswith("leverage 40, at most 15.68")
    assert cap["decided"]
    assert cap["settings"]["LIQUIDATION_STOPS_MIN"] == "3"
    assert found["allowed"]["leverage"] == 15
    assert found["notes"] == ["leverage 15x is rounded down to a multiple of 1x"]
    assert found["saw"]["equity_usd"] == 10_000


def test_an_accepted_entry_tells_how_its_position_was_harvested(
    answer: Callable[[str], dict[str, Any]],
) -> None:
    """100 - 70.20 realised; fees 0.05 % of 0.071 at 95,003.1, of 0.035 at 97,860 and of
    0.036 at 93,050: 3.3726 + 1.71255 + 1.6749 = 6.76006."""
    found = answer(ACCEPTED)
    held = found["held"]

    assert found["headline"] == "allowed as asked"
    assert [trade["kind"] for trade in held["trades"]] == ["reduce", "stop"]
    assert held["trades"][0]["intent_id"] == PARTIAL
    assert held["realised_usd"] == 29.8
    assert held["fees_usd"] == pytest.approx(6.76006, abs=1e-5)
    assert (held["before_base"], held["left_base"]) == (0.071, 0)


def test_what_a_shadow_book_did_is_not_told_of_the_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As asked, the same intent has other trades; they are nobody's money."""
    asked_book = [
        replace(event, book=Book.ASKED, realised_usd=event.realised_usd + 1000)
        for event in story()
        if isinstance(event, Filled)
    ]
    path = write_story(tmp_path, (*story()[:1], *asked_book, *story()[1:]))
    why(asked(path, ACCEPTED, as_json=True))
    told = json.loads(capsys.readouterr().out)

    assert told["held"]["realised_usd"] == 29.8


def test_a_reduction_says_what_it_closed_and_of_which_position(
    answer: Callable[[str], dict[str, Any]],
) -> None:
    found = answer(PARTIAL)
    held = found["held"]

    assert found["kind"] == "reduction"
    assert found["headline"] == "closed 0.035 of 0.071 BTCUSDT, 0.036 stayed open"
    assert held["opened_by"] == ACCEPTED
    assert (held["before_base"], held["left_base"]) == (0.071, 0.036)
    assert len(held["trades"]) == 1
    assert found["asked"]["reason"] == "PARTIAL_PROFIT"


def test_an_order_in_doubt_has_no_outcome_yet(told: Ask) -> None:
    assert "it has no outcome yet: the fate of its order is not known" in told(IN_DOUBT)


def test_an_expired_intent_says_how_old_it_was(told: Ask) -> None:
    out = told(LATE)

    assert (
        "expired, never judged and never traded: it was 600 s old, an entry may be" in out
    )
    assert "dead-lettered, too_old" in out
    assert '"intent_id":"e-ai-BTCUSDT-buy-1746400000000"' in out


@pytest.mark.parametrize("name", [POISONED, POISON_ENTRY])
def test_a_dead_letter_is_found_by_intent_and_by_entry(name: str, told: Ask) -> None:
    """The log line of a poisoned message knows only its entry; the AI only its intent."""
    out = told(name)

    assert "dead-lettered, never judged: not_understood, 1 fault" in out
    assert "NOT_FINITE ai_size_usd: a number must be finite, was NaN" in out


def test_a_duplicate_is_told_with_the_intent_it_repeats(told: Ask) -> None:
    assert "duplicate, acknowledged and not acted upon" in told(ACCEPTED)
    assert "duplicate" not in told(CLAMPED)


def test_what_waits_on_the_bus_says_so(told: Ask) -> None:
    assert "on the bus; no execution has taken it up yet" in told(WAITING)


def test_a_unique_beginning_is_enough(told: Ask) -> None:
    assert told("e-ai-BTCUSDT-sell") == told(REFUSED)
    assert told("e-ai-ETH") == told(WAITING)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("e-ai-BTC", "several ids begin with 'e-ai-BTC'"),
        ("e-ai-BTCUSDT-sell-1746405120009", "nothing is known about"),
        ("sell-17464051", "nothing is known about"),
    ],
)
def test_what_is_not_found_names_the_nearest(text: str, says: str, journal: Path) -> None:
    with pytest.raises(InvalidValueError, match=says) as error:
        why(asked(journal, text))
    named = REFUSED if "sell" in text else CLAMPED

    assert f"\n  {named}" in str(error.value)


def test_nothing_alike_is_just_not_known(journal: Path) -> None:
    with pytest.raises(InvalidValueError) as error:
        why(asked(journal, "qqqqqq"))

    assert str(error.value) == "nothing is known about 'qqqqqq', here or on the bus"


def test_a_reading_that_was_not_to_be_had_is_called_unknown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Its reason behind the name of the reading would be read as the value."""
    saw: dict[str, Decimal | str] = {
        "state": "RUNNING",
        "mark_usd": Decimal(95),
        "day_loss_pct": "equity: too old",
    }
    print_table(
        painted(
            Answer(intent_id=IntentId("i"), kind=Kind.ENTRY, headline="refused", saw=saw)
        )
    )

    told = "account RUNNING, mark 95, loss today unknown (equity: too old)"
    assert f"saw     {told}" in capsys.readouterr().out.splitlines()


def test_every_screen_of_a_fail_open_run_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """M-26: a softened run must never look like a strict one."""
    soft = replace(RUN, limits=RUN.limits.replace("fail_open=False", "fail_open=True"))
    path = write_story(tmp_path, (soft, *story()[1:]))
    why(asked(path, REFUSED))
    out = capsys.readouterr().out

    assert "GOVERNOR_FAIL_OPEN=true in this LIVE run" in out


def test_a_journal_alone_is_enough(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With another bus, or none, what was judged is still explained."""
    path = write_journal(tmp_path / "j.db", story(), run_id="r-1")

    assert why(asked(path, POISON_ENTRY)) == 0
    assert why(asked(path, LATE)) == 0
    assert "dead-lettered, never judged: not_understood" in capsys.readouterr().out


def test_a_payload_cannot_paint_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, received, *rest = story()
    assert isinstance(received, IntentReceived)
    hostile = replace(received, source="\x1b[2J\u202e[red]ai")
    path = write_story(tmp_path, (first, hostile, *rest))
    for as_json in (False, True):
        why(asked(path, ACCEPTED, as_json=as_json))
        out = capsys.readouterr().out

        assert "\x1b" not in out
        assert "\u202e" not in out
        assert "[red]ai" in out

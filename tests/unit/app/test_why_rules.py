"""Each reason has its remedy, and every kind of verdict its sentence."""

import inspect
import re
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.app.governor_page import reasons_of
from bridge_patch.app.settings import ROWS
from bridge_patch.app.why.answer import Kind, Material
from bridge_patch.app.why.explain import explain
from bridge_patch.app.why.position import opened_by, reduced_by
from bridge_patch.app.why.remedies import REMEDIES, meaning_of, remedy_of
from bridge_patch.domain.events import (
    Book,
    Event,
    FillKind,
    IntentReceived,
    Judged,
    OrderRefused,
    Settled,
    Status,
    Verdict,
    VoteRecord,
)
from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.votes import Rule
from bridge_patch.services.ports import Stored
from tests.unit.adapters.lines_samples import ACCEPTED, AT, BTC, FILLED, ORDER, SETTLED
from tests.unit.app.story import PARTIAL, STOPPED_OUT, story

D = Decimal
ROOT = Path(__file__).parents[3]


def explained(*events: Event, **more: object) -> str:
    about = tuple(
        Stored(seq=n, run_id="r-1", recorded_ms=0, event=event, link="")
        for n, event in enumerate(events, 1)
    )
    found = Material(intent_id=IntentId("i-1"), about=about, **more)  # type: ignore[arg-type]
    return explain(found).headline


def test_every_reason_has_a_remedy() -> None:
    assert [r for r in Reason if r not in REMEDIES] == [], (
        "a new reason needs its row in app/why/remedies.py: what governs it, and what"
        " would have to change"
    )


def test_every_remedy_names_settings_that_the_page_lists() -> None:
    page = (ROOT / "docs/settings.md").read_text()
    named = {name for remedy in REMEDIES.values() for name in remedy.settings}

    assert named <= {row.name for row in ROWS}
    assert [name for name in named if f"`{name}`" not in page] == []


def test_a_meaning_that_names_a_setting_names_it_as_its_remedy_does() -> None:
    """Two tables about one reason must not contradict each other."""
    names = {row.name for row in ROWS}
    for reason, remedy in REMEDIES.items():
        said = set(re.findall(r"[A-Z_]{6,}", meaning_of(reason))) & names
        assert said <= set(remedy.settings), reason


NEEDS_A_READING = [
    rule for rule in (*BOUNDS, *CHECKS) if Reason.SNAPSHOT_INCOMPLETE in reasons_of(rule)
]


@pytest.mark.parametrize("rule", NEEDS_A_READING, ids=lambda rule: rule.__name__)
def test_a_missed_reading_names_the_age_that_its_rule_asks_for(rule: Rule) -> None:
    """Raising another reading's age would change nothing."""
    seen = [*inspect.getclosurevars(rule).globals.values(), rule]
    sources = "".join(inspect.getsource(f) for f in seen if inspect.isfunction(f))
    asked = set(re.findall(r"limits\.(\w+_age_max)_ms", sources)) - {"unknown_age_max"}
    named = remedy_of(Reason.SNAPSHOT_INCOMPLETE, rule.__name__).settings

    assert named == (f"{(asked or {'snapshot_age_max'}).pop()}_sec".upper(),)
    assert not asked
    assert set(named) <= set(remedy_of(Reason.SNAPSHOT_INCOMPLETE).settings)


def test_a_halt_names_no_bound_for_it_may_be_a_persons() -> None:
    """The drawdown has a rule of its own, which names its bound."""
    assert remedy_of(Reason.TRADING_HALTED, "trading_state").settings == ()
    assert remedy_of(Reason.DRAWDOWN_EXCEEDED, "drawdown").settings == ("DRAWDOWN_MAX_PCT",)


def test_a_code_of_the_venue_is_not_ours_to_explain() -> None:
    assert remedy_of("-2019").settings == ()
    assert meaning_of("-2019") == ""


REFUSED = replace(
    ACCEPTED,
    verdict=Verdict.REJECT,
    codes=("NOTIONAL_EXCEEDED", "CONFIDENCE_BELOW_FLOOR"),
    detail="a; b",
    votes=(
        VoteRecord(rule="floor", vote="DENY", code="CONFIDENCE_BELOW_FLOOR", detail="b"),
        VoteRecord(rule="notional", vote="DENY", code="NOTIONAL_EXCEEDED", detail="a"),
    ),
)
ENDED = replace(SETTLED, status=Status.REFUSED, codes=REFUSED.codes, detail="a; b")


def test_the_headline_is_the_first_code_whichever_rule_came_first() -> None:
    assert explained(REFUSED, ENDED) == (
        "refused, NOTIONAL_EXCEEDED by notional: a, and 1 more objection"
    )


def test_what_decided_stands_first_whichever_rule_came_first() -> None:
    stored = Stored(seq=1, run_id="r-1", recorded_ms=0, event=REFUSED, link="")
    said = explain(Material(intent_id=IntentId("i-1"), about=(stored,))).said

    assert [(each.rule, each.decided) for each in said] == [
        ("notional", True),
        ("floor", False),
    ]


def test_a_refusal_without_votes_is_the_judges_own() -> None:
    bare = replace(REFUSED, votes=(), codes=("SIZE_MISSING",), detail="no size")

    assert explained(bare, replace(ENDED, codes=bare.codes, detail="no size")) == (
        "refused, SIZE_MISSING by judge: no size"
    )


@pytest.mark.parametrize(
    ("judged", "says"),
    [
        (ACCEPTED, "allowed as asked"),
        (replace(ACCEPTED, verdict=Verdict.CLAMP), "allowed, cut down by "),
        (
            replace(ACCEPTED, verdict=Verdict.CLAMP, raised=True),
            "allowed, raised to a minimum",
        ),
    ],
)
def test_what_was_allowed_says_how(judged: Judged, says: str) -> None:
    assert explained(judged, replace(SETTLED, codes=judged.codes)) == says


def test_a_refusal_by_the_venue_comes_after_the_verdict() -> None:
    refusal = OrderRefused(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        order_id=ORDER,
        code="-2019",
        message="Margin is insufficient.",
    )
    ended = replace(
        SETTLED,
        status=Status.VENUE_REFUSED,
        codes=("PASS", "-2019"),
        detail="Margin is insufficient.",
    )

    assert explained(ACCEPTED, refusal, ended) == (
        "allowed as asked; then the venue refused it: -2019 Margin is insufficient."
    )


def test_an_intent_kept_back_at_the_last_step_says_so() -> None:
    ended = replace(SETTLED, status=Status.REFUSED, codes=("PASS", "TRADING_HALTED"))

    assert explained(ACCEPTED, ended) == (
        "allowed as asked; then it ended REFUSED: TRADING_HALTED"
    )


def test_a_stop_that_was_moved_closed_nothing_itself() -> None:
    moved = replace(ACCEPTED, confidence=None, proposed_margin_usd=None)
    ended = replace(SETTLED, status=Status.RESTING, stop_price_usd=D("94000.10"))

    assert explained(moved, ended) == (
        "closed nothing itself: it rested a stop for all of it at 94000.1"
    )


def test_a_refused_reduction_says_why() -> None:
    no = replace(
        REFUSED, confidence=None, codes=("NOTHING_TO_REDUCE",), detail="flat", votes=()
    )

    assert explained(no, replace(ENDED, codes=no.codes, detail="flat")) == (
        "refused, NOTHING_TO_REDUCE: flat"
    )


def test_what_was_taken_up_and_not_judged_is_undecided() -> None:
    taken = IntentReceived(
        at_ms=AT,
        intent_id=IntentId("i-1"),
        entry_id="1-0",
        source="",
        created_ms=AT,
        payload='{"symbol": 5, "confidence": NaN}',
    )
    stored = Stored(seq=1, run_id="r-1", recorded_ms=0, event=taken, link="")
    answer = explain(Material(intent_id=IntentId("i-1"), about=(stored,)))

    assert answer.kind is Kind.UNDECIDED
    assert answer.asked is not None
    assert (answer.asked.symbol, answer.asked.confidence) == ("", None)


def test_a_position_is_followed_to_its_end_and_no_further() -> None:
    again = replace(FILLED, intent_id=IntentId("i-2"))
    out = replace(
        FILLED,
        side=Side.SELL,
        kind=FillKind.STOP,
        intent_id=IntentId("x-1"),
        realised_usd=D(-5),
    )
    fills = [FILLED, out, again, replace(out, intent_id=IntentId("x-2"))]
    held = opened_by(IntentId("i-1"), fills)
    taken = reduced_by(IntentId("x-2"), fills)

    assert held is not None
    assert [trade.intent_id for trade in held.trades] == ["x-1"]
    assert taken is not None
    assert taken.opened_by == "i-2"
    assert opened_by(IntentId("i-9"), fills) is None
    assert reduced_by(IntentId("i-1"), fills) is None


def test_the_storys_partial_close_stands_before_its_stop() -> None:
    """So that what a reduction took is not mixed with what was taken later."""
    fills = [e for e in story() if type(e).__name__ == "Filled"]
    taken = reduced_by(PARTIAL, fills)  # type: ignore[arg-type]

    assert taken is not None
    assert taken.left_base == STOPPED_OUT.quantity_base
    assert isinstance(ENDED, Settled)

"""The lines are a contract: people grep and count them (spec 1.4 and 1.6)."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters import telemetry
from bridge_patch.adapters.telemetry import Part, start_lines
from bridge_patch.domain.events import (
    BulkExpired,
    OrderEnded,
    Resolved,
    Status,
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode, Proposal
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.domain.order import ClientOrderId
from tests.unit.adapters.lines_samples import (
    ACCEPTED,
    AT,
    DRAFT,
    OTHER_EVENTS,
    SENDING,
    SETTLED,
    WARNED,
)
from tests.unit.adapters.lines_shown import lines

RESERVED = re.compile("ACCEPT|REJECT|SHADOW|LIVE")
D = Decimal


def test_a_proposal_is_shown_in_whole_dollars_and_then_as_published() -> None:
    sizer, published = lines(DRAFT)

    assert sizer == (
        "[AI-SIZER] SHADOW: BTCUSDT → $452 @ 15.5x | policy=trend_runner side=BUY conf=0.85"
        " stop_pct=2 source=example-ai intent=i-1"
    )
    assert published == (
        "[AI-ENGINE] PUBLISHED BTCUSDT BUY: mode=shadow, reason=overconfident and"
        " uncalibrated, source=example-ai intent=i-1"
    )


def test_a_live_proposal_says_so() -> None:
    sizer, published = lines(replace(DRAFT, mode=Mode.LIVE, blunder="oversized"))

    assert sizer.startswith(
        "[AI-SIZER] LIVE: BTCUSDT → $452 @ 15.5x | policy=trend_runner "
    )
    assert "planted=oversized" in published


@pytest.mark.parametrize(
    ("usd", "times", "shown"),
    [
        ("1000", "80", "$1000 @ 80x |"),
        ("63.50", "15.0", "$64 @ 15x |"),
        ("64.49", "9.90", "$64 @ 9.9x |"),
    ],
)
def test_dollars_are_whole_and_leverage_keeps_what_it_has(
    usd: str, times: str, shown: str
) -> None:
    asked = Proposal(margin=Margin(D(usd)), leverage=Leverage(D(times)))

    assert shown in lines(replace(DRAFT, proposal=asked))[0]


def test_an_accepted_verdict_is_one_line_with_what_may_be_traded() -> None:
    (line,) = lines(ACCEPTED)

    assert line == (
        "[GOVERNOR] ✅ ACCEPT BTCUSDT BUY: PASS, size_usd=451.61, leverage=15x,"
        " notional_usd=6774.15, quantity=0.065, mode=live intent=i-1"
    )


def test_a_clamped_verdict_is_accepted_and_names_the_rule_that_cut() -> None:
    (line,) = lines(
        replace(
            ACCEPTED,
            verdict=Verdict.CLAMP,
            codes=("SIZE_ABOVE_MAX",),
            binding="margin_bounds",
            proposed_margin_usd=D("12000"),
            proposed_leverage=D("10"),
            margin_usd=D("10000.00"),
            leverage=D("10"),
        )
    )

    assert line.startswith(
        "[GOVERNOR] ✅ ACCEPT BTCUSDT BUY: SIZE_ABOVE_MAX, clamped_by=margin_bounds,"
        " asked_usd=12000, asked_leverage=10x, size_usd=10000, leverage=10x,"
    )


def test_a_raised_size_is_marked_as_raised() -> None:
    clamped = replace(ACCEPTED, verdict=Verdict.CLAMP, raised=True, binding="margin_bounds")

    assert "raised_by=margin_bounds" in lines(clamped)[0]
    assert "clamped_by" not in lines(clamped)[0]


def test_a_softened_objection_is_shown() -> None:
    assert "warned=CONFIDENCE_BELOW_FLOOR" in lines(replace(ACCEPTED, votes=(WARNED,)))[0]


def test_a_refusal_begins_with_its_code() -> None:
    (line,) = lines(
        replace(
            ACCEPTED,
            verdict=Verdict.REJECT,
            codes=("NOTIONAL_EXCEEDED", "MARK_STALE"),
            detail="notional is 150000, at most 100000",
            margin_usd=None,
            leverage=None,
            quantity_base=None,
            notional_usd=None,
        )
    )

    assert line == (
        "[GOVERNOR] ❌ REJECT BTCUSDT BUY: NOTIONAL_EXCEEDED: notional is 150000, at most"
        " 100000, also=MARK_STALE, mode=live intent=i-1"
    )


def test_the_line_of_an_order_says_what_was_acted_upon_in_live() -> None:
    """15.5x was asked; the venue takes whole leverage, so 15x was acted upon."""
    live = lines(SETTLED)
    unrounded = lines(replace(SETTLED, approved_leverage=D("15.5")))

    assert live[0] == unrounded[0]
    assert live[0] == (
        "[EXEC_INTENT] BTCUSDT BUY: size_usd=500, leverage=15x, conf=0.85, governor=PASS,"
        " mode=live, status=FILLED intent=i-1"
    )
    assert live[1].startswith("[OUTCOME] BTCUSDT BUY FILLED: codes=PASS, quantity=0.07,")


def test_the_line_of_an_order_says_what_was_proposed_in_shadow() -> None:
    shadow = replace(SETTLED, mode=Mode.SHADOW, status=Status.SIMULATED)

    assert lines(shadow)[0] == (
        "[EXEC_INTENT] BTCUSDT BUY: size_usd=500, leverage=15.5x, conf=0.85, governor=PASS,"
        " mode=shadow, status=SIMULATED intent=i-1"
    )


def test_an_exact_amount_keeps_its_cents_and_loses_its_trailing_zeros() -> None:
    def said(usd: str) -> str:
        return lines(replace(SETTLED, approved_margin_usd=D(usd)))[0].split(",")[0]

    assert said("451.61") == "[EXEC_INTENT] BTCUSDT BUY: size_usd=451.61"
    assert said("500.10") == "[EXEC_INTENT] BTCUSDT BUY: size_usd=500.1"
    assert said("1E+3") == "[EXEC_INTENT] BTCUSDT BUY: size_usd=1000"


def test_neither_a_refusal_nor_a_reduction_has_an_order_line() -> None:
    refused = replace(SETTLED, verdict=Verdict.REJECT, status=Status.REFUSED)
    reduced = replace(SETTLED, action="CLOSE", approved_margin_usd=None)

    assert [line.split()[0] for line in lines(refused, reduced)] == ["[OUTCOME]"] * 2


def test_the_start_ends_with_what_is_initialized() -> None:
    both = start_lines({Part.ENGINE, Part.EXECUTION}, mode=Mode.SHADOW, fail_open=False)

    assert both == (
        "[AI-SIZER] ✅ AI Sizer Policy initialized: mode=shadow",
        "[GOVERNOR] ✅ Risk Governor initialized: mode=fail-closed",
    )
    open_ = start_lines({Part.EXECUTION}, mode=Mode.LIVE, fail_open=True, notes=["a", "b"])
    assert open_ == (
        "[START] a",
        "[START] b",
        "[GOVERNOR] ✅ Risk Governor initialized: mode=fail-open",
    )


def test_a_start_is_at_most_fifteen_lines_with_the_run() -> None:
    notes = [f"note {n} AI_SIZING_MODE=LIVE" for n in range(40)]
    told = start_lines(set(Part), mode=Mode.LIVE, fail_open=False, notes=notes)

    assert len(told) + 1 <= 15
    assert "30 more" in told[-3]
    assert not RESERVED.search("".join(told))


def test_every_line_about_an_intent_names_it_and_no_other_line_has_a_reserved_word() -> (
    None
):
    """`grep -c LIVE`, `grep GOVERNOR | grep -c ACCEPT` count decisions, nothing else."""
    about_none = (
        "[RUN]",
        "[DEAD-LETTER]",
        "[STATE]",
        "[FUNDING]",
        "[RECONCILE]",
        "[EXITS]",
    )
    told = lines(*OTHER_EVENTS)

    assert len(told) == len(OTHER_EVENTS) - 2 + 1  # two are not shown, one is two lines
    for line in told:
        assert not RESERVED.search(line), line
        named = line.endswith(" intent=i-1")
        assert named != any(mark in line for mark in about_none), line


def test_the_end_of_an_order_names_the_intent_it_was_sent_for() -> None:
    """The event knows the order only; one grep must follow the intent to here."""
    ended = next(e for e in OTHER_EVENTS if isinstance(e, OrderEnded))

    assert lines(ended) == [
        "[ORDER] BTCUSDT ended: reason=cancelled, book=account, order=bp-1"
    ]
    assert lines(SENDING, ended)[1].endswith("order=bp-1 intent=i-1")


def test_only_so_many_orders_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that runs for a year must not keep every order of it."""
    monkeypatch.setattr(telemetry, "_ORDERS_MAX", 2)
    orders = [ClientOrderId(f"bp-{n}") for n in range(3)]
    sent = [replace(SENDING, order_id=order) for order in orders]
    ended = next(e for e in OTHER_EVENTS if isinstance(e, OrderEnded))
    ends = [replace(ended, order_id=order) for order in orders]

    named = ["intent=i-1" in line for line in lines(*sent, *ends)[3:]]
    assert named == [False, True, True]


def test_an_answer_is_told_in_words_that_are_not_a_verdict() -> None:
    answered = next(e for e in OTHER_EVENTS if isinstance(e, Resolved))

    assert lines(answered) == ["[ORDER] entry rejected: order=bp-1 intent=i-1"]


def test_the_checks_of_the_deployment_page_find_their_lines() -> None:
    """Spec 1.6, on what a small run prints."""
    live_ai = replace(DRAFT, mode=Mode.LIVE, id=IntentId("i-2"))
    rejected = replace(ACCEPTED, verdict=Verdict.REJECT, intent_id=IntentId("i-2"))
    start = start_lines(set(Part), mode=Mode.SHADOW, fail_open=False, notes=["paper"])
    told = [*start, *lines(DRAFT, live_ai, ACCEPTED, rejected, SETTLED, *OTHER_EVENTS)]

    def grep(*words: str) -> int:
        return sum(all(word in line for word in words) for line in told)

    assert grep("AI Sizer") == 1
    assert grep("Risk Governor") == 1
    assert grep("SHADOW") == 1
    assert grep("GOVERNOR", "ACCEPT") == 1
    assert grep("PASS") >= 1
    assert grep("REJECT") == 1
    assert grep("EXEC_INTENT") == 2
    assert grep("BTCUSDT", "PUBLISHED") == 2
    assert grep("LIVE") == 1
    tags = {line.split("[")[1] for line in told if "GOVERNOR" in line}
    assert all(tag.startswith("GOVERNOR]") for tag in tags)
    assert all(line.count("[") == 1 for line in told)


def test_a_bulk_expiry_names_every_id() -> None:
    ids = tuple(IntentId(f"i-{n}") for n in range(100))
    told = lines(BulkExpired(at_ms=AT, intent_ids=ids, entry_ids=(), age_max_sec=60))

    assert told[0].startswith(
        "[EXPIRED] 100 entries older than 60 s intent=i-0 intent=i-1 "
    )
    assert [id_ for line in told for id_ in re.findall(r"intent=(\S+)", line)] == list(ids)

"""What was judged can be judged again from its record, and comes out the same."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.domain.events import InstrumentSeen, Judged, Verdict
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, Mode, StopDistance, Unknown
from bridge_patch.evidence.replay import Mismatch, rejudge
from bridge_patch.governor.judge import Approved
from bridge_patch.governor.limits import BelowMin, Limits
from bridge_patch.governor.record import case_from, record_of
from bridge_patch.governor.snapshot import Known
from bridge_patch.governor.verdict import stated
from bridge_patch.governor.weigh import weigh
from tests.questions import BTC_RULES, FINE, NOTHING_OPEN, SHIPPED, Question
from tests.unit.governor.cuts import CUT
from tests.unit.governor.refusals import REFUSED
from tests.wild import questions

D = Decimal


@given(question=questions, mode=st.sampled_from(Mode))
def test_a_case_read_back_gives_the_same_ruling(question: Question, mode: Mode) -> None:
    case = question.case(mode)
    instrument = question.snapshot.instrument
    listed = instrument if isinstance(instrument, Instrument) else None
    again = case_from(record_of(case), question.limits, listed)

    assert repr(again) == repr(case)
    assert repr(weigh(again)) == repr(weigh(case))


def test_a_record_with_a_why_has_no_value_and_the_other_way_round() -> None:
    known = record_of(FINE.case())
    unread = FINE.knowing(
        exposure=Unknown("no answer"), holding=Unknown("no answer"), mark=Unknown("no tick")
    )
    unknown = record_of(unread.asking(stop=Unknown("none stated")).case())

    assert (known.exposure, known.exposure_why) == (NOTHING_OPEN, "")
    assert (unknown.exposure, unknown.exposure_why) == (None, "no answer")
    assert (unknown.stop_fraction, unknown.stop_why) == (None, "none stated")
    assert (known.mark.value, known.mark.why) == (D(95_000), "")
    assert (unknown.mark.value, unknown.mark.why) == (None, "no tick")


def judged(question: Question, mode: Mode) -> Judged:
    """A verdict as the execution service journals it."""
    case = question.case(mode)
    verdict = question.verdict() if mode is Mode.LIVE else weigh(case)
    approved = verdict if isinstance(verdict, Approved) else None
    said = stated(verdict.ruling if isinstance(verdict, Approved) else verdict, approved)
    entry = question.entry
    return Judged(
        at_ms=question.now_ms,
        intent_id=IntentId("i-1"),
        symbol=entry.symbol,
        action=entry.side,
        mode=mode,
        verdict=said.verdict,
        codes=said.codes,
        detail=said.detail,
        binding=said.binding,
        raised=said.raised,
        confidence=entry.confidence.value,
        proposed_margin_usd=case.proposal.margin.usd,
        proposed_leverage=case.proposal.leverage.times,
        margin_usd=said.margin_usd,
        leverage=said.leverage,
        quantity_base=said.quantity_base,
        notional_usd=said.notional_usd,
        stop_fraction=entry.stop.fraction if isinstance(entry.stop, StopDistance) else None,
        harvest_policy=entry.policy,
        votes=said.votes,
        case=record_of(case),
        limits_hash=question.limits.digest(),
    )


SEEN = InstrumentSeen(at_ms=FINE.now_ms, instrument=BTC_RULES)


def again(event: Judged, limits: Limits = SHIPPED) -> tuple[Mismatch, ...]:
    result = rejudge([SEEN, event], limits)
    assert result.checked == 1
    return result.mismatches


def test_every_kind_of_verdict_is_judged_again_bit_for_bit() -> None:
    rows = [d(FINE) for name, d, _ in REFUSED if name != "nothing proposed"]
    rows += [cut.disturb(FINE) for cut in CUT.values()]
    rows = [q for q in rows if q.snapshot.instrument in (BTC_RULES, Unknown("timeout"))]
    for question in [FINE, *rows]:
        for mode in Mode:
            assert again(judged(question, mode), question.limits) == ()


def test_a_live_record_states_the_order_and_a_shadow_record_none() -> None:
    live, shadow = judged(FINE, Mode.LIVE), judged(FINE, Mode.SHADOW)

    assert (live.verdict, live.codes, live.binding) == (Verdict.ACCEPT, ("PASS",), "")
    assert (live.quantity_base, live.notional_usd) == (D("0.071"), D(6745))
    assert (shadow.quantity_base, shadow.notional_usd) == (None, D(6750))


def test_what_was_cut_or_raised_is_a_clamp() -> None:
    cut = judged(CUT["posted"].disturb(FINE), Mode.SHADOW)
    small = FINE.sized("49", "15").bounded(below_min=BelowMin.CLAMP)
    hundred = Known(D(100), FINE.now_ms)
    raised = judged(small.knowing(mark=hundred, index=hundred), Mode.SHADOW)

    assert (cut.verdict, cut.raised) == (Verdict.CLAMP, False)
    assert (cut.codes, cut.binding) == (
        ("PASS", "INITIAL_MARGIN_EXCEEDED"),
        "initial_margin",
    )
    assert (raised.verdict, raised.raised) == (Verdict.CLAMP, True)
    assert (raised.codes, raised.binding) == (("PASS",), "")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("verdict", Verdict.REJECT),
        ("codes", ("PASS", "SIZE_ABOVE_MAX")),
        ("detail", "something else"),
        ("binding", "margin_ceiling"),
        ("raised", True),
        ("margin_usd", D("450.01")),
        ("leverage", D(16)),
        ("quantity_base", D("0.072")),
        ("notional_usd", D("6745.01")),
        ("confidence", D("0.86")),
        ("proposed_margin_usd", D(451)),
        ("proposed_leverage", D(16)),
        ("stop_fraction", D("0.03")),
        ("action", "SELL"),
        ("limits_hash", "0" * 12),
        ("votes", ()),
    ],
)
def test_a_changed_record_is_told(field: str, value: object) -> None:
    event = judged(FINE, Mode.LIVE)
    assert again(event) == ()
    (mismatch,) = again(replace(event, **{field: value}))  # type: ignore[arg-type]

    assert [d.field for d in mismatch.differences] == [field]
    assert mismatch.differences[0].recorded == repr(value)


def test_a_changed_case_or_other_limits_are_told() -> None:
    event = judged(FINE, Mode.LIVE)
    assert event.case is not None
    poorer = replace(event.case, equity=replace(event.case.equity, value=D(100)))
    broken = replace(event.case, margin_usd=D(-1), state="ASLEEP")

    assert again(replace(event, case=poorer))
    assert [d.field for d in again(replace(event, case=broken))[0].differences] == [
        "proposed_margin_usd",
        "case",
    ]
    assert again(event, replace(SHIPPED, margin_max_usd=D(400)))
    assert rejudge([event], SHIPPED).mismatches  # the instrument was never recorded


def test_what_has_no_case_is_not_counted() -> None:
    event = replace(judged(FINE, Mode.LIVE), case=None)
    result = rejudge([SEEN, event], SHIPPED)

    assert (result.checked, result.mismatches) == (0, ())

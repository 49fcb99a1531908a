"""Incidents of the verdict: what was let through, enlarged, or kept in.

These speak of the pure Governor; what belongs to the services is said in each docstring.
"""

from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from typing import Any, get_args, get_type_hints

import pytest

from bridge_patch.app.contract.risk_governor import GovernorConfig, RiskGovernor
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import POLICIES, HarvestPolicy
from bridge_patch.domain.instrument import liquidation_price
from bridge_patch.domain.intent import (
    Confidence,
    Mode,
    RiskBudget,
    Side,
    StopDistance,
    Unknown,
)
from bridge_patch.domain.money import Price
from bridge_patch.governor.judge import Approved
from bridge_patch.governor.limits import BelowMin
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.snapshot import Known, RiskSnapshot
from bridge_patch.governor.verdict import stated
from bridge_patch.governor.votes import Case, Deny, Vote
from bridge_patch.governor.weigh import weigh
from tests.questions import BTC_RULES, FINE, NOW, permitted, proposal, reasons
from tests.unit.governor.cuts import CUT
from tests.unit.governor.refusals import REFUSED

D = Decimal
RULES = (*BOUNDS, *CHECKS)
GOOD: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "action": "BUY",
    "confidence": 0.9,
    "position_size_usd": 500.0,
    "leverage": 10.0,
}
#: Rows in which the entry is laid out for the rules at all.
ROWS = {n: d for n, d, _ in REFUSED if n not in {"nothing proposed", "another's rules"}}


def may_be_unknown(name: str) -> bool:
    return Unknown in get_args(get_type_hints(RiskSnapshot)[name])


def approved(verdict: Approved | Refused) -> Approved:
    assert isinstance(verdict, Approved), verdict
    return verdict


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("policy", POLICIES.values(), ids=lambda p: p.mode)
@pytest.mark.parametrize("factor", ["0.25", "0.5", "1", "2"])
def test_liquidation_lies_beyond_stop_and_trail(
    side: Side, policy: HarvestPolicy, factor: str
) -> None:
    """M-10: leverage rose with confidence alone up to 80x; liquidation lay 0.9 % away while
    the trailing stop was set at 2 %.

    Whatever leverage is asked for, the order that results is liquidated at least three hard
    stops away. The hard stop always stands and a trail only ever replaces it by a nearer
    one (tests/laws/test_harvesting.py), so the nearer of the two is what protects.
    """
    stop = D("0.02") * D(factor)
    question = FINE.sized("60", "80").asking(
        side=side, policy=policy, stop=StopDistance(stop), confidence=Confidence(D(1))
    )
    question = question.knowing(volatility=Known(D(factor) / 2, NOW))
    question = question.bounded(leverage_min=D(1))
    verdict = approved(question.verdict())
    entry = Price(D(95_000))
    level = liquidation_price(
        BTC_RULES,
        side=side,
        quantity=verdict.quantity,
        entry=entry,
        margin_usd=verdict.notional.usd / verdict.leverage,
    )
    distance = (entry.usd - level).copy_abs() / entry.usd
    protects = min(stop, policy.trail_pct / 100)

    assert verdict.leverage < 80
    assert distance >= question.limits.liquidation_stops_min * stop
    assert distance > protects + question.limits.round_trip_fraction


@pytest.mark.parametrize("name", ["position_size_usd", "leverage"])
def test_missing_zero_negative_or_non_finite_size_is_refused(name: str) -> None:
    """M-20: missing or zero size became $1,000 at 10x, negative size $50, NaN size and
    leverage were approved, infinity became the largest order allowed.

    On the bus such a message is set aside before it is judged (tests/wire).
    """
    governor = RiskGovernor(GovernorConfig())
    bad = [None, 0, -500, float("nan"), float("inf")]
    codes = []
    for value in bad:
        said, reason, meta = governor.evaluate(**{**GOOD, name: value})
        assert not said
        assert meta["clamped_size_usd"] == meta["notional_usd"] == 0.0
        codes.append(reason.partition(":")[0])

    assert len(set(codes)) == len(bad)
    assert governor.evaluate(**GOOD)[0]
    missing = FINE.asking(proposal=Unknown("no margin stated"))
    assert reasons(missing.verdict()) == ["SIZE_MISSING"]


@pytest.mark.parametrize("asked", [("1", "1"), ("49.99", "5"), ("50", "4.9")])
def test_governor_never_raises_size_or_leverage(asked: tuple[str, str]) -> None:
    """M-21: two-sided clamps raised risk: $1 at 1x became $50 at 5x.

    `GOVERNOR_BELOW_MIN=clamp` brings that back for those who ask for it, and says `raised`.
    """
    small = FINE.sized(*asked)
    for mode in Mode:
        assert isinstance(small.ruling(mode), Refused)
        assert permitted(FINE.ruling(mode)).proposal == proposal("450", "15")
    said = RiskGovernor(GovernorConfig()).evaluate(
        **{**GOOD, "position_size_usd": float(asked[0]), "leverage": float(asked[1])}
    )

    assert not said[0]
    assert small.bounded(below_min=BelowMin.CLAMP).ruling().raised


#: Every reading that may be missing, and what is always there.
READINGS = [f.name for f in fields(RiskSnapshot) if may_be_unknown(f.name)]
GIVEN = {"taken_ms", "state", "filters_ms", "journal_has_room", "venues"}


@pytest.mark.parametrize("name", READINGS)
def test_missing_snapshot_field_refuses(name: str) -> None:
    """M-22: checks were skipped when their input was missing: no account, no price, no
    balance each meant no limit; an order of about $153 million went through.

    That a reading which failed arrives as Unknown is the services' part.
    """
    assert {f.name for f in fields(RiskSnapshot)} - {*READINGS} == GIVEN
    assert isinstance(FINE.verdict(), Approved)
    assert isinstance(FINE.knowing(**{name: Unknown("timeout")}).verdict(), Refused)
    limits = {"margin_max_usd": D(10**9), "order_notional_max_equity_multiple": D(10**9)}
    huge = FINE.bounded(**limits).sized("10200000", "15")
    assert "NOTIONAL_EXCEEDED" in reasons(huge.verdict())


@pytest.mark.parametrize("index", range(len(RULES)), ids=[r.__name__ for r in RULES])
def test_rule_that_raises_refuses(index: int) -> None:
    """M-23: a check that raised counted as passed: an entry veto returned True, a sizing
    hook the full stake, a validator allowed the trade on any exception."""

    def raises(_: Case) -> Vote:
        raise ConnectionError("no answer")

    raises.__name__ = RULES[index].__name__
    rules = [*RULES]
    assert isinstance(weigh(FINE.case(), rules[:4], rules[4:]), Permitted)
    rules[index] = raises
    ruling = weigh(FINE.case(), rules[:4], rules[4:])

    assert reasons(ruling) == ["RULE_FAILED"]
    assert stated(ruling, None).detail == f"{raises.__name__}: ConnectionError: no answer"


def test_confidence_floor_is_code_and_rejects_nan_and_fallbacks() -> None:
    """M-25: a NaN confidence passed a 0.75 floor and 7.0 was accepted; another project has
    its floor only in the prompt; a producer lifted 0.456 to 0.72 to pass the floor.

    The Governor compares what it is given and lifts nothing. That a stand-in for a model
    is marked, and opens nothing live, is the engine's part.
    """
    for bad in ("NaN", "Infinity", "-0.1", "1.01", "7"):
        with pytest.raises(InvalidValueError):
            Confidence(D(bad))
    governor = RiskGovernor(GovernorConfig(min_confidence=0.75))
    for value in (float("nan"), 7.0, -0.1, None, 0.0, "0.9", True, 0.7499):
        assert not governor.evaluate(**{**GOOD, "confidence": value})[0]
    assert governor.evaluate(**{**GOOD, "confidence": 0.75})[0]

    floor = FINE.bounded(confidence_min=D("0.75"))
    lifted = floor.asking(confidence=Confidence(D("0.456")))
    assert reasons(lifted.verdict()) == ["CONFIDENCE_BELOW_FLOOR"]
    assert isinstance(floor.asking(confidence=Confidence(D("0.75"))).verdict(), Approved)


def test_fail_open_softens_two_rules_and_hides_nothing() -> None:
    """M-26: a fail-open switch let trades below the floor and over budget through, while
    the audit list stated the opposite relation.

    That every screen of a live run says fail-open is on is the start-up lines' part.
    """
    softened = set()
    for name, disturb in ROWS.items():
        closed, opened = disturb(FINE), disturb(FINE).bounded(fail_open=True)
        assert isinstance(closed.ruling(), Refused), name
        ruling = opened.ruling()
        if isinstance(ruling, Permitted):
            (warning,) = ruling.warnings
            record = stated(ruling, None)
            (vote,) = [v for v in record.votes if v.rule == warning.rule]
            softened.add(warning.reason)
            assert (vote.vote, vote.code) == ("WARN", warning.reason)
            assert record.codes == ("PASS", warning.reason)

    assert softened == {"CONFIDENCE_BELOW_FLOOR", "EXCEEDS_RISK_BUDGET"}


def test_risk_budget_bounds_the_loss_at_the_stop() -> None:
    """M-27: a risk budget of 0 or NaN was ignored because it was tested for truth, the
    budget was compared with position size instead of the loss at the stop, and a $30 order
    was refused against a $30 budget after being raised to $50.

    450 x 15 loses 2 % at the stop and 0.2 % in costs: 148.50.
    """
    for budget, verdict in (("148.50", Approved), ("148.49", Refused), ("0", Refused)):
        asked = FINE.asking(risk_budget=RiskBudget(D(budget)))
        assert isinstance(asked.verdict(), verdict), budget
    unlimited = FINE.asking(risk_budget=RiskBudget(D(0))).bounded(fail_open=True)
    assert reasons(unlimited.verdict()) == ["EXCEEDS_RISK_BUDGET"]
    with pytest.raises(InvalidValueError):
        RiskBudget(D("NaN"))

    governor = RiskGovernor(GovernorConfig(min_order_usd=30))
    for value in (0, 0.0, float("nan"), float("inf"), -1, 29.99, False):
        assert not governor.evaluate(
            **{**GOOD, "position_size_usd": 30}, risk_budget_usd=value
        )[0]
    assert governor.evaluate(**{**GOOD, "position_size_usd": 30}, risk_budget_usd=30)[0]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_rule_can_fire(rule: Callable[[Case], Vote]) -> None:
    """M-28: a "reward at least three times risk" rule computed a ratio that was always 4
    and could never refuse.

    The two maxima and the bracket only ever cut, as the contract says: for these there is
    an input that they alone cut.
    """
    cuts_only = {"margin_ceiling", "leverage_ceiling", "bracket_ceiling"}
    refusing = [
        {cast.rule for cast in disturb(FINE).ruling().votes if isinstance(cast.vote, Deny)}
        for disturb in ROWS.values()
    ]
    cutting = [
        {f.rule for f in permitted(cut.disturb(FINE).ruling()).binding}
        for cut in CUT.values()
    ]

    assert {rule.__name__} in (cutting if rule.__name__ in cuts_only else refusing)
    assert isinstance(FINE.verdict(), Approved)

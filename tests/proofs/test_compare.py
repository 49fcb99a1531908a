"""Two sets of limits: a case that only the second permits, or a proof of none."""

from dataclasses import fields, replace
from decimal import Decimal
from time import monotonic

import pytest

from bridge_patch.adapters.prover.cases import reads
from bridge_patch.adapters.prover.compare import OutOfTime, Proved, Witness, compare
from bridge_patch.adapters.prover.outside import OUTSIDE
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.ruling import Permitted, Refused
from bridge_patch.governor.weigh import weigh
from tests.questions import SHIPPED

D = Decimal
TIGHT = replace(SHIPPED, daily_loss_max_pct=D(3))


@pytest.mark.parametrize(
    ("tighter", "rules"),
    [
        (SHIPPED, ()),
        (TIGHT, ("daily_loss",)),
        (
            replace(SHIPPED, notional_max_usd=D(50_000)),
            ("notional_ceiling", "total_notional"),
        ),
    ],
)
def test_tighter_limits_are_proved_to_accept_nothing_more(
    tighter: object, rules: tuple[str, ...]
) -> None:
    assert compare(SHIPPED, tighter) == Proved(rules=rules)  # type: ignore[arg-type]


def test_looser_limits_have_a_case_that_the_shipped_judge_confirms() -> None:
    found = compare(TIGHT, SHIPPED)

    assert isinstance(found, Witness)
    assert isinstance(found.under_a, Refused)
    assert [f.rule for f in found.under_a.findings] == ["daily_loss"]
    assert weigh(found.case) == found.under_b
    assert found.case.limits is SHIPPED


def test_a_smaller_maximum_can_accept_more() -> None:
    """By the contract: what it cuts comes under the bound on the order's own notional."""
    found = compare(SHIPPED, replace(SHIPPED, margin_max_usd=D(5000)))

    assert isinstance(found, Witness)
    assert isinstance(found.under_a, Refused)


def test_every_limit_is_read_by_a_rule_or_compared_otherwise() -> None:
    """What neither did would be proved to change nothing, whatever it does."""
    read = frozenset[str]().union(*(reads(rule) for rule in (*BOUNDS, *CHECKS)))
    unread = {f.name for f in fields(Limits) if f"limits.{f.name}" not in read}

    assert unread - {"_digest"} == set(OUTSIDE)


def test_a_shorter_pause_after_a_shock_is_no_tighter() -> None:
    """It is applied in the snapshot, and let in what the longer one refused."""
    longer = replace(SHIPPED, shock_pause_ms=1_800_000)
    found = compare(longer, SHIPPED)

    assert isinstance(found, Witness)
    assert isinstance(found.under_a, Refused)
    assert [f.reason for f in found.under_a.findings] == ["PRICE_SHOCKED"]
    assert isinstance(weigh(found.case), Permitted)
    assert compare(SHIPPED, longer) == Proved(rules=())


def test_a_shorter_pause_is_never_proved_tighter_by_what_else_is() -> None:
    tight = replace(TIGHT, shock_pause_ms=0)

    assert isinstance(compare(SHIPPED, tight), Witness)


@pytest.mark.parametrize("seconds", [0, 1])
def test_a_comparison_ends_in_its_time_and_then_proves_nothing(seconds: float) -> None:
    dear, told, began = replace(SHIPPED, taker_fee_pct=D("0.06")), list[str](), monotonic()
    found = compare(SHIPPED, dear, within_sec=seconds, tell=told.append)

    assert found == OutOfTime(after_sec=seconds)
    assert monotonic() - began < 30
    assert all("rule" in text or "looking" in text for text in told)
    assert compare(SHIPPED, TIGHT) == Proved(rules=("daily_loss",))

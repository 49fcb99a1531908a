"""Two sets of limits: a case that only the second permits, or a proof of none."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.prover.compare import Proved, Witness, compare
from bridge_patch.governor.ruling import Refused
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

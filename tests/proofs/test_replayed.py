"""A few rules of every kind; `make proofs` replays every path of every rule."""

import pytest

from bridge_patch.adapters.prover.proof import Status
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.votes import Rule
from tests.proofs.replayed import replayed

KINDS = {
    *("bracket_ceiling", "quantity_filters", "funding_bearable", "no_unknown_order"),
    *("same_limits", "symbol_allowed", "one_venue", "confidence_floor", "total_notional"),
}
SOME = [rule for rule in (*BOUNDS, *CHECKS) if rule.__name__ in KINDS]


@pytest.mark.parametrize("rule", SOME, ids=lambda rule: rule.__name__)
def test_a_path_is_one_that_real_decimals_take(rule: Rule) -> None:
    proof = replayed(rule)

    assert proof.status is Status.PROVED, proof.example
    assert proof.paths > 1

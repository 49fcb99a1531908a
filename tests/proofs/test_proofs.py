"""The quick theorems; `make proofs` proves them all and takes a few minutes."""

import pytest

from bridge_patch.adapters.prover.proof import Status
from tests.proofs.theorems import THEOREMS, Theorem

LONG = {"two_checks"}
QUICK = [theorem for theorem in THEOREMS.values() if theorem.quick]


@pytest.mark.parametrize("theorem", QUICK, ids=lambda theorem: theorem.name)
def test_a_theorem_holds(theorem: Theorem) -> None:
    failed = {
        label: proof
        for label, prove in theorem.instances()
        if label not in LONG and (proof := prove()).status is not Status.PROVED
    }

    assert failed == {}, "\n".join(f"{k}\n{p.example}" for k, p in failed.items())

"""A planted fault turns a theorem red, with an example that can be read."""

import importlib
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import pytest

from bridge_patch.adapters.prover.proof import Proof, Run, Status, prove
from tests.proofs import judging, rules
from tests.proofs.promises import PROMISES

GOVERNOR = "bridge_patch.governor"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A line of a shipped module, what it is made, and the rule and theorem that suffer."""

    module: str
    line: str
    made: str
    rule: str
    theorem: Callable[..., Run]
    shows: str


def promised(rule: Any) -> Run:
    return rules.keeps(rule, PROMISES[rule.__name__])


FAULTS = {
    "a comparator flipped": Fault(
        module="rules.order",
        line="    if asked <= most:\n        return ALLOW\n    return CapMargin",
        made="    if asked >= most:\n        return ALLOW\n    return CapMargin",
        rule="margin_ceiling",
        theorem=promised,
        shows="vote: Allow()",
    ),
    "the bound itself refused": Fault(
        module="rules.order",
        line="    if margin >= least:",
        made="    if margin > 0:",
        rule="margin_floor",
        theorem=promised,
        shows="limits.margin_min_usd",
    ),
    "a cost forgotten": Fault(
        module="rules.room",
        line="        case.stop.fraction + case.limits.round_trip_fraction\n",
        made="        case.stop.fraction\n",
        rule="risk_per_trade",
        theorem=promised,
        shows="limits.taker_fee_pct",
    ),
    "a reading from the future": Fault(
        module="measures",
        line="    if not 0 <= age_ms <= age_max_ms:",
        made="    if not age_ms <= age_max_ms:",
        rule="daily_loss",
        theorem=promised,
        shows="snapshot.day_loss_pct.at_ms",
    ),
    "a cap above the room": Fault(
        module="measures",
        line="    return CapMargin(fits, reason, f",
        made="    return CapMargin(fits + least, reason, f",
        rule="total_notional",
        theorem=rules.settles,
        shows="again:",
    ),
    "a cap that enlarges": Fault(
        module="measures",
        line="    return CapMargin(fits, reason, f",
        made="    return CapMargin(margin + fits, reason, f",
        rule="initial_margin",
        theorem=rules.caps,
        shows="vote: CapMargin(",
    ),
    "the wrong side": Fault(
        module="rules.room",
        line="open_.long_usd if buys else open_.short_usd",
        made="open_.short_usd if buys else open_.long_usd",
        rule="side_notional",
        theorem=promised,
        shows="side = BUY",
    ),
    "a rule that never objects": Fault(
        module="rules.account",
        line="    if holding.quantity_base == 0:",
        made="    if holding.quantity_base == holding.quantity_base:",
        rule="position_flat",
        theorem=promised,
        shows="snapshot.holding",
    ),
}


@contextmanager
def planted(module: str, line: str, made: str) -> Iterator[ModuleType]:
    """The shipped modules of the rules, with one line of one of them changed."""
    name = f"{GOVERNOR}.{module}"
    source = inspect.getsource(importlib.import_module(name))
    assert source.count(line) == 1, f"{name} has no single {line!r}"
    again = [n for n in sys.modules if n == name or n.startswith(f"{GOVERNOR}.rules")]
    kept = {n: sys.modules.pop(n) for n in again}
    try:
        changed = ModuleType(name)
        sys.modules[name] = changed
        exec(compile(source.replace(line, made), name, "exec"), changed.__dict__)  # noqa: S102
        yield importlib.import_module(f"{GOVERNOR}.rules")
    finally:
        for n in [n for n in sys.modules if n.startswith(f"{GOVERNOR}.rules")]:
            del sys.modules[n]
        sys.modules.update(kept)
        for n, module_ in kept.items():
            parent, _, leaf = n.rpartition(".")
            setattr(sys.modules[parent], leaf, module_)


def proof_of(fault: Fault) -> Proof:
    with planted(fault.module, fault.line, fault.made) as found:
        every = (*found.BOUNDS, *found.CHECKS)
        rule = next(rule for rule in every if rule.__name__ == fault.rule)
        return prove(fault.theorem(rule))


@pytest.mark.parametrize("fault", FAULTS.values(), ids=[*FAULTS])
def test_a_planted_fault_is_refuted_by_an_example(fault: Fault) -> None:
    proof = proof_of(fault)

    assert proof.status is Status.REFUTED
    assert fault.shows in proof.example


JUDGES = {
    "the largest cap wins": (
        "            margin = min(margin, vote.at_usd)",
        "            margin = max(margin, vote.at_usd)",
        judging.no_larger(1, 1),
    ),
    "a cut that is not asked again": (
        "        unseen = bounds if final is bounded else (*bounds, *checks)",
        "        unseen = ()",
        judging.inside(1, 1),
    ),
    "rounded up": (
        "    margin, leverage = floor_to(margin, CENT), floor_to(",
        "    margin, leverage = floor_to(margin, CENT) + CENT, floor_to(",
        judging.no_larger(1, 1),
    ),
    "an objection overlooked": (
        "    if findings:\n",
        "    if len(findings) > 1:\n",
        judging.total(1, 1),
    ),
    "raised without being asked": (
        "    if case.limits.below_min is not BelowMin.CLAMP:",
        "    if case.limits.below_min is BelowMin.CLAMP:",
        judging.no_larger(1, 1),
    ),
}


@pytest.mark.parametrize(("line", "made", "run"), JUDGES.values(), ids=[*JUDGES])
def test_a_fault_in_the_judge_is_refuted(
    line: str, made: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = inspect.getsource(importlib.import_module(f"{GOVERNOR}.weigh"))
    assert source.count(line) == 1, f"weigh has no single {line!r}"
    changed = ModuleType(f"{GOVERNOR}.planted")
    monkeypatch.setitem(sys.modules, changed.__name__, changed)
    exec(compile(source.replace(line, made), "weigh", "exec"), changed.__dict__)  # noqa: S102
    monkeypatch.setattr(judging, "weigh", changed.weigh)

    assert prove(run).status is Status.REFUTED

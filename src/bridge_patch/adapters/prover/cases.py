"""Cases of symbols, and how the votes of two cases stand to each other."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import MappingProxyType
from typing import Any, Final

import z3

from bridge_patch.adapters.prover.explorer import Explorer, abandon
from bridge_patch.adapters.prover.flags import SymBool, truth
from bridge_patch.adapters.prover.records import record, varied
from bridge_patch.adapters.prover.symbols import Sym, SymInt
from bridge_patch.adapters.prover.texts import SymText
from bridge_patch.domain.intent import Proposal, Unknown
from bridge_patch.domain.money import CENT, Leverage, Margin, floor_to
from bridge_patch.governor.votes import (
    Allow,
    CapLeverage,
    CapMargin,
    Case,
    Deny,
    Rule,
    Vote,
    Warn,
)

#: No objection: a warning is one that a person softened.
PASSES: Final = (Allow, Warn)
CAPS: Final = (CapMargin, CapLeverage)


def given(holds: object) -> None:
    """Go on only where this holds."""
    if not holds:
        abandon()


def whole(holds: object) -> SymBool:
    """Take a statement as a term, so that it can be joined to others without a branch."""
    return SymBool(truth(holds))


def symbol(name: str) -> Any:
    """Return a number of which nothing is known."""
    return Sym(z3.Real(name))


def margin(case: Case) -> Any:
    """Return the proposal's margin in USD."""
    return case.proposal.margin.usd


def leverage(case: Case) -> Any:
    """Return the proposal's leverage."""
    return case.proposal.leverage.times


def sized(case: Case, margin_usd: Any, times: Any) -> Case:
    """Return the same case with another proposal; one of nothing is none."""
    given(whole(margin_usd > 0) & (times > 0))
    proposal = record(
        Proposal,
        given={
            "margin": record(Margin, given={"usd": margin_usd}),
            "leverage": record(Leverage, given={"times": times}),
        },
    )
    return varied(case, {"proposal": proposal})


def cut_by(case: Case, cap: CapMargin | CapLeverage) -> Case:
    """Return the case under a cap, rounded down as the judge rounds."""
    if isinstance(cap, CapMargin):
        return sized(case, floor_to(cap.at_usd, CENT), leverage(case))
    return sized(case, margin(case), floor_to(cap.at_times, case.leverage_quantum))


def _whole_leverage(case: Case) -> SymBool:
    return whole(leverage(case) >= 1)


def _equity_left(case: Case) -> SymBool | bool:
    equity = case.snapshot.equity
    return isinstance(equity, Unknown) or whole(equity.value > 0)


#: What is asked of a case besides what its classes refuse, and why that loses nothing.
HYPOTHESES: Final = MappingProxyType[str, tuple[Callable[[Case], Any], str]](
    {
        "liquidation_clearance": (
            _whole_leverage,
            (
                "a leverage is at least 1, as on the wire: below that a long cannot be "
                "liquidated, and a higher tier would allow more"
            ),
        ),
        "net_notional": (
            _equity_left,
            "equity is above zero where it is known: otherwise `equity_multiple` refuses",
        ),
    }
)


def any_case(rule: Rule) -> Case:
    """Return any case that the classes themselves allow, and the rule's own hypothesis."""
    case = record(Case)
    if rule.__name__ in HYPOTHESES:
        given(HYPOTHESES[rule.__name__][0](case))
    return case


@cache
def leaves(rule: Rule) -> frozenset[str]:
    """Return what a rule reads of a case, limits apart: numbers, flags, alternatives."""
    found: set[str] = set()
    for path in Explorer().paths(lambda: rule(any_case(rule))):
        for name, value in path.touched.items():
            atom = isinstance(value, Sym | SymInt | SymBool | SymText)
            if (name in path.shape or atom) and not name.startswith("limits."):
                found.add(name)
    return frozenset(found)


@cache
def reads(rule: Rule) -> frozenset[str]:
    """Return the fields a rule looks at, on any path."""
    found: set[str] = set()
    for path in Explorer().paths(lambda: rule(record(Case))):
        found.update(path.touched)
    return frozenset(found)


def stricter(vote: Vote, than: Vote) -> SymBool | bool:
    """Tell whether a vote is at least as strict: a cap is, the lower the more, and a no."""
    if isinstance(vote, Deny) or isinstance(than, PASSES):
        return True
    if isinstance(vote, CapMargin) and isinstance(than, CapMargin):
        return vote.at_usd <= than.at_usd
    if isinstance(vote, CapLeverage) and isinstance(than, CapLeverage):
        return vote.at_times <= than.at_times
    return False


def steady(vote: Vote, before: Vote) -> SymBool | bool:
    """Tell whether a vote is the one before, number and all, or a no."""
    if isinstance(vote, CapMargin) and isinstance(before, CapMargin):
        return vote.at_usd == before.at_usd
    if isinstance(vote, CapLeverage) and isinstance(before, CapLeverage):
        return vote.at_times == before.at_times
    return isinstance(vote, Deny) or (isinstance(vote, Allow) and isinstance(before, Allow))

"""Every theorem, by name: what it says, and the instances it is checked on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from time import monotonic
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.prover.cases import reads
from bridge_patch.adapters.prover.proof import Proof, Run, Status, prove
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.votes import Rule
from tests.proofs import judging, orders, rules
from tests.proofs.alone import alone, told
from tests.proofs.exceptions import EXCEPTIONS
from tests.proofs.promises import PROMISES
from tests.proofs.replayed import replayed
from tests.proofs.worse import DIRECTIONS, Direction

RULES: Final = (*BOUNDS, *CHECKS)
Check = Callable[[], Proof]
Instances = Callable[[], Iterator[tuple[str, Check]]]


@final
@dataclass(frozen=True, kw_only=True)
class Theorem:
    """A promise of the Governor; `quick` ones are part of `make test`."""

    name: str
    says: str
    instances: Instances
    quick: bool


def each(chosen: Callable[[], tuple[Rule, ...]], about: Callable[[Rule], Run]) -> Instances:
    """One instance per rule."""

    def instances() -> Iterator[tuple[str, Check]]:
        for rule in chosen():
            yield rule.__name__, partial(prove, about(rule))

    return instances


def one(run: Run) -> Instances:
    """A single instance."""
    return lambda: iter([("", partial(prove, run))])


def several(**runs: Run) -> Instances:
    return lambda: iter([(name, partial(prove, run)) for name, run in runs.items()])


def cutting() -> tuple[Rule, ...]:
    return tuple(rules.cutting(RULES))


def directed(
    chosen: tuple[Rule, ...], about: Callable[[Rule, Callable[..., object]], Run]
) -> Instances:
    """One instance per rule and direction of a field it reads, the exceptions apart."""

    def instances() -> Iterator[tuple[str, Check]]:
        for rule, way in directions_of(chosen):
            if (rule.__name__, way.name) not in EXCEPTIONS:
                yield (
                    f"{rule.__name__}, {way.name}",
                    partial(prove, about(rule, way.worsen)),
                )

    return instances


def directions_of(chosen: tuple[Rule, ...]) -> Iterator[tuple[Rule, Direction]]:
    for rule in chosen:
        for way in DIRECTIONS:
            if way.reads in reads(rule):
                yield rule, way


def searched() -> Iterator[tuple[str, Check]]:
    """One instance per rule, decided by an example that is judged for real."""
    for rule in RULES:
        yield rule.__name__, partial(_found, rule)


def _found(rule: Rule) -> Proof:
    began, found = monotonic(), alone(rule)
    return Proof(
        status=Status.PROVED if found else Status.UNDECIDED,
        paths=1,
        seconds=monotonic() - began,
        example=told(found) if found else "no case was found",
    )


_ROWS: Final = (
    Theorem(
        name="replayed",
        says="The prover is right about the rules: for every path of every rule a real "
        "case is built, and the rule answers it as it was said to.",
        instances=lambda: iter((r.__name__, partial(replayed, r)) for r in RULES),
        quick=False,
    ),
    Theorem(
        name="answers",
        says="Every rule answers every case with a vote; nothing raises. No bound warns, "
        "and no check caps the leverage.",
        instances=each(lambda: RULES, rules.answers),
        quick=False,
    ),
    Theorem(
        name="promise",
        says="What a rule allows is inside the bound it stands for, stated independently; "
        "a warning is given only under fail-open.",
        instances=each(lambda: RULES, lambda r: rules.keeps(r, PROMISES[r.__name__])),
        quick=True,
    ),
    Theorem(
        name="caps",
        says="A cap is above zero and below what was asked.",
        instances=each(cutting, rules.caps),
        quick=True,
    ),
    Theorem(
        name="settles",
        says="Anywhere under its own cap a rule has no objection left.",
        instances=each(cutting, rules.settles),
        quick=False,
    ),
    Theorem(
        name="falls",
        says="What a bound allows it allows at less margin and less leverage too.",
        instances=each(lambda: BOUNDS, rules.falls),
        quick=True,
    ),
    Theorem(
        name="between",
        says="A check that allows a small margin and does not refuse a larger one allows "
        "every margin between them, under the cap it set.",
        instances=each(lambda: CHECKS, rules.between),
        quick=False,
    ),
    Theorem(
        name="monotone",
        says="Tighter limits, more exposure, more loss, less equity, older or missing data "
        "make no check more lenient.",
        instances=directed(CHECKS, rules.monotone),  # type: ignore[arg-type]
        quick=False,
    ),
    Theorem(
        name="steady",
        says="A bound in a worse world cuts exactly as before, or refuses, but for what "
        "cuts by design before the notional is compared (listed below).",
        instances=directed(BOUNDS, rules.keeps_steady),  # type: ignore[arg-type]
        quick=False,
    ),
    Theorem(
        name="alone",
        says="Each rule can fire alone and is needed: a case that it alone refuses or "
        "cuts, judged with real Decimals, and permitted larger without it.",
        instances=searched,
        quick=False,
    ),
    Theorem(
        name="total",
        says="Whatever the rules answer, raise or return that is no vote: the judge rules, "
        "and refuses wherever one objected or failed.",
        instances=one(judging.total(1, 1)),
        quick=False,
    ),
    Theorem(
        name="inside",
        says="What is permitted every rule allows as it stands, after all cuts and "
        "roundings, with and without the clamp option.",
        instances=several(one_check=judging.inside(1, 1), two_checks=judging.inside(1, 2)),
        quick=False,
    ),
    Theorem(
        name="no larger",
        says="What is permitted is no larger than the proposal in margin, leverage and "
        "notional, whatever caps the rules name.",
        instances=several(
            one_check=judging.no_larger(1, 1),
            two_checks=judging.no_larger(1, 2),
            notional=judging.less_notional,
        ),
        quick=True,
    ),
    Theorem(
        name="worse",
        says="Where checks are at least as strict and bounds steady, what was refused "
        "stays refused and what is permitted is no larger.",
        instances=several(
            one_check=judging.worse_is_no_more(1),
            in_shadow=judging.worse_is_no_more(1, "0.1"),
            two_checks=judging.worse_is_no_more(2),
        ),
        quick=False,
    ),
    Theorem(
        name="order",
        says="The order of the rules changes neither the answer, nor the proposal, nor who "
        "objected.",
        instances=several(
            bounds=judging.in_any_order(2, 1), checks=judging.in_any_order(1, 2)
        ),
        quick=False,
    ),
    Theorem(
        name="clamp",
        says="With GOVERNOR_BELOW_MIN=clamp what is permitted is at most the proposal or "
        "the minimum, whichever is more, and says `raised` if and only if it was.",
        instances=one(judging.clamped(1, 1)),
        quick=False,
    ),
    Theorem(
        name="rounding",
        says="The laws used of a rounding follow from its being the largest whole multiple "
        "of its quantum.",
        instances=one(orders.rounding),
        quick=True,
    ),
    Theorem(
        name="cut down",
        says="`floor_to` never raises a value and takes less than one quantum away.",
        instances=one(orders.cut_down),
        quick=True,
    ),
    Theorem(
        name="ordered",
        says="The quantity ordered is worth at most margin x leverage, lies in the venue's "
        "range, and carries the stop that was judged.",
        instances=one(orders.ordered),
        quick=True,
    ),
    Theorem(
        name="approved",
        says="`judge` approves the entry it was asked about: its id, symbol, side and "
        "stop, at no more than was permitted.",
        instances=one(orders.approved),
        quick=True,
    ),
    Theorem(
        name="reduced",
        says="A reduction is on the other side of the position, or of what may be open, at "
        "most as large, and leaves less of it: it never opens, enlarges or flips.",
        instances=one(orders.reduced),
        quick=True,
    ),
    Theorem(
        name="never barred",
        says="A reduction is refused only where nothing can be open, the position cannot "
        "be read or is another one, or the side would enlarge it; and a stop, where nobody "
        "knows whether anything is open.",
        instances=one(orders.never_barred),
        quick=True,
    ),
)
THEOREMS: Final[Mapping[str, Theorem]] = MappingProxyType({t.name: t for t in _ROWS})

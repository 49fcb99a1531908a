"""Theorems about what leaves: rounding, the order of an approval, and reductions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import z3

from bridge_patch.adapters.prover.cases import given, leverage, margin, symbol, whole
from bridge_patch.adapters.prover.explorer import current
from bridge_patch.adapters.prover.flags import SymBool
from bridge_patch.adapters.prover.proof import Claimed
from bridge_patch.adapters.prover.records import record
from bridge_patch.adapters.prover.symbols import term_of
from bridge_patch.adapters.prover.terms import rounding_laws
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Entry, LiveIntent, Proposal, ReduceIntent, Unknown
from bridge_patch.domain.money import floor_to
from bridge_patch.domain.position import MayBeOpen, Position
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge, judge_reduction
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules.order import quantity_filters
from bridge_patch.governor.ruling import Permitted, Refused, Ruling
from bridge_patch.governor.snapshot import RiskSnapshot
from bridge_patch.governor.terms import terms_of
from bridge_patch.governor.votes import Allow, Case

_OPEN, _MAY_BE_OPEN = 2, 3


def rounding() -> Claimed:
    """The laws assumed of a rounding follow from its being the largest whole multiple."""
    times, other = z3.Int("times"), z3.Int("other")
    value, floor, multiple = z3.Real("value"), z3.ToReal(times), z3.ToReal(other)
    largest = z3.And(floor <= value, value < floor + 1)
    laws = [
        *rounding_laws(value, z3.RealVal(1), floor, multiple),
        z3.Or(floor == 0, floor >= 1, floor <= -1),
    ]
    return Claimed(
        claim=SymBool(z3.Implies(largest, z3.And(*laws))),
        opens=SymBool(largest),
        bites=SymBool(z3.Not(z3.And(*laws))),
    )


def cut_down() -> Claimed:
    """`floor_to` never raises a value, and takes less than a quantum away."""
    value, quantum = symbol("value"), symbol("quantum")
    given((value >= 0) & (quantum > 0))
    after = floor_to(value, quantum)
    return Claimed(
        claim=whole(after <= value) & (after > value - quantum) & (after >= 0),
        bites=after < value,
    )


def ordered() -> Claimed:
    """The order is at most what was permitted, and in the venue's range and steps."""
    case = record(Case)
    given(leverage(case) >= 1)
    given(isinstance(quantity_filters(case), Allow))
    given(not isinstance(case.stop, Unknown))
    terms = terms_of(case, case.proposal)
    if isinstance(terms, Refused):
        return Claimed(claim=False, said={"terms": terms})
    instrument: Any = case.snapshot.instrument
    mark: Any = case.snapshot.mark
    quantity: Any = terms.quantity.base
    worth = quantity * mark.value
    claim = (
        whole(worth <= margin(case) * leverage(case))
        & (terms.notional.usd == worth)
        & (terms.margin.usd == margin(case))
        & (terms.leverage <= leverage(case))
        & (quantity >= instrument.quantity_min)
        & (quantity <= instrument.quantity_max)
        & (worth >= instrument.notional_min)
    )
    return Claimed(
        claim=claim if terms.stop is case.stop else False,
        bites=worth < margin(case) * leverage(case),
        said={"terms": terms},
    )


def approved() -> Claimed:
    """`judge` approves the entry it was asked about, at no more than it proposed."""
    entry = record(Entry, "entry", {"policy": None})
    snapshot, limits = record(RiskSnapshot, "snapshot"), record(Limits, "limits")
    with permitting(entry):
        verdict = judge(LiveIntent(entry), snapshot, limits, symbol("now_ms"))
    if isinstance(verdict, Refused):
        return Claimed(claim=True, opens=False, bites=False)
    assert isinstance(verdict, Approved)
    asked: Any = entry.proposal
    usd, times = asked.margin.usd, asked.leverage.times
    same = verdict.side is entry.side and verdict.stop is entry.stop
    return Claimed(
        claim=whole(verdict.margin.usd <= usd)
        & (verdict.leverage <= times)
        & (verdict.notional.usd <= usd * times)
        & (verdict.symbol == entry.symbol)
        & (verdict.intent_id == entry.id)
        & same,
        bites=whole(verdict.margin.usd < usd) & (verdict.leverage < times),
        said={"verdict": verdict},
    )


@contextmanager
def permitting(entry: Entry) -> Iterator[None]:
    """Let the judge be told any permission that is no larger than the proposal (`less`)."""

    def weighed(case: Case) -> Ruling:
        allowed = record(Proposal, "permitted")
        current().assume(term_of(allowed.margin.usd) <= term_of(margin(case)))
        current().assume(term_of(allowed.leverage.times) <= term_of(leverage(case)))
        return Permitted(proposal=allowed, binding=(), warnings=(), votes=(), raised=False)

    space = vars(sys.modules[judge.__module__])
    before = space["weigh"]
    space["weigh"] = weighed
    try:
        yield
    finally:
        space["weigh"] = before


def reduced() -> Claimed:
    """A reduction is on the other side of the position and at most as large."""
    intent = record(ReduceIntent, "intent")
    which = current().choose("position", ["open", "may be open"])
    position: Any = record((Position, MayBeOpen)[which], "position")
    verdict = judge_reduction(intent, position, _rules())
    if isinstance(verdict, Refused):
        return Claimed(claim=True, opens=False, bites=False)
    open_base: Any = position.signed_base
    taken: Any = verdict.quantity.base
    after = open_base + verdict.side.sign * taken
    flat_or_same = (after == 0) | (whole(after > 0) == whole(open_base > 0))
    return Claimed(
        claim=whole(taken > 0)
        & (taken <= abs(open_base))
        & flat_or_same
        & (abs(after) < abs(open_base))
        & (verdict.symbol == position.symbol),
        bites=taken < abs(open_base),
        said={"verdict": verdict},
    )


def never_barred() -> Claimed:
    """A reduction is refused only where nothing is open or read, or it would enlarge.

    And a stop, where nobody knows whether anything is open.
    """
    intent = record(ReduceIntent, "intent")
    which = current().choose("position", ["flat", "unread", "open", "may be open"])
    position: Any = (None, Unknown("lost"), record(Position, "position"), None)[which]
    if which == _MAY_BE_OPEN:
        position = record(MayBeOpen, "position")
    verdict = judge_reduction(intent, position, _rules())
    said = {"verdict": verdict}
    if isinstance(verdict, ApprovedReduction):
        return Claimed(claim=which >= _OPEN, bites=False, said=said)
    reason = verdict.findings[0].reason
    if which < _OPEN:
        wanted = (Reason.NOTHING_TO_REDUCE, Reason.POSITION_UNKNOWN)[which]
        return Claimed(claim=reason is wanted, opens=False, said=said)
    other = (position.symbol != intent.symbol) | (position.signed_base == 0)
    enlarges = intent.side is not None and intent.side is position.side
    early = which == _MAY_BE_OPEN and intent.stop_at is not None
    barred = True if enlarges or early else other
    return Claimed(claim=barred, opens=False, said=said)


def _rules() -> Instrument | Unknown:
    if current().choose("instrument", ["Instrument", "Unknown"]) == 1:
        return Unknown("lost")
    return record(Instrument, "instrument")

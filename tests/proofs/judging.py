"""Theorems about the judge: the shipped `weigh` over rules that may answer anything.

A rule here is an oracle: it answers the same proposal alike, and otherwise as it may.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bridge_patch.adapters.prover.cases import (
    PASSES,
    given,
    leverage,
    margin,
    sized,
    symbol,
    whole,
)
from bridge_patch.adapters.prover.explorer import abandon
from bridge_patch.adapters.prover.proof import Claimed, Run
from bridge_patch.governor.limits import BelowMin
from bridge_patch.governor.ruling import Finding, Permitted, Refused, Ruling
from bridge_patch.governor.votes import (
    Case,
    Deny,
)
from bridge_patch.governor.weigh import weigh
from tests.proofs.oracles import (
    BROKEN,
    FIRM,
    Bound,
    Check,
    Looser,
    ObjectedError,
    Oracle,
    Same,
    judged_case,
    oracles,
)


def said(ruling: Ruling, *rules: Oracle) -> dict[str, object]:
    shown: dict[str, object] = {"ruling": type(ruling).__name__}
    if isinstance(ruling, Permitted):
        shown["permitted"] = (ruling.proposal.margin, ruling.proposal.leverage)
    for rule in rules:
        for number, answer in enumerate(rule.said):
            shown[f"{rule.__name__} asked {number}"] = answer
    return shown


def permitted(case: Case, rules: tuple[list[Oracle], list[Oracle]]) -> Permitted:
    """What the judge permits; a path that ends otherwise is of no interest."""
    try:
        ruling = weigh(case, *rules)
    except ObjectedError:
        abandon()
    if isinstance(ruling, Refused):
        abandon()
    return ruling


def total(bounds: int, checks: int) -> Run:
    """Whatever rules do there is a ruling, and one that objects or fails is a refusal."""

    def run() -> Claimed:
        rules = oracles(bounds, checks, (*FIRM, *BROKEN), lawful=False)
        each = [*rules[0], *rules[1]]
        for rule in each:
            rule.stops = False
        ruling: object = weigh(judged_case(), *rules)
        objected = any(
            rule.failed or any(isinstance(vote, Deny) for *_, vote in rule.said)
            for rule in each
        )
        return Claimed(
            claim=isinstance(ruling, Refused if objected else Permitted | Refused),
            opens=isinstance(ruling, Permitted),
            bites=objected,
            said=said(ruling, *each) if isinstance(ruling, Permitted | Refused) else {},
        )

    return run


def inside(bounds: int, checks: int) -> Run:
    """What is permitted, every rule allows as it stands, rounding included."""

    def run() -> Claimed:
        case, rules = judged_case(), oracles(bounds, checks)
        ruling = permitted(case, rules)
        usd, times = ruling.proposal.margin.usd, ruling.proposal.leverage.times
        each = [*rules[0], *rules[1]]
        shown = said(ruling, *each)
        try:
            votes = [rule(sized(case, usd, times)) for rule in each]
        except ObjectedError:
            return Claimed(claim=False, said=shown)
        return Claimed(
            claim=all(isinstance(vote, PASSES) for vote in votes),
            bites=usd < margin(case),
            said=shown,
        )

    return run


def no_larger(bounds: int, checks: int) -> Run:
    """Margin and leverage are at most as proposed; nothing was raised."""

    def run() -> Claimed:
        case, rules = judged_case(), oracles(bounds, checks, FIRM, lawful=False)
        given(case.limits.below_min is BelowMin.REFUSE)
        ruling = permitted(case, rules)
        usd, times = ruling.proposal.margin.usd, ruling.proposal.leverage.times
        asked, factor = margin(case), leverage(case)
        claim = whole(usd <= asked) & (times <= factor)
        return Claimed(
            claim=claim & (not ruling.raised),
            bites=whole(usd < asked) & whole(times < factor),
            said=said(ruling, *rules[0], *rules[1]),
        )

    return run


def less_notional() -> Claimed:
    """No more margin at no more leverage is no more notional."""
    usd, times, asked, factor = map(symbol, ("usd", "times", "asked", "factor"))
    given(whole(usd > 0) & (times > 0) & (usd <= asked) & (times <= factor))
    return Claimed(claim=usd * times <= asked * factor, bites=usd * times < asked * factor)


def clamped(bounds: int, checks: int) -> Run:
    """With `clamp`: at most what was proposed or the minimum, whichever is more."""

    def run() -> Claimed:
        case, rules = judged_case(), oracles(bounds, checks, FIRM, lawful=False)
        given(case.limits.below_min is BelowMin.CLAMP)
        ruling = permitted(case, rules)
        limits = case.limits
        usd, times = ruling.proposal.margin.usd, ruling.proposal.leverage.times
        asked, factor = margin(case), leverage(case)
        low = whole(asked < limits.margin_min_usd) | (factor < limits.leverage_min)
        claim = (
            (whole(usd <= asked) | (usd <= limits.margin_min_usd))
            & (whole(times <= factor) | (times <= limits.leverage_min))
            & (low == ruling.raised)
        )
        return Claimed(
            claim=claim,
            bites=whole(usd > asked) & whole(times > factor),
            said=said(ruling, *rules[0], *rules[1]),
        )

    return run


def in_any_order(bounds: int, checks: int) -> Run:
    """The rules the other way round give the same answer, proposal and findings."""

    def run() -> Claimed:
        case = judged_case(leverage_quantum=Decimal(1))
        given(case.limits.below_min is BelowMin.REFUSE)
        one, two = oracles(bounds, checks, FIRM)
        for rule in (*one, *two):
            rule.stops = False
        ruling = weigh(case, one, two)
        swapped = weigh(case, one[::-1], two[::-1])
        return Claimed(
            claim=alike(ruling, swapped),
            opens=isinstance(ruling, Permitted),
            bites=isinstance(ruling, Refused),
            said=said(ruling, *one, *two) | {"swapped": type(swapped).__name__},
        )

    return run


def alike(one: Ruling, other: Ruling) -> Any:
    """The same answer with the same findings, in whatever order they are told."""
    if isinstance(one, Refused) or isinstance(other, Refused):
        if not (isinstance(one, Refused) and isinstance(other, Refused)):
            return False
        return words(one.findings) == words(other.findings)
    usd = one.proposal.margin.usd == other.proposal.margin.usd
    times = one.proposal.leverage.times == other.proposal.leverage.times
    told = words(one.binding) == words(other.binding)
    told = told and words(one.warnings) == words(other.warnings)
    return whole(usd) & whole(times) & told


def words(findings: Sequence[Finding]) -> set[tuple[str, str]]:
    """Who objected and why; the text shows numbers in the order they were met."""
    return {(finding.rule, finding.reason) for finding in findings}


def worse_is_no_more(checks: int, quantum: str = "1") -> Run:
    """In a worse world what was refused stays refused, and what is permitted is no more."""

    def run() -> Claimed:
        case = judged_case(leverage_quantum=Decimal(quantum))
        bound = Bound("bound", FIRM)
        tight: list[Oracle] = [Check(f"check {n}", FIRM) for n in range(checks)]
        loose: list[Oracle] = [Looser(rule) for rule in tight]
        after = permitted(case, ([Same(bound)], tight))
        shown = said(after, bound, *tight)
        try:
            before = weigh(case, [bound], loose)
        except ObjectedError:
            return Claimed(claim=False, said=shown | said(after, *loose))
        shown = said(after, bound, *tight, *loose)
        if isinstance(before, Refused):
            return Claimed(claim=False, said=shown | {"before": words(before.findings)})
        usd, more = after.proposal.margin.usd, before.proposal.margin.usd
        times, factor = after.proposal.leverage.times, before.proposal.leverage.times
        return Claimed(
            claim=whole(usd <= more) & whole(times <= factor),
            bites=usd < more,
            said=shown,
        )

    return run

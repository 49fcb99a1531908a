"""From a recorded verdict to what each rule said and why the result is what it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from decimal import Decimal

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.why.answer import Said, Size
from bridge_patch.app.why.remedies import meaning_of, remedy_of
from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.case_record import CaseRecord
from bridge_patch.domain.events import Judged, Verdict, VoteRecord

#: Who speaks where no single rule does, as the record names it.
JUDGE = "judge"
_ALLOW, _CAP, _WARN, _DENY = "ALLOW", "CAP", "WARN", "DENY"


def said_by_rules(judged: Judged, settings: Mapping[str, str]) -> tuple[Said, ...]:
    """Return what was said against the proposal: what decided first, then in rule order."""
    spoken = [vote for vote in judged.votes if vote.vote != _ALLOW]
    refused = judged.verdict is Verdict.REJECT
    if refused:
        spoken += _without_a_vote(judged, spoken)
    headline = _headline(judged, spoken) if refused else None
    binding = () if refused else judged.binding.split()
    found = [
        _said(
            vote,
            settings,
            decided=vote is headline or (vote.vote == _CAP and vote.rule in binding),
        )
        for vote in spoken
    ]
    order = {_DENY: 1, _CAP: 2, _WARN: 3}
    return tuple(sorted(found, key=lambda s: 0 if s.decided else order.get(s.vote, 4)))


def allowing_rules(judged: Judged) -> int:
    """Return how many rules had no objection."""
    return sum(vote.vote == _ALLOW for vote in judged.votes)


def headline_of(judged: Judged, said: tuple[Said, ...]) -> str:
    """Say the verdict in one sentence, the rule that decided in it."""
    decided = [each for each in said if each.decided]
    because = "; ".join(f"{each.rule}: {each.detail}" for each in decided)
    match judged.verdict:
        case Verdict.REJECT:
            others = sum(each.vote == _DENY and not each.decided for each in said)
            more = f", and {others} more objection{'s' * (others > 1)}" if others else ""
            return f"refused, {judged.codes[0]} by {because}{more}"
        case Verdict.CLAMP if judged.raised:
            return f"allowed, raised to a minimum{': ' * bool(because)}{because}"
        case Verdict.CLAMP:
            return f"allowed, cut down by {because}"
        case _:
            return "allowed as asked" + (", but for rounding" if notes_of(judged) else "")


def saw_of(case: CaseRecord | None) -> dict[str, Decimal | str]:
    """Return what the rules looked at; a text where a reading could not be had."""
    if case is None:
        return {}
    readings = {
        "equity_usd": case.equity,
        "available_usd": case.available,
        "mark_usd": case.mark,
        "index_usd": case.index,
        "volatility": case.volatility,
        "shock_sigmas": case.shock_sigmas,
        "turnover_usd": case.turnover_usd,
        "day_loss_pct": case.day_loss_pct,
        "drawdown_pct": case.drawdown_pct,
        "equity_jump_pct": case.equity_jump_pct,
    }
    saw: dict[str, Decimal | str] = {"state": case.state}
    for name, reading in readings.items():
        saw[name] = reading.why if reading.value is None else reading.value
    saw |= _parts(case.exposure, case.exposure_why, "exposure")
    saw |= _parts(case.activity, case.activity_why, "activity")
    return saw


def _parts(
    whole: Exposure | Activity | None, why: str, name: str
) -> dict[str, Decimal | str]:
    """Return an aggregate's numbers under their own names, or why there are none."""
    if whole is None:
        return {name: why}
    named = ((f.name, getattr(whole, f.name)) for f in fields(whole))
    return {key: Decimal(value) for key, value in named if value is not None}


def notes_of(judged: Judged) -> tuple[str, ...]:
    """Say what rounding did, where it did something."""
    case = judged.case
    if case is None or judged.leverage is None or judged.proposed_leverage is None:
        return ()
    asked, allowed, step = judged.proposed_leverage, judged.leverage, case.leverage_quantum
    if allowed == asked or judged.raised:
        return ()
    return (f"leverage {exact(allowed)}x is rounded down to a multiple of {exact(step)}x",)


def asked_size(judged: Judged) -> Size:
    """Return what was proposed."""
    margin, leverage = judged.proposed_margin_usd, judged.proposed_leverage
    known = margin is not None and leverage is not None
    return Size(
        margin_usd=margin,
        leverage=leverage,
        notional_usd=margin * leverage if known and margin and leverage else None,
    )


def allowed_size(judged: Judged) -> Size | None:
    """Return what was allowed; a refusal allows nothing."""
    if judged.verdict is Verdict.REJECT:
        return None
    return Size(
        margin_usd=judged.margin_usd,
        leverage=judged.leverage,
        notional_usd=judged.notional_usd,
        quantity_base=judged.quantity_base,
    )


def _headline(judged: Judged, spoken: list[VoteRecord]) -> VoteRecord | None:
    denied = [vote for vote in spoken if vote.vote == _DENY]
    return next((v for v in denied if v.code == judged.codes[0]), None)


def _without_a_vote(judged: Judged, spoken: list[VoteRecord]) -> Iterator[VoteRecord]:
    """Yield what no rule's vote holds: objections of the judge, or of the second look."""
    voted = {vote.code for vote in spoken if vote.vote == _DENY}
    for code in judged.codes:
        if code not in voted:
            yield VoteRecord(rule=JUDGE, vote=_DENY, code=code, detail=judged.detail)


def _said(vote: VoteRecord, settings: Mapping[str, str], *, decided: bool) -> Said:
    remedy = remedy_of(vote.code, vote.rule)
    return Said(
        rule=vote.rule,
        vote=vote.vote,
        code=vote.code,
        detail=vote.detail,
        meaning=meaning_of(vote.code),
        settings={name: settings.get(name, "") for name in remedy.settings},
        change=remedy.change,
        decided=decided,
    )

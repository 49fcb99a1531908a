"""From what was found about an id to the answer; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from bridge_patch.adapters.lines.text import exact
from bridge_patch.adapters.wire.instants import instant_of
from bridge_patch.adapters.wire.tree import Tree, parse
from bridge_patch.app.in_force import fail_open_of, in_force
from bridge_patch.app.why.answer import (
    Answer,
    Asked,
    Held,
    Kind,
    Material,
    Message,
    Outcome,
    Size,
)
from bridge_patch.app.why.position import opened_by, reduced_by
from bridge_patch.app.why.verdict import (
    allowed_size,
    allowing_rules,
    asked_size,
    headline_of,
    notes_of,
    said_by_rules,
    saw_of,
)
from bridge_patch.domain.events import (
    DuplicateSeen,
    Event,
    Expired,
    IntentReceived,
    Judged,
    OrderRefused,
    Settled,
    Status,
    Verdict,
)
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.money import HUNDRED

_E = TypeVar("_E", bound=Event)


def explain(found: Material) -> Answer:
    """Say why this id ended as it did; `found` must hold something about it."""
    judged, expired = _last(found, Judged), _last(found, Expired)
    if judged is not None:
        return _decided(found, judged)
    if expired is not None:
        return _expired(found, expired.at_ms, expired.created_ms)
    if found.bulk is not None:
        return _expired(found, found.bulk.at_ms, _made_ms(found))
    if found.letters:
        return _set_aside(found)
    received = _last(found, IntentReceived)
    if received is not None:
        return Answer(
            intent_id=found.intent_id,
            kind=Kind.UNDECIDED,
            headline="taken up and not judged yet",
            asked=_asked(received, None),
            messages=_duplicates(found),
        )
    return Answer(
        intent_id=found.intent_id,
        kind=Kind.WAITING,
        headline="on the bus; no execution has taken it up yet",
        messages=(Message(entry_id="", at_ms=None, what="waiting", payload=found.waiting),),
    )


def _decided(found: Material, judged: Judged) -> Answer:
    settings = in_force(found.run.limits) if found.run else {}
    said = said_by_rules(judged, settings)
    entry = judged.confidence is not None
    outcome = _outcome(found, judged)
    fold = opened_by if entry else reduced_by
    held = fold(judged.intent_id, found.fills, found.sent)
    received = _last(found, IntentReceived)
    headline = headline_of(judged, said) if entry else _reduction(judged, outcome, held)
    if outcome is None:
        headline += "; it has no outcome yet: the fate of its order is not known"
    elif outcome.status in {Status.VENUE_REFUSED, Status.UNKNOWN} or outcome.codes:
        headline += f"; then {_after(outcome)}"
    return Answer(
        intent_id=judged.intent_id,
        kind=Kind.ENTRY if entry else Kind.REDUCTION,
        headline=headline,
        verdict=judged.verdict,
        mode=judged.mode,
        run_id=found.about[-1].run_id,
        fail_open=fail_open_of(found.run),
        judged_ms=judged.at_ms,
        asked=_asked(received, judged),
        saw=saw_of(judged.case),
        said=said,
        allowing_rules=allowing_rules(judged),
        notes=notes_of(judged),
        allowed=allowed_size(judged),
        outcome=outcome,
        held=held,
        messages=_duplicates(found),
    )


def _reduction(judged: Judged, outcome: Outcome | None, held: Held | None) -> str:
    """Say in one sentence what a reduction closed, or why it closed nothing."""
    if judged.verdict is Verdict.REJECT:
        return f"refused, {judged.codes[0]}: {judged.detail}"
    if held is not None:
        taken = held.before_base - held.left_base
        left = f"{exact(held.left_base)} stayed open" if held.left_base else "flat"
        return f"closed {exact(taken)} of {exact(held.before_base)} {judged.symbol}, {left}"
    resting = outcome is not None and outcome.status in {Status.RESTING, Status.SIMULATED}
    if resting and outcome is not None and outcome.stop_price_usd is not None:
        stop = exact(outcome.stop_price_usd)
        return f"closed nothing itself: it rested a stop for all of it at {stop}"
    return "allowed, and closed nothing"


def _after(outcome: Outcome) -> str:
    why = " ".join((*outcome.codes, outcome.detail)).strip()
    match outcome.status:
        case Status.VENUE_REFUSED:
            return f"the venue refused it: {why}"
        case Status.UNKNOWN:
            return f"its order's fate was not known: {why}"
        case _:
            return f"it ended {outcome.status}: {why}"


def _outcome(found: Material, judged: Judged) -> Outcome | None:
    settled = _last(found, Settled)
    if settled is None:
        return None
    refused = _last(found, OrderRefused)
    codes = settled.codes[len(judged.codes) :]
    detail = "" if settled.detail == judged.detail else settled.detail
    if refused is not None and settled.status is Status.VENUE_REFUSED and not codes:
        codes, detail = (refused.code,), refused.message
    return Outcome(
        at_ms=settled.at_ms,
        status=settled.status,
        codes=codes,
        detail=detail,
        filled_quantity_base=settled.filled_quantity_base,
        filled_price_usd=settled.filled_price_usd,
        fee_usd=settled.fee_usd,
        stop_price_usd=settled.stop_price_usd,
        order_ids=settled.order_ids,
    )


def _asked(received: IntentReceived | None, judged: Judged | None) -> Asked:
    """Return what the message said; what the verdict's record knows better, from there."""
    payload = _fields(received.payload if received else "")
    policy = judged.harvest_policy if judged else None
    stop = judged.stop_fraction if judged else None
    size = asked_size(judged) if judged else Size()
    return Asked(
        symbol=judged.symbol if judged else _text(payload, "symbol"),
        action=judged.action if judged else _text(payload, "action"),
        size=replace(size, quantity_base=_number(payload, "quantity")),
        confidence=judged.confidence if judged else _number(payload, "confidence"),
        stop_pct=None if stop is None else stop * HUNDRED,
        policy=policy.mode if policy else None,
        source=received.source if received else "",
        reason=_text(payload, "reason"),
        stop_at_usd=_number(payload, "stop_move_to"),
        created_ms=received.created_ms if received else None,
    )


def _made_ms(found: Material) -> UnixMs | None:
    """Return when an entry was made that was only looked at; its dead letter says it."""
    for letter in found.letters:
        tree, _ = parse(letter.payload)
        if isinstance(tree, dict):
            return instant_of(_text(tree, "timestamp"))
    return None


def _expired(found: Material, at_ms: UnixMs, made_ms: UnixMs | None) -> Answer:
    age_sec = None if made_ms is None else Decimal(at_ms - made_ms) / 1000
    most = found.bulk.age_max_sec if found.bulk else None
    if age_sec is not None and most is not None and age_sec <= most:
        why = "its own valid_until had passed"
    else:
        age = "too" if age_sec is None else f"{exact(age_sec)} s"
        bound = "" if most is None else f", an entry may be {most} s old"
        why = f"it was {age} old{bound} (INTENT_MAX_AGE_SEC)"
    count = len(found.bulk.intent_ids) if found.bulk else 0
    others = f"with {count - 1} more" if count > 1 else "alone"
    ended = f"its one outcome is a bulk expiry that names it {others}" if found.bulk else ""
    return Answer(
        intent_id=found.intent_id,
        kind=Kind.EXPIRED,
        headline=f"expired, never judged and never traded: {why}",
        run_id=found.about[-1].run_id,
        judged_ms=at_ms,
        notes=(ended,) if ended else (),
        messages=(*_letters(found, at_ms), *_duplicates(found)),
    )


def _set_aside(found: Material) -> Answer:
    letter = found.letters[-1]
    count = len(letter.faults)
    return Answer(
        intent_id=found.intent_id,
        kind=Kind.DEAD_LETTER,
        headline=f"dead-lettered, never judged: {letter.reason}, {count} fault"
        f"{'s' * (count != 1)}",
        messages=_letters(found, None),
    )


def _letters(found: Material, at_ms: int | None) -> tuple[Message, ...]:
    return tuple(
        Message(
            entry_id=letter.entry_id,
            at_ms=None if at_ms is None else found.about[-1].event.at_ms,
            what=f"dead-lettered, {letter.reason}",
            faults=letter.faults,
            payload=letter.payload,
        )
        for letter in found.letters
    )


def _duplicates(found: Material) -> tuple[Message, ...]:
    return tuple(
        Message(
            entry_id=stored.event.entry_id,
            at_ms=stored.event.at_ms,
            what="duplicate, acknowledged and not acted upon",
        )
        for stored in found.about
        if isinstance(stored.event, DuplicateSeen)
    )


def _last(found: Material, kind: type[_E]) -> _E | None:
    events = (stored.event for stored in reversed(found.about))
    return next((event for event in events if isinstance(event, kind)), None)


def _fields(payload: str) -> Mapping[str, Tree]:
    tree, _ = parse(payload)
    return tree if isinstance(tree, dict) else {}


def _text(payload: Mapping[str, Tree], name: str) -> str:
    value = payload.get(name, "")
    return value if isinstance(value, str) else ""


def _number(payload: Mapping[str, Tree], name: str) -> Decimal | None:
    value = payload.get(name)
    return value if isinstance(value, Decimal) else None

"""`trace`: everything the journal holds about one intent, with the times between steps."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Final

from rich.text import Text

from bridge_patch.adapters.codec import encode_event
from bridge_patch.adapters.lines.facts import facts_of
from bridge_patch.adapters.lines.wording import line_of
from bridge_patch.app.commands.journal_file import (
    fail_open_notices,
    find_journal,
    journal_reader,
)
from bridge_patch.app.commands.options import TraceOptions
from bridge_patch.app.screen import (
    cell,
    console,
    moment,
    print_json,
    print_table,
    span,
    table,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import (
    Event,
    Filled,
    IntentReceived,
    Judged,
    OrderEnded,
    OrderRefused,
    StopArmed,
)
from bridge_patch.services.ports import Stored

_PAYLOAD_MAX: Final = 2000
#: How far behind an intent's first entry its resting orders are followed, about a second.
_LOOK_AHEAD: Final = 50_000


def trace(options: TraceOptions) -> int:
    """Show the story of one intent, oldest step first."""
    place = find_journal(options.source)
    with journal_reader(place) as reader:
        steps = _story(reader.about(options.intent_id), reader.read)
    if not steps:
        msg = (
            f"ID must be an intent in the journal, found nothing about"
            f" {options.intent_id!r}: `bridge-patch decisions` lists them"
        )
        raise InvalidValueError(msg)
    if options.source.as_json:
        print_json({"intent_id": options.intent_id, "steps": records(steps)})
    else:
        _print_table(steps)
        for notice in fail_open_notices(place, {step.run_id for step in steps}):
            console().print(cell(notice, "bold red"))
    return 0


def _story(
    own: Sequence[Stored], read: Callable[[int], Iterator[Stored]]
) -> Sequence[Stored]:
    """Add what happened to the intent's orders and is filed under no intent."""
    orders = {order for step in own if (order := getattr(step.event, "order_id", None))}
    if not orders:
        return own
    resting = {s.event.order_id for s in own if isinstance(s.event, StopArmed)}
    more: list[Stored] = []
    for stored in islice(read(own[0].seq), _LOOK_AHEAD):
        event = stored.event
        if isinstance(event, OrderEnded | OrderRefused) and event.order_id in orders:
            more.append(stored)
            resting.discard(event.order_id)
        elif isinstance(event, Filled):
            resting.discard(event.order_id)
        if stored.seq >= own[-1].seq and not resting:
            break
    return sorted([*own, *more], key=lambda stored: stored.seq)


def records(steps: Sequence[Stored]) -> list[dict[str, object]]:
    """Return each step with the data time and the recording time since the one before."""
    told: list[dict[str, object]] = []
    before = steps[0]
    for step in steps:
        kind, body = encode_event(step.event)
        told.append(
            {
                "seq": step.seq,
                "run_id": step.run_id,
                "recorded_ms": step.recorded_ms,
                "recorded_since_ms": step.recorded_ms - before.recorded_ms,
                "at_ms": step.event.at_ms,
                "since_ms": step.event.at_ms - before.event.at_ms,
                "kind": kind,
                "event": json.loads(body),
            }
        )
        before = step
    return told


def _print_table(steps: Sequence[Stored]) -> None:
    made = table("entry", "data time (UTC)", "after", "recorded after", "what")
    before = steps[0]
    for step in steps:
        made.add_row(
            cell(step.seq),
            cell(moment(step.event.at_ms)),
            cell(span(step.event.at_ms - before.event.at_ms)),
            cell(span(step.recorded_ms - before.recorded_ms)),
            _told(step.event),
        )
        before = step
    print_table(made)
    screen = console()
    whole = steps[-1].event.at_ms - steps[0].event.at_ms
    screen.print(cell(f"entries: {len(steps)}, over {span(whole)} of data time"))


def _told(event: Event) -> Text:
    """Return the log line of an event, with what only the journal knows below it."""
    lines = [line_of(fact) for fact in facts_of(event)] or [type(event).__name__]
    text = Text("\n".join(lines))
    if isinstance(event, IntentReceived):
        text.append_text(Text("\n  ").append_text(cell(event.payload, "dim", _PAYLOAD_MAX)))
    if isinstance(event, Judged):
        for vote in event.votes:
            if vote.vote != "ALLOW":
                said = f"\n  {vote.rule} {vote.vote}: {vote.code} {vote.detail}"
                text.append_text(Text("\n").append_text(cell(said.strip("\n"), "dim")))
    return text

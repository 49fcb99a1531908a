"""The way of an intent in a few steps, from the message to the end of what it opened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.screen import price_text
from bridge_patch.app.why.answer import Held
from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FillKind,
    IntentReceived,
    Judged,
    OrderRefused,
    Resolved,
    Sending,
    Settled,
    StopArmed,
)
from bridge_patch.domain.intent import IntentId, Mode, UnixMs


class Stage(StrEnum):
    """Where on its way an intent was."""

    PUBLISHED = "published"
    JUDGED = "judged"
    SENT = "sent"
    ANSWERED = "answered"
    FILLED = "filled"
    PROTECTED = "protected"
    ENDED = "outcome"
    EXIT = "exit"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One stage that was reached; `since_ms` is the time since the one before."""

    stage: Stage
    at_ms: UnixMs
    since_ms: int
    said: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """How far an intent came, in the order of the journal; times are data time."""

    intent_id: IntentId
    action: str
    mode: Mode
    stops: tuple[Stop, ...]


def book_of(mode: Mode) -> Book:
    """Return the book that shows what became of an intent of this mode."""
    return Book.ACCOUNT if mode is Mode.LIVE else Book.GOVERNED


def path_of(judged: Judged, about: Sequence[Event], held: Held | None) -> Path:
    """Return the way of an intent; `held` is the position that it opened, if it did."""
    book = book_of(judged.mode)
    own = FillKind.REDUCE if judged.proposed_margin_usd is None else FillKind.ENTRY
    reached = [one for event in about for one in _stages(event, book, own)]
    reached += _exits(held)
    stops: list[Stop] = []
    before = reached[0][1] if reached else judged.at_ms
    for stage, at_ms, said in reached:
        stops.append(Stop(stage=stage, at_ms=at_ms, since_ms=at_ms - before, said=said))
        before = at_ms
    return Path(
        intent_id=judged.intent_id,
        action=judged.action,
        mode=judged.mode,
        stops=tuple(stops),
    )


def _stages(event: Event, book: Book, own: FillKind) -> Iterator[tuple[Stage, UnixMs, str]]:
    """Yield what an event filed under the intent says of its way; most say nothing.

    Only fills of its `own` kind are its own: an entry's stop is filed under it as well.
    """
    match event:
        case IntentReceived():
            yield Stage.PUBLISHED, event.created_ms, f"by {event.source}"
        case Judged():
            yield Stage.JUDGED, event.at_ms, f"{event.verdict} {' '.join(event.codes)}"
        case Sending():
            said = f"{event.leg} {event.side} {exact(event.quantity_base)}"
            yield Stage.SENT, event.at_ms, f"{said}, {event.order_id}"
        case Resolved():
            yield Stage.ANSWERED, event.at_ms, f"{event.leg} {event.event}"
        case OrderRefused():
            yield Stage.ANSWERED, event.at_ms, f"refused {event.code} {event.message}"
        case Filled() if event.book is book and event.kind is own:
            what = f"{exact(event.quantity_base)} at {price_text(event.price_usd)} USD"
            yield Stage.FILLED, event.at_ms, f"{event.kind} {event.side} {what}"
        case StopArmed() if event.book is book:
            said = f"stop at {price_text(event.stop_price_usd)} USD"
            yield Stage.PROTECTED, event.at_ms, said
        case Settled():
            yield Stage.ENDED, event.at_ms, f"{event.status}"
        case _:
            pass


def _exits(held: Held | None) -> Iterator[tuple[Stage, UnixMs, str]]:
    """Yield what was taken off the position, and by whom; the last says what is left."""
    if held is None:
        return
    left = f"{exact(held.left_base)} left" if held.left_base else "flat"
    for number, trade in enumerate(held.trades, 1):
        what = f"{exact(trade.quantity_base)} at {price_text(trade.price_usd)} USD"
        gain = f"{trade.realised_usd:.2f} USD by {trade.intent_id}"
        end = f", {left}" if number == len(held.trades) else ""
        yield Stage.EXIT, trade.at_ms, f"{trade.kind} {what}, gain {gain}{end}"

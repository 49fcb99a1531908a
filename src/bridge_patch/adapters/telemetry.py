"""Lines for people and for grep, rendered from journaled events; it can fail and not harm.

The journal holds the facts. A line is a view of one, so a stream that is closed or a field
that cannot be shown costs a line, which is counted, and never an outcome.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum
from io import TextIOWrapper
from typing import Final, Protocol, TextIO, final

import msgspec
import structlog

from bridge_patch.adapters.lines.fact import Fact, fact
from bridge_patch.adapters.lines.facts import facts_of, proposed, published
from bridge_patch.adapters.lines.text import clean
from bridge_patch.adapters.lines.wording import line_of
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import IntentId, Mode
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.messages import Draft

_NOTES_MAX: Final = 11
#: So many orders are remembered with their intents, the oldest forgotten first.
_ORDERS_MAX: Final = 10_000
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


class Part(StrEnum):
    """What a process does, and so which component it says is initialized."""

    ENGINE = "engine"
    EXECUTION = "execution"
    EXITS = "exits"


class Listener(Protocol):
    """Whoever counts what is told; it must not fail, and is told after the line is out."""

    def tell(self, event: Event) -> None:
        """Take in one journaled event."""
        ...

    def published(self, draft: Draft) -> None:
        """Take in that an intent went out."""
        ...


@final
class LogTelemetry:
    """Prints each event once on `stream`, as the promised line or as one JSON object.

    `lost` counts what could not be shown. A `listener` is told the same events.
    """

    def __init__(self, stream: TextIO, *, as_json: bool = False) -> None:
        if isinstance(stream, TextIOWrapper):
            # A line whose ✅ cannot be written is still a line.
            stream.reconfigure(errors="backslashreplace")
        self.lost = 0
        self.listener: Listener | None = None
        self._intents: dict[str, str] = {}
        self._line = _json_line if as_json else line_of
        # Nothing is bound, filtered or processed: the logger proper is all that it takes.
        self._log = structlog.WriteLogger(stream)

    def tell(self, event: Event) -> None:
        try:
            self._say(facts_of(event))
        except Exception:  # noqa: BLE001 - a line that cannot be printed changes nothing
            self.lost += 1
        if self.listener is not None:
            self.listener.tell(event)

    def published(self, draft: Draft) -> None:
        try:
            self._say((proposed(draft), published(draft)))
        except Exception:  # noqa: BLE001 - as tell
            self.lost += 1
        if self.listener is not None:
            self.listener.published(draft)

    def remember(self, orders: Mapping[ClientOrderId, IntentId]) -> None:
        """Know the intents of orders that a process before this one sent."""
        for order, intent in orders.items():
            self._intents[order] = intent

    def note(self, area: str, message: str, **facts: object) -> None:
        try:
            self._say((_note(area, message, facts),))
        except Exception:  # noqa: BLE001 - as tell
            self.lost += 1

    def started(
        self, *, parts: Collection[Part], mode: Mode, fail_open: bool, notes: Iterable[str]
    ) -> None:
        """Print the start-up lines; call it once, when everything is ready."""
        try:
            self._say(start_facts(parts, mode=mode, fail_open=fail_open, notes=notes))
        except Exception:  # noqa: BLE001 - as tell
            self.lost += 1

    def _say(self, facts: Iterable[Fact]) -> None:
        for each in facts:
            self._log.info(self._line(self._with_intent(each)))

    def _with_intent(self, told: Fact) -> Fact:
        """Name the intent of an order that ends: one grep follows it to there."""
        fields = told.fields
        order, intent = fields.get("order"), fields.get("intent")
        if not isinstance(order, str):
            return told
        if isinstance(intent, str):
            self._intents[order] = intent
            if len(self._intents) > _ORDERS_MAX:
                del self._intents[next(iter(self._intents))]
        elif order in self._intents:
            return Fact(told.name, {**fields, "intent": self._intents[order]})
        return told


def start_facts(
    parts: Collection[Part], *, mode: Mode, fail_open: bool, notes: Iterable[str]
) -> tuple[Fact, ...]:
    """Return what a start tells: at most 11 notes, then the components, last of all.

    With the line of RunStarted these are at most fifteen, so `journalctl -n 20` shows them.
    """
    told = list(notes)
    if len(told) > _NOTES_MAX:
        more = len(told) - _NOTES_MAX + 1
        told = [*told[: _NOTES_MAX - 1], f"{more} more: bridge-patch check"]
    facts = [fact("start.note", text=text) for text in told]
    if Part.ENGINE in parts:
        facts.append(fact("sizer.started", mode=mode))
    if Part.EXECUTION in parts:
        word = "fail-open" if fail_open else "fail-closed"
        facts.append(fact("governor.started", mode=word))
    return tuple(facts)


def start_lines(
    parts: Collection[Part], *, mode: Mode, fail_open: bool, notes: Iterable[str] = ()
) -> tuple[str, ...]:
    """As start_facts, in the words of the console."""
    facts = start_facts(parts, mode=mode, fail_open=fail_open, notes=notes)
    return tuple(line_of(each) for each in facts)


def _note(area: str, message: str, facts: dict[str, object]) -> Fact:
    texts = {
        clean(key): value if isinstance(value, int) else str(value)
        for key, value in facts.items()
        if key not in {"area", "message"}
    }
    tag = "".join(c for c in area.upper() if c.isalnum() or c in "_-") or "NOTE"
    return fact("note", area=tag, message=message, **texts)


def _json_line(told: Fact) -> str:
    entry = {"level": "info", "event": told.name, **told.fields}
    return _ENCODER.encode(entry).decode()

"""Finds what there is about an id: in the journal, in the dead letters, on the bus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Message
from bridge_patch.adapters.bus_look import Look
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.lines.text import printable
from bridge_patch.adapters.streams import DEAD_LETTER, TRADE_INTENT
from bridge_patch.adapters.wire.tree import parse
from bridge_patch.app.why.answer import Material
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    Expired,
    Filled,
    Judged,
    RunStarted,
    Sending,
)
from bridge_patch.domain.intent import IntentId, Mode
from bridge_patch.services.messages import DeadLetter
from bridge_patch.services.ports import Stored

_NEAREST: Final = 5
_NEWEST: Final = 2000
#: Messages on the bus that may hold the same text, an id that begins like it among them.
_MESSAGES_MAX: Final = 200
_ID_MIN: Final = 3


@final
@dataclass(frozen=True, slots=True)
class Finder:
    """Looks an id up as a person types it."""

    journal: JournalSearch
    bus: Look

    def find(self, text: IntentId) -> Material:
        """Return what there is about an id, a unique beginning of one, or an entry's id.

        Raises InvalidValueError with the nearest ids where there is nothing, or too much.
        """
        found = self._exactly(text)
        if found is not None:
            return found
        longer = self._longer(text)
        if len(longer) == 1:
            found = self._exactly(longer[0])
        if found is not None:
            return found
        shown = printable(text)
        if longer:
            more = " and more" if len(longer) > _NEAREST else ""
            msg = f"several ids begin with {shown!r}:{_listed(longer[:_NEAREST])}{more}"
            raise InvalidValueError(msg)
        near = self._nearest(text)
        listed = f"; the nearest ids:{_listed(near)}" if near else ""
        msg = f"nothing is known about {shown!r}, here or on the bus{listed}"
        raise InvalidValueError(msg)

    def _longer(self, text: IntentId) -> tuple[IntentId, ...]:
        """Return a few ids that begin with the text, in the journal or on the bus."""
        found = dict.fromkeys(self.journal.ids_beginning(text, _NEAREST + 1))
        for stream in (TRADE_INTENT, DEAD_LETTER):
            for message in self.bus.holding(stream, text, _MESSAGES_MAX):
                for payload in _payloads_of(message):
                    stated = _stated_id(payload) if text in payload else None
                    if stated and stated.startswith(text):
                        found[IntentId(stated)] = None
        return tuple(found)[: _NEAREST + 1]

    def _exactly(self, intent_id: IntentId) -> Material | None:
        about = self.journal.about(intent_id)
        if about and any(not isinstance(one.event, DuplicateSeen) for one in about):
            return self._decided(intent_id, about)
        if bulk := self._bulk(intent_id, 1):
            return self._late(intent_id, bulk, about)
        letters = tuple(self._letters(intent_id))
        if letters:
            return Material(intent_id=intent_id, letters=letters)
        waiting = self._waiting(intent_id)
        return Material(intent_id=intent_id, waiting=waiting) if waiting else None

    def _decided(self, intent_id: IntentId, about: tuple[Stored, ...]) -> Material:
        events = [stored.event for stored in about]
        judged = next((e for e in reversed(events) if isinstance(e, Judged)), None)
        expired = next((e for e in events if isinstance(e, Expired)), None)
        return Material(
            intent_id=intent_id,
            about=about,
            run=self._run(about[-1].run_id),
            bulk=self._bulk_event(intent_id, about[0].seq) if expired else None,
            fills=self._fills(judged) if judged else (),
            sent=self._sent(judged) if judged else (),
            letters=tuple(self._letters(expired.entry_id)) if expired else (),
        )

    def _late(
        self, intent_id: IntentId, bulk: Stored, about: tuple[Stored, ...]
    ) -> Material:
        """Return what is known of an entry that was read no further than its age."""
        event = bulk.event
        assert isinstance(event, BulkExpired)  # noqa: S101 - it was looked for as such
        entry_id = event.entry_ids[event.intent_ids.index(intent_id)]
        return Material(
            intent_id=intent_id,
            about=(bulk, *about),
            run=self._run(bulk.run_id),
            bulk=event,
            letters=tuple(self._letters(entry_id)),
        )

    def _bulk_event(self, intent_id: IntentId, after_seq: int) -> BulkExpired | None:
        found = self._bulk(intent_id, after_seq)
        return found.event if found and isinstance(found.event, BulkExpired) else None

    def _run(self, run_id: str) -> RunStarted | None:
        starts = (s.event for s in self.journal.events({"RunStarted"}))
        wanted = (e for e in starts if isinstance(e, RunStarted) and e.run_id == run_id)
        return next(wanted, None)

    def _bulk(self, intent_id: IntentId, after_seq: int) -> Stored | None:
        for stored in self.journal.events({"BulkExpired"}, after_seq=after_seq - 1):
            event = stored.event
            if isinstance(event, BulkExpired) and intent_id in event.intent_ids:
                return stored
        return None

    def _fills(self, judged: Judged) -> tuple[Filled, ...]:
        """Return the fills of the book in which the verdict was carried out."""
        book = Book.ACCOUNT if judged.mode is Mode.LIVE else Book.GOVERNED
        events = (stored.event for stored in self.journal.events({"Filled"}))
        return tuple(
            event
            for event in events
            if isinstance(event, Filled)
            and event.book is book
            and event.symbol == judged.symbol
        )

    def _sent(self, judged: Judged) -> tuple[Sending, ...]:
        """Return the symbol's orders that left for the venue."""
        if judged.mode is not Mode.LIVE:
            return ()
        events = (stored.event for stored in self.journal.events({"Sending"}))
        return tuple(
            event
            for event in events
            if isinstance(event, Sending) and event.symbol == judged.symbol
        )

    def _letters(self, text: str) -> Iterator[DeadLetter]:
        """Yield the dead letters of an entry id, or whose payload states this intent id."""
        known = False
        for message in self.bus.holding(DEAD_LETTER, text, _MESSAGES_MAX):
            try:
                letters = codec.decode_dead_letters(message.as_it_came)
            except InvalidValueError:
                continue
            for letter in letters:
                if text == letter.entry_id or text == _stated_id(letter.payload):
                    known = True
                    yield letter
        if not known and text.isdecimal():
            yield from self._journaled(text)

    def _journaled(self, entry_id: str) -> Iterator[DeadLetter]:
        """Yield what the journal alone knows of a message: its bytes are gone."""
        for stored in self.journal.events({"DeadLettered"}):
            event = stored.event
            if isinstance(event, DeadLettered) and event.entry_id == entry_id:
                yield DeadLetter(
                    entry_id=event.entry_id,
                    reason=event.reason,
                    faults=event.faults,
                    payload="",
                )

    def _waiting(self, intent_id: IntentId) -> str:
        for message in self.bus.holding(TRADE_INTENT, intent_id, _MESSAGES_MAX):
            for payload in _payloads_of(message):
                if _stated_id(payload) == intent_id:
                    return payload
        return ""

    def _nearest(self, text: IntentId) -> tuple[IntentId, ...]:
        """Return ids that hold the text, then those that begin like it or look like it."""
        near = dict.fromkeys(self.journal.ids_containing(text, _NEAREST))
        length = len(text) - 1
        while len(near) < _NEAREST and length >= _ID_MIN:
            near |= dict.fromkeys(self.journal.ids_beginning(text[:length], _NEAREST))
            length //= 2
        if len(near) < _NEAREST:
            newest = self.journal.newest_ids(_NEWEST)
            near |= dict.fromkeys(map(IntentId, get_close_matches(text, newest, _NEAREST)))
        return tuple(near)[:_NEAREST]


def _payloads_of(message: Message) -> tuple[str, ...]:
    """Return an intent's payload; where the message is a dead letter, all it holds.

    Whether proved or not: this only shows, and a letter may outlive its key.
    """
    if message.stream != DEAD_LETTER:
        return (message.as_it_came.payload or "",)
    try:
        letters = codec.decode_dead_letters(message.as_it_came)
    except InvalidValueError:
        return ()
    return tuple(letter.payload for letter in letters)


def _stated_id(payload: str) -> str | None:
    tree, _ = parse(payload)
    value = tree.get("intent_id") if isinstance(tree, dict) else None
    return value if isinstance(value, str) else None


def _listed(ids: tuple[IntentId, ...]) -> str:
    return "".join(f"\n  {printable(each)}" for each in ids)

"""The search for an order of unknown fate, as a table; an absent cell is an illegal move.

Being seen once settles it. Not being seen proves nothing by itself: an answer may lag, a
request may still be under way. Absence is believed where every condition of `objection`
holds at once, and never of a conditional order: a live one was invisible for a minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.errors import IllegalTransitionError


class LookupState(StrEnum):
    """How far the search has come."""

    #: Nothing is known.
    ASKING = "ASKING"
    #: Asked at the right service, and not seen; absences are counted.
    MISSING = "MISSING"
    #: It is, or was, at the venue.
    FOUND = "FOUND"
    #: It never came and never will.
    ABSENT = "ABSENT"
    #: A conditional order whose symbol is flat and whose cancel was answered.
    SWEPT = "SWEPT"
    #: It was closed as absent or swept, and is there after all: an incident.
    REOPENED = "REOPENED"


class LookupEvent(StrEnum):
    """What one round of questions told; no answer says nothing, for or against."""

    SEEN = "SEEN"
    NOT_SEEN = "NOT_SEEN"
    NO_ANSWER = "NO_ANSWER"
    #: The absences counted so far prove nothing: the stream broke, something else moved.
    DISTURBED = "DISTURBED"
    PROVEN = "PROVEN"
    CLEARED = "CLEARED"


_S, _E = LookupState, LookupEvent
TRANSITIONS: Final[Mapping[LookupState, Mapping[LookupEvent, LookupState]]] = (
    MappingProxyType(
        {
            _S.ASKING: {
                _E.SEEN: _S.FOUND,
                _E.NOT_SEEN: _S.MISSING,
                _E.NO_ANSWER: _S.ASKING,
                _E.DISTURBED: _S.ASKING,
            },
            _S.MISSING: {
                _E.SEEN: _S.FOUND,
                _E.NOT_SEEN: _S.MISSING,
                _E.NO_ANSWER: _S.MISSING,
                _E.DISTURBED: _S.ASKING,
                _E.PROVEN: _S.ABSENT,
                _E.CLEARED: _S.SWEPT,
            },
            _S.FOUND: {
                _E.SEEN: _S.FOUND,
                _E.NOT_SEEN: _S.FOUND,
                _E.NO_ANSWER: _S.FOUND,
                _E.DISTURBED: _S.FOUND,
            },
            _S.ABSENT: {_E.SEEN: _S.REOPENED},
            _S.SWEPT: {_E.SEEN: _S.REOPENED},
            _S.REOPENED: {
                _E.SEEN: _S.REOPENED,
                _E.NOT_SEEN: _S.REOPENED,
                _E.NO_ANSWER: _S.REOPENED,
                _E.DISTURBED: _S.REOPENED,
            },
        }
    )
)

#: What absence takes: so many answers in a row, from the first to the last over so long.
MISSES_MIN: Final = 3
MISSING_MIN_MS: Final = 30_000
#: What is added to the receive window: clocks and the way of the request.
ARRIVAL_MARGIN_MS: Final = 2_000
#: When to ask: so long after the question before, the last for ever.
PACE_MS: Final = (0, 250, 500, 1_000, 2_000, 5_000)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """One search. `arrival_ms` is when a request can no longer arrive, by venue time.

    `first_miss_ms` and `last_miss_ms` are when answers began and ceased not to show it.
    """

    arrival_ms: int
    conditional: bool
    state: LookupState = LookupState.ASKING
    misses: int = 0
    first_miss_ms: int = 0
    last_miss_ms: int = 0
    asked: int = 0
    due_ms: int = 0

    def told(self, event: LookupEvent, now_ms: int) -> Lookup:
        """Return the search after a round; an illegal move raises and changes nothing."""
        try:
            state = TRANSITIONS[self.state][event]
        except KeyError:
            msg = f"{event} cannot happen to a search that is {self.state}"
            raise IllegalTransitionError(msg) from None
        if event is LookupEvent.NOT_SEEN:
            first_ms = self.first_miss_ms if self.misses else now_ms
            return replace(
                self,
                state=state,
                misses=self.misses + 1,
                first_miss_ms=first_ms,
                last_miss_ms=now_ms,
            )
        if event is LookupEvent.NO_ANSWER:  # it tells nothing, so it takes nothing away
            return replace(self, state=state)
        return replace(self, state=state, misses=0, first_miss_ms=0, last_miss_ms=0)

    def paced(self, now_ms: int) -> Lookup:
        """Return the search with its next question put off."""
        pause_ms = PACE_MS[min(self.asked + 1, len(PACE_MS) - 1)]
        return replace(self, asked=self.asked + 1, due_ms=now_ms + pause_ms)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What stands around a search. Times by the venue's clock.

    `alive_since_ms` is since when the user stream is proved live without a break, None
    where it is not. `explained` says that position and trades are all accounted for.
    """

    alive_since_ms: int | None
    explained: bool


def patience(lookup: Lookup, now_ms: int) -> str:
    """Return why it is too early to conclude anything; empty where it is not.

    Silence is no answer: the time counts from the first of them to the last.
    """
    if now_ms <= lookup.arrival_ms:
        return "the request could still arrive"
    if lookup.state is not LookupState.MISSING or lookup.misses < MISSES_MIN:
        return f"{lookup.misses} of {MISSES_MIN} answers in a row"
    if lookup.last_miss_ms - lookup.first_miss_ms < MISSING_MIN_MS:
        return f"not for {MISSING_MIN_MS} ms yet"
    return ""


def objection(lookup: Lookup, around: Surroundings, now_ms: int) -> str:
    """Return why absence is not proved; empty where it is."""
    if lookup.conditional:
        return "a conditional order may live without being seen"
    early = patience(lookup, now_ms)
    if early:
        return early
    if around.alive_since_ms is None or around.alive_since_ms > lookup.first_miss_ms:
        return "the user stream was not live all the while"
    if not around.explained:
        return "position or trades show a change that nobody explains"
    return ""

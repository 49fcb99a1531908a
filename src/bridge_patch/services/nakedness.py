"""Since when a position is NAKED, and what was tried since: a fold of the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias, final

from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FillKind,
    OrderEnded,
    Sending,
    StopArmed,
    TrailingSet,
)
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.order import Leg
from bridge_patch.services.pauses import Tried

#: So long is a position covered without a break before its spell is over. Stops that are
#: taken and end soon after are one trouble, and not a new one each: somebody's order to
#: cancel everything, or a service that loses them and says so minutes later.
REST_MS: Final = 300_000
#: The venue's clock may be so far ahead of ours. A spell that begins later than that from
#: now is of a clock that was put back since, and nobody knows for how long it has lasted.
AHEAD_MAX_MS: Final = 5_000
#: No deadline is later than this: the most that NAKED_MAX_SEC may say.
DEADLINE_MOST_MS: Final = 60_000
_CHANGES: Final = (Filled, StopArmed, TrailingSet, OrderEnded)
_Change: TypeAlias = Filled | StopArmed | TrailingSet | OrderEnded | Sending


@final
@dataclass(frozen=True, slots=True)
class Naked:
    """One position that no confirmed stop covers whole.

    The spell began at the journaled moment at which the fill, or the end of its stop, left
    it so; `stops_sent` counts the stops that were sent for it while it was. Where a stop
    rested for a while and ended, it is so again since `again_ms`, and was before, in this
    spell, for `before_ms`.
    """

    since_ms: UnixMs
    stops_sent: int = 0
    before_ms: int = 0
    again_ms: UnixMs | None = None

    def age_ms(self, now_ms: UnixMs) -> int:
        """Return for how long it was NAKED in this spell; what was covered is left out."""
        return self.before_ms + self.stretch_ms(now_ms)

    def stretch_ms(self, now_ms: UnixMs) -> int:
        """Return for how long it has been NAKED without a break."""
        return max(0, now_ms - self.begun_ms)

    @property
    def begun_ms(self) -> UnixMs:
        """Since when it has been NAKED without a break."""
        return self.since_ms if self.again_ms is None else self.again_ms


@final
@dataclass(frozen=True, slots=True)
class Covered:
    """A position that was NAKED and is covered since; its spell may go on yet."""

    spell: Naked
    since_ms: UnixMs


@final
@dataclass(slots=True)
class Nakedness:
    """Which positions of the account are NAKED, since when; and how long any ever was.

    `ended_ms` adds up what is over, without the time that a stop rested; `spells` counts
    the spells. One goes on where the stop that covered the position ended within `REST_MS`;
    a stop that was replaced new first leaves no gap and ends none. `covered` holds at most
    one spell of each open position, `closing` how often one was to be closed whole. It is a
    state of its own and no entry: all that begins or ends it is journaled.
    """

    open: dict[Symbol, Naked] = field(default_factory=dict)
    covered: dict[Symbol, Covered] = field(default_factory=dict)
    closing: dict[Symbol, Tried] = field(default_factory=dict)
    ended_ms: int = 0
    spells: int = 0

    def apply(
        self,
        event: Event,
        *,
        is_open: Callable[[Symbol], bool],
        guard: Callable[[Symbol], object],
    ) -> None:
        """Fold one event; the two tell how things stand once it has been folded.

        `guard` is asked of what is open only, and None is NAKED.
        """
        if isinstance(event, Sending):
            self._sent(event)
            if event.leg is not Leg.ENTRY:
                return
        elif not isinstance(event, _CHANGES) or event.book is not Book.ACCOUNT:
            return
        symbol = event.symbol
        held = is_open(symbol)
        self._stands(event, naked=held and guard(symbol) is None)
        if not held:
            self.closing.pop(symbol, None)
            self.covered.pop(symbol, None)

    def total_ms(self, now_ms: UnixMs) -> int:
        """Return for how long positions were NAKED in all, those that still are included.

        Two at once count twice.
        """
        return self.ended_ms + sum(n.stretch_ms(now_ms) for n in self.open.values())

    def age_ms(self, symbol: Symbol, now_ms: UnixMs) -> int:
        """Return for how long a NAKED position was so in this spell; 0 where it is not.

        Where our clock was put back nobody knows: it is past every deadline.
        """
        naked = self.open.get(symbol)
        if naked is None:
            return 0
        put_back = naked.begun_ms - now_ms > AHEAD_MAX_MS
        return DEADLINE_MOST_MS if put_back else naked.age_ms(now_ms)

    def waits(self, symbol: Symbol, now_ms: UnixMs) -> bool:
        """Tell whether the last close of a position is too fresh for another."""
        before = self.closing.get(symbol)
        return before is not None and before.waits(now_ms)

    def _stands(self, event: _Change, *, naked: bool) -> None:
        symbol, at_ms = event.symbol, event.at_ms
        known = self.open.get(symbol)
        if naked and known is None:
            self.open[symbol] = self._begun(event)
        elif known is not None and not naked:
            del self.open[symbol]
            self.ended_ms += known.stretch_ms(at_ms)
            spell = replace(known, before_ms=known.age_ms(at_ms))
            # A stop that is seen again bears the time at which it was armed first.
            self.covered[symbol] = Covered(spell, max(at_ms, known.begun_ms))

    def _begun(self, event: _Change) -> Naked:
        """Return the spell of what is NAKED by this: the one before, or a new one.

        What grew beyond its stop, or has another plan, has lost none.
        """
        covered = self.covered.pop(event.symbol, None)
        if (
            covered is not None
            and event.at_ms - covered.since_ms < REST_MS
            and _lost_its_stop(event)
        ):
            return replace(covered.spell, again_ms=event.at_ms)
        self.spells += 1
        return Naked(event.at_ms)

    def _sent(self, order: Sending) -> None:
        symbol, known = order.symbol, self.open.get(order.symbol)
        if order.leg is Leg.STOP and known is not None:
            self.open[symbol] = replace(known, stops_sent=known.stops_sent + 1)
        elif order.leg is Leg.FLATTEN:
            before = self.closing.get(symbol)
            tries = before.tries + 1 if before else 1
            self.closing[symbol] = Tried(tries, order.at_ms)


def _lost_its_stop(event: _Change) -> bool:
    if isinstance(event, Filled):
        return event.kind is not FillKind.ENTRY
    return isinstance(event, OrderEnded)

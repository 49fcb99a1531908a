"""Since when a position is NAKED, and what was tried since: a fold of the journal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    OrderEnded,
    Sending,
    StopArmed,
    TrailingSet,
)
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.order import Leg

_CHANGES: Final = (Filled, StopArmed, TrailingSet, OrderEnded)


@final
@dataclass(frozen=True, slots=True)
class Naked:
    """One position that no confirmed stop covers whole.

    It is so since the journaled moment at which the fill, or the end of its stop, left it
    so. `stops_sent` counts the stops that were sent for it since.
    """

    since_ms: UnixMs
    stops_sent: int = 0


@final
@dataclass(frozen=True, slots=True)
class Closing:
    """How often a position that is still open was to be closed whole, and when last."""

    tries: int
    last_ms: UnixMs


@final
@dataclass(slots=True)
class Nakedness:
    """Which positions of the account are NAKED, since when; and how long any ever was.

    `ended_ms` adds up the spells that are over, `spells` counts them and those that are
    not. It is a state of its own and no entry: all that begins or ends it is journaled.
    """

    open: dict[Symbol, Naked] = field(default_factory=dict)
    closing: dict[Symbol, Closing] = field(default_factory=dict)
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
        if not held:
            self.closing.pop(symbol, None)
        self._stands(symbol, event.at_ms, naked=held and guard(symbol) is None)

    def total_ms(self, now_ms: UnixMs) -> int:
        """Return for how long positions were NAKED in all, those that still are included.

        Two at once count twice.
        """
        return self.ended_ms + sum(self.age_ms(symbol, now_ms) for symbol in self.open)

    def age_ms(self, symbol: Symbol, now_ms: UnixMs) -> int:
        """Return for how long a position has been NAKED; 0 where it is not."""
        naked = self.open.get(symbol)
        return max(0, now_ms - naked.since_ms) if naked else 0

    def _stands(self, symbol: Symbol, at_ms: UnixMs, *, naked: bool) -> None:
        known = self.open.get(symbol)
        if naked and known is None:
            self.open[symbol] = Naked(at_ms)
            self.spells += 1
        elif known is not None and not naked:
            del self.open[symbol]
            self.ended_ms += max(0, at_ms - known.since_ms)

    def _sent(self, order: Sending) -> None:
        symbol, known = order.symbol, self.open.get(order.symbol)
        if order.leg is Leg.STOP and known is not None:
            self.open[symbol] = replace(known, stops_sent=known.stops_sent + 1)
        elif order.leg is Leg.FLATTEN:
            before = self.closing.get(symbol)
            tries = before.tries + 1 if before else 1
            self.closing[symbol] = Closing(tries, order.at_ms)

"""What has to hold around an entry, besides account and market."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from bridge_patch.domain.account import Venues
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.money import ZERO
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.services.ports import Clock


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """How to learn whether exits are decided, the journal has room, and clocks agree.

    `exits_ms` is when the exit path was last alive; None where exits are decided in this
    very process, by the same loop that asks. `blind` names the open positions of which the
    exit path lacks what it decides by: nothing is opened beside them. `skew` is None where
    the venue runs on our own clock, as a simulated one does. `unread` says why the venue's
    records are not known.
    """

    clock: Clock
    venues: Venues
    exits: Callable[[], UnixMs | Unknown] | None = None
    blind: Callable[[], tuple[Symbol, ...]] = tuple
    skew: Callable[[], Reading] | None = None
    cramped: Callable[[], bool] = lambda: False
    unread: Callable[[], Unknown | None] = lambda: None

    def exits_ms(self) -> UnixMs | Unknown:
        """Return when the exit path was last alive and saw all that is open."""
        if blind := self.blind():
            return Unknown(f"blind on {', '.join(blind)}: the stop at the venue holds")
        return self.clock.now_ms() if self.exits is None else self.exits()

    def clock_skew_ms(self) -> Reading:
        """Return how far our clock is ahead of the venue's."""
        return Known(ZERO, self.clock.now_ms()) if self.skew is None else self.skew()

"""Whether an account may be live: the newest promotion, and what it was given for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, final

from bridge_patch.domain.events import Event, ModeOrdered
from bridge_patch.domain.intent import Mode, UnixMs

#: The market of a run that follows nobody's prices; what it shows counts for no promotion.
REPLAYED: Final = "replay"


class Standing(StrEnum):
    """What the gate says at a start; the first word of what is journaled and shown."""

    SHADOW = "SHADOW"
    PROMOTED = "PROMOTED"
    OVERRIDDEN = "OVERRIDDEN"
    UNPROMOTED = "UNPROMOTED"


@final
@dataclass(frozen=True, slots=True)
class Gate:
    """The gate's verdict, and why, in a sentence."""

    standing: Standing
    why: str

    def __str__(self) -> str:
        return f"{self.standing}: {self.why}"

    @property
    def passed(self) -> bool:
        """Whether a live start is covered by what a person recorded."""
        return self.standing is not Standing.UNPROMOTED


@final
@dataclass(slots=True)
class Mandate:
    """A fold of what persons ordered about the mode; the newest word is what counts.

    A promotion is for the limits and the market that it names and for no others. `demoted`
    tells that somebody once ordered shadow.
    """

    last: ModeOrdered | None = None
    demoted: bool = False

    def apply(self, event: Event) -> None:
        """Fold one journaled event."""
        if isinstance(event, ModeOrdered):
            self.last = event
            self.demoted = self.demoted or event.mode is Mode.SHADOW

    def gate(self, mode: Mode, *, limits_hash: str, market: str, now_ms: UnixMs) -> Gate:
        """Return what the gate says to a start in this mode, under these limits, here.

        `now_ms` is a person's clock: an override ends by it.
        """
        if mode is Mode.SHADOW:
            return Gate(Standing.SHADOW, "nothing is opened at a venue")
        last = self.last
        if last is None:
            return Gate(Standing.UNPROMOTED, "no promotion is recorded")
        why = _objection(last, limits_hash=limits_hash, market=market, now_ms=now_ms)
        if why:
            return Gate(Standing.UNPROMOTED, why)
        if last.expires_ms is None:
            return Gate(Standing.PROMOTED, f"by {_told(last)}")
        until = f"until {_day(last.expires_ms)}, by {_told(last)}"
        return Gate(Standing.OVERRIDDEN, until)


def _objection(last: ModeOrdered, *, limits_hash: str, market: str, now_ms: UnixMs) -> str:
    """Return why the newest order does not cover a live start; "" where it does."""
    if last.mode is Mode.SHADOW:
        return f"ordered back to shadow by {_told(last)}"
    if last.limits_hash != limits_hash:
        return f"the promotion is for limits {last.limits_hash}, not {limits_hash}"
    if last.market != market:
        return f"the promotion is for {last.market}, not {market}"
    if last.expires_ms is not None and now_ms >= last.expires_ms:
        return f"the override ended {_day(last.expires_ms)}; it was by {_told(last)}"
    return ""


def _told(order: ModeOrdered) -> str:
    return f"{order.who}, {_day(order.at_ms)}: {order.why}"


def _day(at_ms: UnixMs) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d %H:%M} UTC"

"""Exits decided by another process; to the session they look like a brain of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, final

from bridge_patch.domain.intent import IntentId, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.policy.harvesting import Track
from bridge_patch.services.ports import Telemetry
from bridge_patch.services.progress import NEVER

#: A sign of life that is younger is not asked for again.
SIGN_MS: Final = 1_000
UNHEARD: Final = Unknown("no exit process has been heard of yet")


class Exits(Protocol):
    """Whoever decides on exits: in this process or in another one."""

    async def act(self, tick: Tick, mark: Callable[[], Awaitable[None]]) -> bool:
        """Decide on new bars; tell whether reductions went onto the bus.

        `mark` makes it durable that the tick has begun; it comes before they do.
        """
        ...

    async def pulse(self, now_ms: UnixMs) -> None:
        """Show between two ticks that the exits are alive: something is to be judged."""
        ...

    def see(self, tick: Tick) -> None:
        """Take in bars that were decided upon before."""
        ...

    async def catch_up(self) -> None:
        """Take in every position change there is."""
        ...

    def tracks(self) -> Mapping[Symbol, Track]:
        """Return what is harvested here, and how far."""
        ...

    def blind(self) -> tuple[Symbol, ...]:
        """Return the open positions of which they lack what they decide by."""
        ...


class Turns(Protocol):
    """The way to another process and back, once per tick."""

    async def decided(self, at_ms: UnixMs) -> tuple[IntentId, ...] | None:
        """Return what was asked at that tick; None where nobody decided in time."""
        ...

    async def newest_ms(self) -> UnixMs:
        """Return the newest tick that was decided; 0 where there is none."""
        ...

    def blind(self) -> tuple[Symbol, ...]:
        """Return the open positions of which the newest answer says that it is blind."""
        ...


@final
@dataclass(slots=True)
class ExitsApart:
    """Lets another process decide, and knows whether it does.

    While it is silent nothing new may be opened: nobody would harvest it. It counts as
    silent until it has decided on the newest tick; a restart learns that from its answers.
    """

    turns: Turns
    telemetry: Telemetry
    silent: bool = True
    heard_ms: UnixMs | Unknown = UNHEARD
    _newest_ms: UnixMs = NEVER
    _turn_ms: UnixMs = NEVER
    _told: bool = False

    async def act(self, tick: Tick, mark: Callable[[], Awaitable[None]]) -> bool:
        """Let the other process decide; tell whether it put reductions onto the bus."""
        await mark()
        self._turn_ms = tick.at_ms
        asked = await self.turns.decided(tick.at_ms)
        self._heard(silent=asked is None)
        if asked is not None:
            self.heard_ms = tick.at_ms
        return bool(asked)

    async def pulse(self, now_ms: UnixMs) -> None:
        """Ask for a sign of life, unless the last one is fresh.

        It is a turn without a tick, counted on from the newest one: a bar that is still to
        come has a later time than all of them.
        """
        heard_ms = self.heard_ms
        if not isinstance(heard_ms, Unknown) and now_ms - heard_ms < SIGN_MS:
            return
        self._turn_ms = UnixMs(max(self._turn_ms, self._newest_ms) + 1)
        silent = await self.turns.decided(self._turn_ms) is None
        self._heard(silent=silent)
        if not silent:
            self.heard_ms = now_ms

    def see(self, tick: Tick) -> None:
        """Note whether a past tick was decided; the other process reads it itself."""
        self._turn_ms = tick.at_ms
        self.silent = self._newest_ms < tick.at_ms
        if not self.silent:
            self.heard_ms = tick.at_ms

    async def catch_up(self) -> None:
        """Learn how far it came; the other process follows the positions itself."""
        self._newest_ms = await self.turns.newest_ms()

    def tracks(self) -> Mapping[Symbol, Track]:
        """Return nothing: nothing is harvested here."""
        return {}

    def blind(self) -> tuple[Symbol, ...]:
        """Return of which open positions the other process lacks what it decides by."""
        return self.turns.blind()

    def _heard(self, *, silent: bool) -> None:
        """Say it once when the other process falls silent, and once when it is back."""
        if silent and not self._told:
            self.telemetry.note(
                "EXITS",
                "the exit process is silent: no entries until it answers,"
                " reductions and the stops at the venue hold; start bridge-patch exits",
            )
        if self._told and not silent:
            self.telemetry.note(
                "EXITS", "the exit process answers again: entries may go on"
            )
        self.silent = self._told = silent

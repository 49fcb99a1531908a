"""The one switch: what a person orders is in force before anything else is sent.

It is read with every tick and once more between the verdict and the send, so an order that
was judged a moment before a halt does not leave. Reducing never asks it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol, final

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Event, ModeOrdered, Rearmed, TradingState
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.services.adoptions import Adoptions
from bridge_patch.services.holds import BY_REASON, FLATTEN, OPERATOR, ORDERED
from bridge_patch.services.messages import NOBODY, WORDS, Command, Wish
from bridge_patch.services.permit import Permit
from bridge_patch.services.ports import Clock
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.streams_watch import StreamsWatch
from bridge_patch.services.unknowns import Unknowns

_STATES: Final = {
    Wish.HALT: TradingState.HALTED,
    Wish.FLATTEN: TradingState.HALTED,
    Wish.REDUCE: TradingState.REDUCING,
    Wish.RESUME: TradingState.RUNNING,
}
#: What a person may order about the mode.
_MODES: Final = frozenset({Wish.PROMOTE, Wish.DEMOTE})
_HOUR_MS: Final = 3_600_000


class Commands(Protocol):
    """Where a person's orders come from."""

    async def ordered(self) -> tuple[Command, ...]:
        """Return what is not done yet, oldest first, without waiting."""
        ...

    async def done(self, commands: Sequence[Command]) -> None:
        """Say that these are in the journal."""
        ...


@final
@dataclass(slots=True, kw_only=True)
class Switch:
    """Carries out what a person ordered: durable first, acknowledged after.

    While it is `blind`, orders cannot be read: nothing may be opened, and nothing else
    waits for it.
    """

    commands: Commands
    recorder: Recorder
    clock: Clock
    unknowns: Unknowns
    adoptions: Adoptions
    permit: Permit
    streams: StreamsWatch
    blind: bool = False

    async def heed(self) -> None:
        """Put in force whatever was ordered; a command that comes again changes nothing.

        Whether the run may open still, by what was recorded, is looked at every time; who
        reads which stream, now and then.
        """
        await self._heed()
        for watch in (self.permit, self.streams):
            latch = watch.due(self.recorder.gauge.holds)
            if latch is not None:
                await self.recorder.write(latch)

    async def _heed(self) -> None:
        try:
            commands = await self.commands.ordered()
        except BrokenPromiseError:
            raise
        except Exception as e:  # noqa: BLE001 - what cannot be read opens nothing
            self.blind = True
            self.recorder.telemetry.note(
                "SWITCH", "a person's orders cannot be read", error=type(e).__name__
            )
            return
        self.blind = False
        if not commands:
            return
        for command in commands:
            holds = self.recorder.gauge.holds
            # What nobody understood, or proved to have given, loosens no person's order.
            ordered = any(cause in holds for cause in ORDERED)
            if command.id in holds.heeded or (command.who == NOBODY and ordered):
                continue
            if command.wish in WORDS:
                await self.unknowns.heed(command)
                continue
            if command.wish is Wish.ADOPT_POSITION:
                await self.adoptions.heed(command)
                continue
            # The equity that a resume counts from is durable with it.
            read = self.recorder.gauge.mark() if command.wish is Wish.RESUME else None
            due = [] if read is None else [read]
            await self.recorder.write(*due, self._event(command))
        await self.commands.done(commands)

    def _event(self, command: Command) -> Event:
        now_ms = self.clock.now_ms()
        if command.wish in _MODES:
            return _mode_ordered(command, now_ms)
        if command.wish is Wish.REARM and command.symbol is not None:
            return Rearmed(
                book=self.recorder.gauge.book,
                at_ms=now_ms,
                symbol=command.symbol,
                who=command.who,
                why=command.why,
                command_id=command.id,
            )
        return self.recorder.gauge.holds.latch(
            _STATES.get(command.wish, TradingState.HALTED),
            FLATTEN if command.wish is Wish.FLATTEN else OPERATOR,
            command.why,
            now_ms,
            who=command.who,
            command_id=command.id,
            releases=self._released(command),
        )

    def _released(self, command: Command) -> set[str]:
        """Return what a resume lets go of: a person's order, and the hold it answers."""
        if command.wish is not Wish.RESUME:
            return set()
        holds, seen = self.recorder.gauge.holds, command.answers
        if seen is None or (seen.book, seen.since_ms) != (
            holds.book,
            holds.since_ms(seen.cause),
        ):
            return {*ORDERED}
        return {*ORDERED, seen.cause} - BY_REASON


def _mode_ordered(command: Command, now_ms: UnixMs) -> ModeOrdered:
    """Return a person's order about the mode; what a promotion is for goes with it."""
    grant = command.grant
    if grant is None:
        return ModeOrdered(
            at_ms=now_ms,
            mode=Mode.SHADOW,
            who=command.who,
            why=command.why,
            command_id=command.id,
        )
    hours = grant.override_hours
    return ModeOrdered(
        at_ms=now_ms,
        mode=Mode.LIVE,
        who=command.who,
        why=command.why,
        limits_hash=grant.limits_hash,
        market=grant.market,
        evidence=grant.evidence,
        expires_ms=None if hours is None else UnixMs(now_ms + hours * _HOUR_MS),
        command_id=command.id,
    )

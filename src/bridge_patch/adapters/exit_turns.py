"""Turns at a tick, between the execution and an exit brain in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from time import monotonic
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Bus, Post
from bridge_patch.adapters.streams import EXIT_TURN, MARKET_TICK, TRADE_INTENT
from bridge_patch.domain.intent import IntentId, ReduceIntent, Symbol, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.services.limits_heard import LimitsHeard
from bridge_patch.services.turns import ExitTurn, TurnStage

_BATCH: Final = 512
_NEVER: Final = UnixMs(-1)


def _ours(limits: LimitsHeard | None) -> str:
    return limits.ours if limits else ""


@final
class _Turns:
    """Follows the turns from the beginning of the stream; its place is kept in memory."""

    def __init__(self, bus: Bus) -> None:
        self._bus, self._after = bus, ""

    async def next(self, wait_ms: int) -> tuple[ExitTurn, ...]:
        found = await self._bus.follow(
            EXIT_TURN, self._after, count=_BATCH, wait_ms=wait_ms
        )
        if found:
            self._after = found[-1].entry_id
        return tuple(codec.decode_exit_turn(message.envelope) for message in found)


@final
class TurnGiver:
    """The execution's side: says that a tick's exits are due and waits for the answer.

    Whoever was silent for `silence_max_ms` is waited for again once it is heard. `limits`
    hears under which limits the answers were made.
    """

    def __init__(
        self, bus: Bus, *, silence_max_ms: int, limits: LimitsHeard | None = None
    ) -> None:
        self._bus, self._turns, self._limits = bus, _Turns(bus), limits
        self._silence_max_ms = silence_max_ms
        self._silent = False
        self._last: ExitTurn | None = None

    async def decided(self, at_ms: UnixMs) -> tuple[IntentId, ...] | None:
        """Return what was asked at that tick; None where nobody decided in time."""
        await self._hear(wait_ms=0)
        if not self._has(at_ms):
            await self.due(at_ms)
            await self._wait(at_ms)
        self._silent = not self._has(at_ms)
        if self._limits and self._last and not self._silent:
            self._limits.hear(self._last.limits_hash)
        return self._last.asked if self._last and not self._silent else None

    async def newest_ms(self) -> UnixMs:
        """Return the newest tick that was decided; 0 where there is none."""
        await self._hear(wait_ms=0)
        return self._last.at_ms if self._last else UnixMs(0)

    def blind(self) -> tuple[Symbol, ...]:
        """Return the open positions of which the newest answer says that it is blind."""
        return self._last.blind if self._last else ()

    async def due(self, at_ms: UnixMs) -> None:
        """Publish that the exits of a tick are due; one without bars ends the market."""
        due = ExitTurn(at_ms=at_ms, stage=TurnStage.DUE, limits_hash=_ours(self._limits))
        await self._bus.publish((Post(EXIT_TURN, codec.encode_exit_turn(due)),))

    async def _wait(self, at_ms: UnixMs) -> None:
        ends = monotonic() + (0 if self._silent else self._silence_max_ms / 1000)
        while not self._has(at_ms) and (left := ends - monotonic()) > 0:
            await self._hear(wait_ms=max(1, round(left * 1000)))

    async def _hear(self, *, wait_ms: int) -> None:
        while turns := await self._turns.next(wait_ms):
            wait_ms = 0
            for turn in turns:
                if turn.stage is TurnStage.DONE:
                    self._last, self._silent = turn, False

    def _has(self, at_ms: UnixMs) -> bool:
        return self._last is not None and self._last.at_ms == at_ms


@final
class TurnTaker:
    """The exit brain's side: which tick is due, and one answer to each.

    `limits` hears under which limits the execution works.
    """

    def __init__(self, bus: Bus, limits: LimitsHeard | None = None) -> None:
        self._limits, self._theirs = limits, ""
        self._bus, self._turns, self._tick_after = bus, _Turns(bus), ""
        self._due: list[UnixMs] = []
        self._done_ms = self._seen_ms = _NEVER

    async def resume(self) -> AsyncIterator[Tick]:
        """Yield every tick up to the last one that was decided, oldest first."""
        await self._read(wait_ms=0)
        if self._done_ms != _NEVER:
            async for tick in self.up_to(self._done_ms):
                yield tick

    async def due(self, wait_ms: int) -> UnixMs | None:
        """Return the oldest tick whose exits are due; None when none came."""
        if not self._due:
            await self._read(wait_ms)
        if self._limits and self._due:
            self._limits.hear(self._theirs)
        return self._due[0] if self._due else None

    async def up_to(self, at_ms: UnixMs) -> AsyncIterator[Tick]:
        """Yield the ticks behind the last one that was yielded, `at_ms` the last.

        A tick that a restarted feed published again is yielded once.
        """
        while found := await self._bus.follow(
            MARKET_TICK, self._tick_after, count=_BATCH, wait_ms=0
        ):
            for message in found:
                tick = codec.decode_tick(message.envelope)
                if tick.at_ms > at_ms:
                    return
                self._tick_after = message.entry_id
                if tick.at_ms > self._seen_ms:
                    self._seen_ms = tick.at_ms
                    yield tick

    async def done(
        self,
        at_ms: UnixMs,
        asked: Sequence[ReduceIntent],
        blind: tuple[Symbol, ...] = (),
    ) -> None:
        """Publish what is asked and that the tick is decided, in one transaction.

        `blind` names the open positions of which it lacks what it decides by.
        """
        names = tuple(intent.id for intent in asked)
        turn = ExitTurn(
            at_ms=at_ms,
            stage=TurnStage.DONE,
            asked=names,
            limits_hash=_ours(self._limits),
            blind=blind,
        )
        posts = [Post(TRADE_INTENT, codec.encode_reduce(intent)) for intent in asked]
        await self._bus.publish((*posts, Post(EXIT_TURN, codec.encode_exit_turn(turn))))
        self._take(turn)

    async def _read(self, wait_ms: int) -> None:
        while turns := await self._turns.next(wait_ms):
            wait_ms = 0
            for turn in turns:
                self._take(turn)

    def _take(self, turn: ExitTurn) -> None:
        if turn.stage is TurnStage.DONE:
            self._done_ms = max(self._done_ms, turn.at_ms)
        else:
            self._theirs = turn.limits_hash
            if turn.at_ms not in self._due:
                self._due.append(turn.at_ms)
        self._due = [at_ms for at_ms in self._due if at_ms > self._done_ms]

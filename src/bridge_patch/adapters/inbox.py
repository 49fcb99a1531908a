"""The services' view of the bus: intents in, outcomes out, over any raw bus."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final, TypeVar, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Ack, Bus, Distrusted, Message, Post, Reader
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.streams import (
    CONTROL,
    DEAD_LETTER,
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    POSITION_UPDATE,
    TRADE_INTENT,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import IntentId, Mode, ReduceIntent, UnixMs
from bridge_patch.services.backlog import Waiting
from bridge_patch.services.messages import (
    NOBODY,
    Command,
    DeadLetter,
    Delivery,
    Draft,
    LateEntry,
    LateLetter,
    Poison,
    PositionUpdate,
    Result,
    Settlement,
    Unreadable,
    Wish,
)
from bridge_patch.services.ports import Clock, Telemetry

_T = TypeVar("_T")
_U = TypeVar("_U")

#: Most entries that a follower takes at once.
_BATCH: Final = 512


@final
class BusInbox:
    """The Inbox port, for the one execution service of an account.

    `mode` is the service's own: a message can lower it and never raise it. `clock` says how
    old a message is; on a replay it shows data time. `consumer` must stay the same over
    restarts, so that what was in hand comes back first. Entries older than `age_max_ms` are
    only looked at, where a look is enough.
    """

    def __init__(
        self, bus: Bus, *, consumer: str, mode: Mode, clock: Clock, age_max_ms: int
    ) -> None:
        self._bus, self._mode, self._clock = bus, mode, clock
        self._age_max_ms = age_max_ms
        self._handed: tuple[Message, ...] = ()
        self._reader = Reader(group=EXECUTION_GROUP, consumer=consumer)

    async def read(self, count: int, wait_ms: int) -> tuple[Delivery | LateEntry, ...]:
        messages = await self._bus.read(
            self._reader, (TRADE_INTENT,), count=count, wait_ms=wait_ms
        )
        now = self._clock.now_ms()
        self._handed = messages or self._handed
        late = codec.late_entries(
            [message.envelope for message in messages],
            now_ms=now,
            age_max_ms=self._age_max_ms,
        )
        return tuple(
            [
                _unproved(message, message.distrusted)
                if message.distrusted
                else self._read(message, now)
                if seen is None
                else LateEntry(message.entry_id, *seen)
                for message, seen in zip(messages, late, strict=True)
            ]
        )

    async def waiting(self) -> Waiting:
        """Say what waits; the oldest is the one behind what this connection read last.

        What it says of its age is shown, whoever wrote it, and decides nothing.
        """
        depth = await self._bus.depth(TRADE_INTENT, EXECUTION_GROUP)
        after = self._handed[-1].entry_id if self._handed else ""
        found = await self._bus.peek(TRADE_INTENT, after) if depth.lag else None
        oldest_ms = codec.made_at(found.as_it_came) if found else None
        return Waiting(lag=depth.lag, pending=depth.pending, oldest_ms=oldest_ms)

    def whole(self, late: LateEntry) -> Delivery:
        (message,) = (m for m in self._handed if m.entry_id == late.entry_id)
        return self._read(message, self._clock.now_ms())

    def _read(self, message: Message, now: UnixMs) -> Delivery:
        return codec.decode_delivery(
            message.envelope, entry_id=message.entry_id, mode=self._mode, now_ms=now
        )

    async def left(self) -> int:
        depth = await self._bus.depth(TRADE_INTENT, EXECUTION_GROUP)
        return depth.lag + depth.pending

    async def settle(self, settlement: Settlement) -> None:
        acks = tuple(Ack(TRADE_INTENT, entry_id) for entry_id in settlement.acknowledged)
        await self._bus.commit(EXECUTION_GROUP, acks, tuple(_posts(settlement)))


@final
class BusCommands:
    """What persons order, for the one execution service of an account.

    What is no command, or was not proved to come from somebody who may give one, may have
    been meant to stop everything: it is set aside with its bytes, and taken for an order to
    only reduce. So nothing but a command with a good signature ever releases anything.
    """

    def __init__(self, bus: Bus, *, consumer: str) -> None:
        self._bus = bus
        self._reader = Reader(group=EXECUTION_GROUP, consumer=consumer)

    async def ordered(self) -> tuple[Command, ...]:
        messages = await self._bus.read(self._reader, (CONTROL,), count=_BATCH, wait_ms=0)
        commands = []
        for message in messages:
            try:
                command = codec.decode_command(message.envelope)
            except InvalidValueError as e:
                refused, why = message.distrusted, "a command that was not understood"
                if refused:
                    why = f"a command that nobody proved to have given: {refused.reason}"
                letter = DeadLetter(
                    entry_id=message.entry_id,
                    reason=refused.reason if refused else "command_not_understood",
                    faults=(why if refused else str(e),),
                    payload=message.as_it_came.payload or "",
                )
                post = Post(DEAD_LETTER, codec.encode_dead_letter(letter))
                await self._bus.publish((post,))
                command = Command(
                    at_ms=UnixMs(0),
                    id=f"not-understood-{message.entry_id}",
                    wish=Wish.REDUCE,
                    who=NOBODY,
                    why=why,
                )
            commands.append(replace(command, entry_id=message.entry_id))
        return tuple(commands)

    async def done(self, commands: Sequence[Command]) -> None:
        acks = tuple(Ack(CONTROL, command.entry_id) for command in commands)
        await self._bus.commit(EXECUTION_GROUP, acks, ())


@final
class BusOutbox:
    """The Outbox port, for anyone who proposes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def propose(self, *drafts: Draft) -> tuple[IntentId, ...]:
        posts = tuple(Post(TRADE_INTENT, codec.encode_draft(draft)) for draft in drafts)
        await self._bus.publish(posts)
        return tuple(draft.id for draft in drafts)

    async def reduce(self, intent: ReduceIntent) -> None:
        await self._bus.publish((Post(TRADE_INTENT, codec.encode_reduce(intent)),))


@final
class BusOutcomes:
    """The Outcomes port: follows both streams from a place of its own, kept in memory.

    `results_after` and `positions_after` are entry ids; "" is the beginning of the stream,
    and `last_id` of the bus's depth is its end. An entry that is no outcome is told and
    passed over: nothing that a proposer does hangs on a message which nobody can read.
    """

    def __init__(
        self,
        bus: Bus,
        telemetry: Telemetry,
        *,
        results_after: str = "",
        positions_after: str = "",
    ) -> None:
        self._bus, self._telemetry = bus, telemetry
        self._after = {EXECUTION_RESULT: results_after, POSITION_UPDATE: positions_after}

    async def results(self, wait_ms: int) -> tuple[Result, ...]:
        return await self._follow(EXECUTION_RESULT, codec.decode_result, wait_ms)

    async def positions(self, wait_ms: int) -> tuple[PositionUpdate | Unreadable, ...]:
        return await self._follow(
            POSITION_UPDATE, codec.decode_position, wait_ms, unreadable=_unreadable
        )

    async def _follow(
        self,
        stream: str,
        decode: Callable[[Envelope], _T],
        wait_ms: int,
        *,
        unreadable: Callable[[Message], _U | None] = lambda _: None,
    ) -> tuple[_T | _U, ...]:
        messages = await self._bus.follow(
            stream, self._after[stream], count=_BATCH, wait_ms=wait_ms
        )
        found: list[_T | _U] = []
        for message in messages:
            try:
                found.append(decode(message.envelope))
            except InvalidValueError as error:
                self._telemetry.note(
                    "BUS",
                    "an entry was passed over",
                    stream=stream,
                    entry=message.entry_id,
                    why=str(error),
                )
                if (instead := unreadable(message)) is not None:
                    found.append(instead)
            self._after[stream] = message.entry_id
        return tuple(found)


def _unreadable(message: Message) -> Unreadable | None:
    """Return of what a statement was that cannot be read; None where nobody made one."""
    if message.distrusted is not None:
        return None
    return Unreadable(codec.symbol_in(message.envelope))


def _unproved(message: Message, refused: Distrusted) -> Delivery:
    """Return what is no intent, because anybody may have written it; its bytes are kept."""
    payload = refused.envelope.payload
    return Delivery(
        entry_id=message.entry_id,
        content=Poison(
            faults=(f"nobody proved to have written it: {refused.reason}",),
            reason=refused.reason,
        ),
        payload=json.dumps(refused.envelope.fields) if payload is None else payload,
    )


def _posts(settlement: Settlement) -> Iterator[Post]:
    for result in settlement.results:
        yield Post(EXECUTION_RESULT, codec.encode_result(result))
    for update in settlement.positions:
        yield Post(POSITION_UPDATE, codec.encode_position(update))
    for letter in settlement.dead_letters:
        if isinstance(letter, LateLetter):
            yield Post(DEAD_LETTER, codec.encode_late_letter(letter))
        else:
            yield Post(DEAD_LETTER, codec.encode_dead_letter(letter))

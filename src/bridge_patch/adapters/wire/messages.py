"""What the services tell each other: results, positions, dead letters, market ticks."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import fields
from decimal import Decimal
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire.faults import quoted
from bridge_patch.adapters.wire.figures import json_of, looked_through, require_finite
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.adapters.wire.policy import policy_fields
from bridge_patch.adapters.wire.schema import SCHEMA_OURS
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import BulkExpired, Settled
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.market import Tick
from bridge_patch.services.messages import (
    Barrier,
    Command,
    DeadLetter,
    LateLetter,
    PositionUpdate,
    Result,
)
from bridge_patch.services.turns import ExitTurn, TurnStage

EXECUTION_RESULT: Final = "execution.result"
POSITION_UPDATE: Final = "position.update"
MARKET_TICK: Final = "market.tick"
BARRIER: Final = "replay.barrier"
EXIT_TURN: Final = "exit.turn"
DEAD_LETTER: Final = "trade.intent.dead"
CONTROL: Final = "control"

_T = TypeVar("_T")
_OUTCOMES: Final = {"settled": Settled, "bulk_expired": BulkExpired}
_POLICY_FIELDS: Final = ("harvest_policy", "policy")
_POLICY_NAMES: Final = {
    "max_time_sec": "hold_max_sec",
    "partial_close_pct": None,  # the old name of what partial_close_fraction says
}


def encode_result(result: Result) -> Envelope:
    """Write an outcome; `outcome` says whether it is of one intent or names many."""
    word = "settled" if isinstance(result, Settled) else "bulk_expired"
    return _envelope(EXECUTION_RESULT, result, "execution", outcome=word)


def decode_result(envelope: Envelope) -> Result:
    """Return the outcome that was published, or raise InvalidValueError."""
    read = _object(envelope, EXECUTION_RESULT)
    word = read.pop("outcome", None)
    if not isinstance(word, str) or word not in _OUTCOMES:
        msg = f"outcome must be one of {', '.join(_OUTCOMES)}, was {quoted(str(word))}"
        raise InvalidValueError(msg)
    return _as(_OUTCOMES[word], read)


def encode_position(update: PositionUpdate) -> Envelope:
    """Write a position after a change; of what it cost only what there is."""
    names = ("cost_usd", "exit_fraction", "partial_asked")
    unsaid = tuple(name for name in names if not getattr(update, name))
    return _envelope(POSITION_UPDATE, update, "execution", leaving=unsaid)


def decode_position(envelope: Envelope) -> PositionUpdate:
    """Return the position that was published, or raise InvalidValueError."""
    return _as(PositionUpdate, _object(envelope, POSITION_UPDATE))


def encode_tick(tick: Tick) -> Envelope:
    """Write the bars that closed at one instant; of the rest only what there is."""
    unsaid = tuple(n for n in ("fundings", "terms", "marks") if not getattr(tick, n))
    return _envelope(MARKET_TICK, tick, "feed", leaving=unsaid)


def decode_tick(envelope: Envelope) -> Tick:
    """Return the tick that was published, or raise InvalidValueError."""
    return _as(Tick, _object(envelope, MARKET_TICK))


def encode_barrier(barrier: Barrier) -> Envelope:
    """Write that a tick is complete."""
    return _envelope(BARRIER, barrier, "execution")


def decode_barrier(envelope: Envelope) -> Barrier:
    """Return which tick is complete, or raise InvalidValueError."""
    return _as(Barrier, _object(envelope, BARRIER))


def encode_exit_turn(turn: ExitTurn) -> Envelope:
    """Write whose turn it is at a tick; each stage has one who writes it."""
    source = "execution" if turn.stage is TurnStage.DUE else "exit-brain"
    said = {"blind": turn.blind, "limits_hash": turn.limits_hash}
    unsaid = tuple(name for name, value in said.items() if not value)
    return _envelope(EXIT_TURN, turn, source, leaving=unsaid)


def decode_exit_turn(envelope: Envelope) -> ExitTurn:
    """Return whose turn it is, or raise InvalidValueError."""
    return _as(ExitTurn, _object(envelope, EXIT_TURN))


def encode_command(command: Command) -> Envelope:
    """Write what a person orders."""
    optional = ("symbol", "answers", "named", "policy", "grant")
    unsaid = tuple(name for name in optional if getattr(command, name) is None)
    return _envelope(CONTROL, command, command.who, leaving=("entry_id", *unsaid))


def decode_command(envelope: Envelope) -> Command:
    """Return what was ordered, or raise InvalidValueError."""
    return _as(Command, _object(envelope, CONTROL))


def encode_dead_letter(letter: DeadLetter) -> Envelope:
    """Write a message that was set aside, with its bytes as they came.

    Text stands under `payload`; bytes that are no text, under `payload_base64`. The reason
    is a field of its own. There is no timestamp: the entry's id says when.
    """
    kept: dict[str, object] = {"payload": letter.payload}
    try:
        letter.payload.encode()
    except UnicodeEncodeError:
        kept = {"payload_base64": base64.b64encode(_raw(letter.payload)).decode()}
    stated = {"entry_id": letter.entry_id, "reason": letter.reason, "faults": letter.faults}
    return _letter(letter.reason, json_of(stated | kept))


def encode_late_letter(letter: LateLetter) -> Envelope:
    """Write many entries as one dead letter: each is named, and its text kept as it came.

    The text is an object already, and stands there as one, not as a text in a text.
    """
    entries = [
        _Late(late.entry_id, late.intent_id, msgspec.Raw(late.payload.encode()))
        for late in letter.entries
    ]
    made = _Letter(letter.reason, letter.faults, entries)
    return _letter(letter.reason, _WRITER.encode(made).decode())


def decode_dead_letters(envelope: Envelope) -> tuple[DeadLetter, ...]:
    """Return every message that one record set aside, or raise InvalidValueError."""
    if "entries" not in _object(envelope, DEAD_LETTER):
        return (decode_dead_letter(envelope),)
    try:
        found = _LETTER.decode(envelope.payload or "")
    except msgspec.MsgspecError as e:
        msg = f"{DEAD_LETTER} cannot be read: {_safe(e)}"
        raise InvalidValueError(msg) from e
    return tuple(
        DeadLetter(
            entry_id=late.entry_id,
            reason=found.reason,
            faults=found.faults,
            payload=bytes(late.payload).decode(),
        )
        for late in found.entries
    )


def _letter(reason: str, payload: str) -> Envelope:
    return Envelope(
        (
            ("event_type", DEAD_LETTER),
            ("payload", payload),
            ("source", "execution"),
            ("reason", reason),
        )
    )


def decode_dead_letter(envelope: Envelope) -> DeadLetter:
    """Return what was set aside, its payload as it came, or raise InvalidValueError."""
    read = _object(envelope, DEAD_LETTER)
    if "payload_base64" in read:
        try:
            raw = base64.b64decode(str(read.pop("payload_base64")), validate=True)
        except ValueError as e:
            msg = "payload_base64 must be base64"
            raise InvalidValueError(msg) from e
        read["payload"] = ""
        letter = _as(DeadLetter, read)
        return DeadLetter(
            entry_id=letter.entry_id,
            reason=letter.reason,
            faults=letter.faults,
            payload=raw.decode("utf-8", "surrogateescape"),
        )
    return _as(DeadLetter, read)


def _raw(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _envelope(
    kind: str,
    message: Settled | BulkExpired | PositionUpdate | Tick | Barrier | ExitTurn | Command,
    source: str,
    leaving: tuple[str, ...] = (),
    **more: object,
) -> Envelope:
    require_finite(message)
    its_kind: Any = type(message)
    stated: dict[str, object] = {"schema": SCHEMA_OURS, **more}
    for name in _names(its_kind):
        if name not in leaving:
            stated[name] = getattr(message, name)
    for name in _POLICY_FIELDS:
        if isinstance(policy := stated.get(name), HarvestPolicy):
            stated[name] = policy_fields(policy)
    return Envelope.of(
        event_type=kind,
        payload=looked_through(stated),
        timestamp=iso_of(message.at_ms),
        source=source,
    )


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(f.name for f in fields(kind))


def _object(envelope: Envelope, kind: str) -> dict[str, Any]:
    if envelope.event_type != kind:
        found = quoted(envelope.event_type or "")
        msg = f"event_type must be {kind}, was {found}"
        raise InvalidValueError(msg)
    try:
        read = _READER.decode(envelope.payload or "")
    except (msgspec.MsgspecError, ArithmeticError, RecursionError, UnicodeError) as e:
        msg = f"{kind} cannot be read: {_safe(e)}"
        raise InvalidValueError(msg) from e
    return {
        name: _policy(value) if name in _POLICY_FIELDS else value
        for name, value in read.items()
    }


class _Late(msgspec.Struct, frozen=True):
    entry_id: str
    intent_id: str
    payload: msgspec.Raw


class _Letter(msgspec.Struct, frozen=True):
    reason: str
    faults: tuple[str, ...]
    entries: list[_Late]


_LETTER: Final = msgspec.json.Decoder(_Letter)
_WRITER: Final = msgspec.json.Encoder()
_READER: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def _policy(value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    renamed = {_POLICY_NAMES.get(name, name): item for name, item in value.items()}
    return {name: item for name, item in renamed.items() if name is not None}


def _as(kind: type[_T], read: Mapping[str, object]) -> _T:
    try:
        message = msgspec.convert(read, kind)
    except (msgspec.MsgspecError, ArithmeticError, RecursionError) as e:
        msg = f"{kind.__name__} cannot be read: {_safe(e)}"
        raise InvalidValueError(msg) from e
    require_finite(message)
    return message


def _safe(error: Exception) -> str:
    """Return an error's words on one line: they may quote what was read."""
    return ascii(str(error)[:200])

"""An entry of the embedded bus as its table holds it."""

from __future__ import annotations

import json
import sqlite3
from typing import Final

import msgspec

from bridge_patch.adapters.bus import Message
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.errors import InvalidValueError

#: One step in the index for each name, however many entries it has.
_NAMES: Final = """
WITH RECURSIVE named (stream) AS (
    SELECT min(stream) FROM bus_entry UNION ALL
    SELECT (SELECT min(stream) FROM bus_entry WHERE stream > named.stream) FROM named
    WHERE named.stream IS NOT NULL)
SELECT stream FROM named WHERE stream IS NOT NULL"""
_GROUPS: Final = "SELECT stream, name FROM bus_group ORDER BY stream, name"
_fields = msgspec.json.Decoder(tuple[tuple[str, str], ...])


def entry_id_of(number: int) -> str:
    """Return an id of equal length for all, so that ids sort as texts."""
    return f"{number:015d}"


def number_of(entry_id: str) -> int:
    """Return the number that an id stands for, or raise InvalidValueError."""
    if not (entry_id.isascii() and entry_id.isdigit()):
        msg = f"an entry id of this bus is a number, was {entry_id!r}"
        raise InvalidValueError(msg)
    return int(entry_id)


def stored_text(envelope: Envelope) -> str:
    """Return an envelope as a row has it."""
    try:
        return msgspec.json.encode(envelope.fields).decode()
    except UnicodeEncodeError:  # bytes that were no text, kept as lone surrogates
        return json.dumps(envelope.fields)


def message_of(row: tuple[int, str, str]) -> Message:
    """Return an entry from its row: number, stream, fields as stored."""
    number, stream, text = row
    try:
        envelope = Envelope(_fields.decode(text))
    except (msgspec.MsgspecError, UnicodeError):
        envelope = Envelope(_by_hand(text))
    return Message(stream, entry_id_of(number), envelope)


def readers_in(connection: sqlite3.Connection) -> dict[str, tuple[str, ...]]:
    """Return every stream of a bus file, each with its groups; by the index alone."""
    found: dict[str, tuple[str, ...]] = {name: () for (name,) in connection.execute(_NAMES)}
    for stream, group in connection.execute(_GROUPS):
        found[stream] = (*found.get(stream, ()), group)
    return found


def _by_hand(text: str) -> tuple[tuple[str, str], ...]:
    """Read fields that could not be written plainly, or that somebody put there."""
    try:
        pairs = json.loads(text)
    except (ValueError, RecursionError):
        pairs = None
    if isinstance(pairs, list) and all(map(_is_pair, pairs)):
        return tuple((name, value) for name, value in pairs)
    return (("payload", str(text)),)


def _is_pair(value: object) -> bool:
    match value:
        case [str(), str()]:
            return True
        case _:
            return False

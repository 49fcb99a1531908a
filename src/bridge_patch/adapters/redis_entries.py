"""How an entry stands in a Redis stream, and how it reads here.

An id of the server, `1763-5`, orders by two numbers; ours is the same id with zeros before
both, so that ids order as texts do. The server takes the zeros too: what a log line shows
can be given to redis-cli as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from bridge_patch.adapters.bus import Message
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.errors import InvalidValueError

#: The kind of message that stands for entries which are gone.
LOST: Final = "bus.lost"
_ID: Final = re.compile(r"([0-9]{1,20})-([0-9]{1,20})")
#: Stands for an envelope without fields, which the server would not take.
_NO_FIELDS: Final = (("bridge-patch.no-fields", ""),)


def entry_id(raw: bytes) -> str:
    """Return our form of the server's id.

    >>> entry_id(b"1763000000000-5")
    '001763000000000-0000000005'
    """
    ms, _, number = raw.decode().partition("-")
    return f"{int(ms):015d}-{int(number):010d}"


def raw_id(text: str) -> str:
    """Return the server's form of our id, or raise InvalidValueError.

    >>> raw_id("001763000000000-0000000005")
    '1763000000000-5'
    """
    found = _ID.fullmatch(text)
    if not found:
        msg = f"an entry id of this bus is two numbers with a dash, was {text!r}"
        raise InvalidValueError(msg)
    return f"{int(found[1])}-{int(found[2])}"


def id_before(raw: bytes) -> str:
    """Return the greatest id that is less than this one, in our form.

    >>> id_before(b"1763000000000-0")
    '001762999999999-9999999999'
    """
    ms, _, number = raw.decode().partition("-")
    if int(number):
        return f"{int(ms):015d}-{int(number) - 1:010d}"
    return f"{max(0, int(ms) - 1):015d}-9999999999"


def fields_of(envelope: Envelope) -> list[bytes]:
    """Return the fields as the server takes them; bytes that were no text as they were."""
    return [_bytes(text) for pair in envelope.fields or _NO_FIELDS for text in pair]


def message_of(stream: str, entry: Sequence[Any]) -> Message:
    """Return what an entry says; one that was deleted says that."""
    raw, flat = entry
    if flat is None:
        return lost(stream, entry_id(raw), count=1, why="deleted while it was in hand")
    texts = [_text(one) for one in flat]
    fields = tuple(zip(texts[::2], texts[1::2], strict=True))
    return Message(stream, entry_id(raw), Envelope(() if fields == _NO_FIELDS else fields))


def messages_of(reply: Any) -> list[Message]:
    """Return the messages of what a read command answered, in the order of their ids."""
    found = [
        message_of(_text(stream), entry)
        for stream, entries in reply or ()
        for entry in entries
    ]
    return sorted(found, key=lambda message: message.entry_id)


def lost(stream: str, named: str, *, count: int | None, why: str) -> Message:
    """Return a message in place of entries that are gone: nobody can take it for one.

    A reader sets it aside as it would any message that it cannot understand: it is kept
    with the dead letters and in the journal, and in place of a command it stops entries.
    """
    told = {"lost": count, "stream": stream, "why": why}
    payload = msgspec.json.encode(told).decode()
    envelope = Envelope.of(event_type=LOST, payload=payload, timestamp="", source="bus")
    return Message(stream, named, envelope, stands_for_lost=True)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character, which no bytes can have meant
        return text.encode("utf-8", "surrogatepass")

"""Websocket connections without sockets: what each one hears, and the frames that wait.

A connection belongs to a room: `/public` carries books, `/market` trades, klines and mark
prices, `/private` the account. One that is not routed hears `/public` only, and a user
stream there stays connected and stays silent, as at the exchange.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, final
from urllib.parse import parse_qs, urlsplit

import msgspec

from bridge_patch.app.binance_server.wire import Json

STREAMS_MAX: Final = 1_024
#: Streams that `/public` and an unrouted connection may hear.
_BOOK_STREAMS: Final = ("bookTicker", "depth")
_ROOM_AND_FORM: Final = 2


class Room(StrEnum):
    """Where a connection was opened; OLD is not routed."""

    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"
    OLD = ""


@final
@dataclass(slots=True, kw_only=True)
class Connection:
    """One socket's side of the exchange; `frames` wait to be handed over, oldest first."""

    number: int
    room: Room
    combined: bool
    key: str = ""
    wanted: frozenset[str] = frozenset()
    names: set[str] = field(default_factory=set)
    frames: deque[str] = field(default_factory=deque)
    open: bool = True

    def take(self) -> list[str]:
        """Return the frames that waited, and forget them."""
        taken = list(self.frames)
        self.frames.clear()
        return taken

    def hears(self, name: str) -> bool:
        """Tell whether a market stream reaches this connection."""
        if name not in self.names or self.room is Room.PRIVATE:
            return False
        book = any(f"@{kind}" in name or name == f"!{kind}" for kind in _BOOK_STREAMS)
        return book is not (self.room is Room.MARKET)

    def push(self, stream: str, payload: bytes) -> None:
        """Queue one frame, wrapped where the connection is combined."""
        text = payload.decode()
        self.frames.append(
            f'{{"stream":"{stream}","data":{text}}}' if self.combined else text
        )


@final
class Hub:
    """Every connection of the exchange."""

    def __init__(self) -> None:
        self.connections: dict[int, Connection] = {}
        self._opened = 0

    def connect(self, url: str) -> Connection | None:
        """Open what the URL names; None where the exchange serves no such path."""
        parts = urlsplit(url)
        steps = [step for step in parts.path.split("/") if step]
        room = Room.OLD
        if steps and steps[0] in set(Room):
            room = Room(steps.pop(0))
        if not steps or steps[0] not in {"ws", "stream"} or len(steps) > _ROOM_AND_FORM:
            return None
        asked = parse_qs(parts.query)
        named = steps[1:] or [n for s in asked.get("streams", ()) for n in s.split("/")]
        self._opened += 1
        connection = Connection(
            number=self._opened, room=room, combined=steps[0] == "stream"
        )
        if room is Room.PRIVATE:
            connection.key = asked.get("listenKey", named or [""])[0]
            events = asked.get("events", [""])[0]
            connection.wanted = frozenset(filter(None, events.split("/")))
        else:
            connection.names = set(named[:STREAMS_MAX])
        self.connections[connection.number] = connection
        return connection

    def disconnect(self, connection: Connection) -> None:
        """Forget a connection."""
        connection.open = False
        self.connections.pop(connection.number, None)

    def drop_all(self) -> None:
        """Drop every connection without a word."""
        for connection in list(self.connections.values()):
            self.disconnect(connection)

    def heed(self, connection: Connection, text: str) -> None:
        """Act on a frame that the client sent: SUBSCRIBE, UNSUBSCRIBE, LIST."""
        try:
            frame = msgspec.json.decode(text, type=_Ask)
        except msgspec.MsgspecError:
            answer: Json = {"error": {"code": 2, "msg": "Invalid request: invalid JSON"}}
            connection.frames.append(msgspec.json.encode(answer).decode())
            return
        result: Json = None
        match frame.method:
            case "SUBSCRIBE" if len(connection.names) + len(frame.params) <= STREAMS_MAX:
                connection.names |= set(frame.params)
            case "UNSUBSCRIBE":
                connection.names -= set(frame.params)
            case "LIST_SUBSCRIPTIONS":
                result = sorted(connection.names)
            case _:
                words = f"Invalid request: {frame.method[:32]} is unknown, or too many"
                answer = {"error": {"code": 2, "msg": words}, "id": frame.id}
                connection.frames.append(msgspec.json.encode(answer).decode())
                return
        answer = {"result": result, "id": frame.id}
        connection.frames.append(msgspec.json.encode(answer).decode())

    def market_heard(self) -> bool:
        """Tell whether anyone hears a market stream; most of the time nobody does."""
        return any(c.names for c in self.connections.values())

    def push_market(self, name: str, payload: Json) -> None:
        """Hand a market event to whoever hears its stream."""
        hearing = [c for c in self.connections.values() if c.hears(name)]
        if hearing:
            text = msgspec.json.encode(payload)
            for connection in hearing:
                connection.push(name, text)

    def push_user(self, key: str, kind: str, payload: Json) -> int:
        """Hand an account event to the streams of the key; return to how many."""
        hearing = [
            c
            for c in self.connections.values()
            if c.room is Room.PRIVATE and key and (c.key == key or key in c.names)
            if not c.wanted or kind in c.wanted
        ]
        text = msgspec.json.encode(payload)
        for connection in hearing:
            connection.push(key, text)
        return len(hearing)


class _Ask(msgspec.Struct, frozen=True):
    """A frame from a client."""

    method: str
    params: list[str] = []
    id: int | str | None = None

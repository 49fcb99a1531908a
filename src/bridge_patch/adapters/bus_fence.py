"""Who may publish and commit on the bus as the one that acts: a fence, set at a takeover.

Between the look at the lease and the bus's commit a process can sleep for as long as it
likes. So the fence is looked at within the transaction itself, and whoever finds another's
does nothing. The fence says less than the lease: it is not renewed and nobody waits for it.
"""

from __future__ import annotations

import shlex
import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, final

from bridge_patch.adapters.bus import Fence
from bridge_patch.domain.errors import FencedError, OutageError, OutdatedError

if TYPE_CHECKING:
    from bridge_patch.adapters.redis_link import Command, RedisLink

#: The fence on a server: the token, and the journal's id.
KEY: Final = "quantum:fence:execution"
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS bus_fence (
    one INTEGER PRIMARY KEY CHECK (one = 1), journal_id TEXT NOT NULL,
    token INTEGER NOT NULL)"""
_READ: Final = "SELECT journal_id, token FROM bus_fence"
_SET: Final = "INSERT OR REPLACE INTO bus_fence VALUES (1, ?, ?)"
_CLEAR: Final = "DELETE FROM bus_fence"
_TRIES: Final = 100


@final
class RedisFence:
    """The fence of one process, and the only way for it to change anything there."""

    def __init__(self, link: RedisLink, mine: Fence) -> None:
        """Set the fence, or raise OutdatedError where a later holder has set its own."""
        self._link, self._mine = link, mine
        self._text = f"{mine.token} {mine.journal_id}".encode()
        for _ in range(_TRIES):
            found = _fence_of(self._watched() or b"")
            if mine.is_behind(found):
                link.call("UNWATCH")
                # What is no fence is nobody's, and the execution's user may set one.
                remedy = f"redis-cli -n {link.url.database} SET {KEY} nobody"
                raise _outdated(str(link.url), mine, found, remedy)
            if link.together([("SET", KEY, self._text)]) is not None:
                return
        msg = f"{link.url}: {KEY} did not rest for a moment: try again"
        raise OutageError(msg)

    def together(self, commands: Sequence[Command]) -> list[Any] | None:
        """Do all of `commands` while the fence is ours, or none and raise FencedError.

        None where a key had changed that the caller watches.
        """
        self._check()
        done = self._link.together(commands)
        if done is None:
            self._check()
            self._link.call("UNWATCH")
        return done

    def _check(self) -> None:
        if self._watched() != self._text:
            self._link.call("UNWATCH")
            raise _fenced(str(self._link.url), self._mine)

    def _watched(self) -> bytes | None:
        """Return the fence; if it changes from now on, the next transaction fails."""
        _, found = self._link.calls([("WATCH", KEY), ("GET", KEY)])
        text: bytes | None = found
        return text


@final
class SqliteFence:
    """The fence of one process in the bus's own file."""

    def __init__(self, connection: sqlite3.Connection, where: str, mine: Fence) -> None:
        """Set the fence, within the caller's transaction, or raise OutdatedError."""
        self._connection, self._where, self._mine = connection, where, mine
        connection.execute(_TABLE)
        found = self._found()
        if found is not None and mine.is_behind(found):
            remedy = f'sqlite3 {shlex.quote(where)} "{_CLEAR}"'
            raise _outdated(where, mine, found, remedy)
        connection.execute(_SET, (mine.journal_id, mine.token))

    def check(self) -> None:
        """Raise FencedError unless the fence is ours, within the caller's transaction."""
        if self._found() != self._mine:
            raise _fenced(self._where, self._mine)

    def _found(self) -> Fence | None:
        row = self._connection.execute(_READ).fetchone()
        return Fence(str(row[0]), int(row[1])) if row else None


def _fence_of(text: bytes) -> Fence:
    """Read a fence; what somebody else put there is nobody's in particular."""
    token, _, journal_id = text.decode(errors="replace").partition(" ")
    return Fence(journal_id, int(token)) if token.isdecimal() else Fence("", 0)


def _fenced(where: str, mine: Fence) -> FencedError:
    return FencedError(
        f"{where}: another process acts on this bus by now, or the fence of this one (token"
        f" {mine.token}) was removed: it publishes and acknowledges nothing more"
    )


def _outdated(where: str, mine: Fence, found: Fence, remedy: str) -> OutdatedError:
    return OutdatedError(
        f"{where}: the bus knows a later holder of this journal (token {found.token}, ours"
        f" {mine.token}): was it put back from a backup? Stop every other process of this"
        f" account, then: {remedy}"
    )

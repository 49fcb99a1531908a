"""A second process on the same account: it waits, and takes over when the first is over.

It reads no bus and writes nothing while it waits. The journal it follows: what the first
writes is folded as it comes, a slice of time after each look at the lease, so that what is
left to read when its time has come is what came since the last look. Then come the venue,
and what the first had in hand.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.holder import shown, this_process
from bridge_patch.adapters.journal_follow import Follower
from bridge_patch.adapters.journal_lease import Claim, HeldError, Standing, Watch
from bridge_patch.adapters.journal_schema import Database
from bridge_patch.adapters.vouching import require_key
from bridge_patch.app.buses import BusAt
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import Run, Store, open_store, unread_past
from bridge_patch.domain.errors import (
    BrokenPromiseError,
    FencedError,
    OutageError,
    OutdatedError,
)
from bridge_patch.services.past import Past
from bridge_patch.services.ports import Stored

POLL_SEC: Final = 0.25
#: For how long entries are folded between two looks at the lease, and the pause then: who
#: is behind takes no more than five sixths of a core, beside the process that acts.
SLICE_SEC: Final = 0.25
BEHIND_SEC: Final = 0.05


@final
@dataclass(slots=True, kw_only=True)
class Standby:
    """Waits for the lease on a journal, for as long as it takes.

    `past` is what was folded meanwhile; None where nobody was waited for. It is `level`
    with the journal where the last look found nothing more to fold.
    """

    run: Run
    holder: str = field(default_factory=this_process)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], float] = time.monotonic
    past: Past | None = None
    level: bool = False
    _waited_for: int | None = None
    _lost: str = ""
    _told: bool = False
    _folding: bool = False

    async def opened(self, stop: Stop, *, again: bool) -> Store | None:
        """Return the store, held by this process; None if told to stop before that."""
        ttl_ms = self.run.settings.lease_ttl_sec * 1000
        watch, claim = Watch(ttl_ms=ttl_ms), Claim(holder=self.holder, ttl_ms=ttl_ms)
        with closing(Follower(self._journal())) as follower:
            while stop.go_on():
                pause_sec = POLL_SEC
                try:
                    store = self._open(claim, again=again)
                except HeldError as held:
                    self._wait_for(held.standing, stop)
                    over = held.standing if watch.over(held.standing) else None
                    claim = Claim(holder=self.holder, ttl_ms=ttl_ms, over=over)
                    if over is None and self._follow(follower):
                        pause_sec = BEHIND_SEC
                except FencedError:  # another one was quicker, and is waited for next
                    if self._waited_for is None:
                        raise
                except OutdatedError:  # no wait makes this better
                    raise
                except OutageError as error:
                    if self._waited_for is None:
                        raise
                    self._lose("the journal cannot be reached", error)
                else:
                    self._take(store)
                    return store
                await self.sleep(pause_sec)
        return None

    def _open(self, claim: Claim, *, again: bool) -> Store:
        settings = self.run.settings
        return open_store(
            settings.state_dir,
            journal=True,
            again=again or self._waited_for is not None,
            url=settings.journal_url,
            claim=claim,
            bus_at=BusAt.of(settings),
            key_file=settings.journal_key_path,
            telemetry=self.run.telemetry,
            known=self.past.last if self.past else None,
        )

    def _journal(self) -> Database:
        return journal_at(self.run.settings.journal_url, self.run.settings.state_dir)

    def _follow(self, follower: Follower) -> bool:
        """Fold what was written since, for a slice of time; tell if more is there.

        An entry that broke off as it was folded is in some folds and not in others: then
        the past is dropped whole, and read anew.
        """
        past = self.past = self.past or unread_past(self.run)
        try:
            past.follow(self._slice(follower.entries(past.last)))
        except BrokenPromiseError as error:
            self._lose("the journal cannot be followed", error)
            return False
        finally:
            if self._folding:
                self.past, self._folding = None, False
        if self.level:
            self._lost = ""
        if self.level and not self._told:
            self._told = True
            self._note("the journal is read: following what comes", entries=past.seq)
        return not self.level

    def _slice(self, entries: Iterator[Stored]) -> Iterator[Stored]:
        """Yield entries until there are no more, or the time is up."""
        until, self.level = self.now() + SLICE_SEC, False
        for stored in entries:
            self._folding = True
            yield stored
            self._folding = False
            if self.now() >= until:
                return
        self.level = True

    def _note(self, what: str, **facts: object) -> None:
        self.run.telemetry.note("STANDBY", what, **facts)

    def _wait_for(self, standing: Standing, stop: Stop) -> None:
        """Say whom we wait for, once for each holder."""
        if self._waited_for == standing.token:
            return
        if self._waited_for is None:
            self._require_files(standing)
        self._waited_for = standing.token
        self._note(
            "another process acts on this account: waiting to take over",
            holder=shown(standing.holder),
            token=standing.token,
        )
        stop.watchdog.ready("standby: waiting to take over")

    def _require_files(self, standing: Standing) -> None:
        """Raise where head or key are missing: one could wait, and then not take over."""
        journal = self._journal()
        path = journal.head_path
        if read_head(path) is None:
            msg = (
                f"the journal's head {path} is not there: copy it, once, from the machine"
                f" of {shown(standing.holder)}; without it a standby could not take over"
            )
            raise BrokenPromiseError(msg)
        require_key(journal, self.run.settings.journal_key_path)

    def _lose(self, what: str, error: BrokenPromiseError) -> None:
        """Say what is wrong, once for each reason."""
        if self._lost != str(error):
            self._lost = str(error)
            self._note(what, why=error)

    def _take(self, store: Store) -> None:
        if self._waited_for is not None:
            token = store.lease.token if store.lease else 0
            followed = self.past.seq if self.past else 0
            self._note("taking over: recovering first", token=token, followed=followed)
            self._waited_for = None

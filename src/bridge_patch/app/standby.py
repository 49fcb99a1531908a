"""A second process on the same account: it waits, and takes over when the first is over.

It reads no bus and writes nothing while it waits. What it will need it reads when its time
has come: the journal first, then the venue, then what the first had in hand.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.head import read_head
from bridge_patch.adapters.holder import shown, this_process
from bridge_patch.adapters.journal_lease import Claim, HeldError, Standing, Watch
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.adapters.vouching import require_key
from bridge_patch.app.buses import BusAt
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.settings import Settings
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import Store, open_store
from bridge_patch.domain.errors import BrokenPromiseError, OutageError

POLL_SEC: Final = 0.25


@final
@dataclass(slots=True, kw_only=True)
class Standby:
    """Waits for the lease on a journal, for as long as it takes."""

    settings: Settings
    telemetry: LogTelemetry
    holder: str = field(default_factory=this_process)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _waited_for: int | None = None
    _lost: str = ""

    async def opened(self, stop: Stop, *, again: bool) -> Store | None:
        """Return the store, held by this process; None if told to stop before that."""
        ttl_ms = self.settings.lease_ttl_sec * 1000
        watch, claim = Watch(ttl_ms=ttl_ms), Claim(holder=self.holder, ttl_ms=ttl_ms)
        while not stop.asked:
            try:
                store = self._open(claim, again=again)
            except HeldError as held:
                self._wait_for(held.standing)
                over = held.standing if watch.over(held.standing) else None
                claim = Claim(holder=self.holder, ttl_ms=ttl_ms, over=over)
            except OutageError as error:
                if self._waited_for is None:
                    raise
                self._lose(str(error))
            else:
                self._take(store)
                return store
            await self.sleep(POLL_SEC)
        return None

    def _open(self, claim: Claim, *, again: bool) -> Store:
        return open_store(
            self.settings.state_dir,
            journal=True,
            again=again or self._waited_for is not None,
            url=self.settings.journal_url,
            claim=claim,
            bus_at=BusAt.of(self.settings),
            key_file=self.settings.journal_key_path,
            telemetry=self.telemetry,
        )

    def _wait_for(self, standing: Standing) -> None:
        """Say whom we wait for, once for each holder."""
        self._lost = ""
        if self._waited_for != standing.token:
            if self._waited_for is None:
                self._require_files(standing)
            self._waited_for = standing.token
            self.telemetry.note(
                "STANDBY",
                "another process acts on this account: waiting to take over",
                holder=shown(standing.holder),
                token=standing.token,
            )

    def _require_files(self, standing: Standing) -> None:
        """Raise where head or key are missing: one could wait, and then not take over."""
        journal = journal_at(self.settings.journal_url, self.settings.state_dir)
        path = journal.head_path
        if read_head(path) is None:
            msg = (
                f"the journal's head {path} is not there: copy it, once, from the machine"
                f" of {shown(standing.holder)}; without it a standby could not take over"
            )
            raise BrokenPromiseError(msg)
        require_key(journal, self.settings.journal_key_path)

    def _lose(self, why: str) -> None:
        if self._lost != why:
            self._lost = why
            self.telemetry.note("STANDBY", "the journal cannot be reached", why=why)

    def _take(self, store: Store) -> None:
        if self._waited_for is not None:
            token = store.lease.token if store.lease else 0
            self.telemetry.note("STANDBY", "taking over: recovering first", token=token)
            self._waited_for = None

"""Where bus and journal of one run are, and who may write there."""

from __future__ import annotations

import uuid
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.bus import Bus, Fence, StoredBus
from bridge_patch.adapters.bus_leased import LeasedBus
from bridge_patch.adapters.holder import this_process
from bridge_patch.adapters.journal_lease import Claim, Lease
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.journal_url import EMBEDDED, JournalUrl
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.buses import AT_HOME, BusAt
from bridge_patch.app.journal_place import journal_at
from bridge_patch.app.settings import LEASE_TTL_SEC
from bridge_patch.domain.errors import OutdatedError
from bridge_patch.services.ports import Stored, Telemetry

STORE_NAME: Final = "bridge.db"
#: While a disk has less room, no entry is made: some 8,000 reductions fit into it.
RESERVE_BYTES: Final = 32 * 1024 * 1024


@final
@dataclass(slots=True)
class Room:
    """Watches the disk below a store, and says so when it is low and when it is not."""

    file: SqliteFile
    telemetry: Telemetry
    low: bool = False

    def is_low(self) -> bool:
        """Tell whether what is left must be kept for reductions."""
        low = (left := self.file.room_bytes()) < RESERVE_BYTES
        if low != self.low:
            self.low = low
            what = "too little room: no entries" if low else "room again: entries may go on"
            self.telemetry.note("HEALTH", what, file=self.file, bytes_left=left)
        return low


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Bus and journal of one run; what is not on a server is in one file."""

    file: SqliteFile
    bus: StoredBus
    journal: SqlJournal | None
    run_id: str

    @property
    def lease(self) -> Lease | None:
        """What makes this process the one that acts; None where it writes no journal."""
        return None if self.journal is None else self.journal.lease

    def assure(self) -> None:
        """Raise FencedError where another process may have taken over."""
        if self.lease is not None:
            self.lease.assure()

    @property
    def acting(self) -> Bus:
        """The bus for whoever acts on the account: it ends with the lease."""
        return LeasedBus(self.bus, self.assure)

    def close(self) -> None:
        """Let go of both."""
        self.bus.close()
        if self.journal is not None:
            self.journal.close()


def open_store(
    state_dir: Path,
    *,
    journal: bool,
    again: bool = False,
    url: JournalUrl = EMBEDDED,
    claim: Claim | None = None,
    bus_at: BusAt = AT_HOME,
    key_file: Path | None = None,
    telemetry: Telemetry | None = None,
    known: Stored | None = None,
) -> Store:
    """Open, or begin, the store in `state_dir`; only the execution writes a journal.

    `again` is after an outage: then a store that is not there is not begun. Where another
    process holds the journal HeldError says so, and nothing was read from the bus. The bus
    may be elsewhere; what it has to say goes to `telemetry`. The key in `key_file` signs
    the journal. `known` is an entry up to which this process has read and checked it.
    """
    claim = claim or Claim(holder=this_process(), ttl_ms=LEASE_TTL_SEC * 1000)
    file, clock, run_id = SqliteFile(state_dir / STORE_NAME), SystemClock(), _new_id()
    if not again:
        state_dir.mkdir(parents=True, exist_ok=True)
    elif bus_at.url.is_embedded or (journal and url.address is None):
        file.require()
    kept = (
        SqlJournal(
            journal_at(url, state_dir),
            run_id=run_id,
            clock=clock,
            new_id=_new_id,
            claim=claim,
            key_file=key_file,
            known=known,
        )
        if journal
        else None
    )
    with ExitStack() as opened:
        if kept is not None:
            opened.callback(kept.close)
            if kept.lease is not None:
                kept.lease.is_unheard = True
        bus = bus_at.open(file, telemetry)
        opened.callback(bus.close)
        if kept is not None and kept.lease is not None:
            _fence(bus, kept.head.journal_id, kept.lease)
        opened.pop_all()
    return Store(file=file, bus=bus, journal=kept, run_id=run_id)


def _fence(bus: StoredBus, journal_id: str, lease: Lease) -> None:
    """Tell the bus who acts, or raise: FencedError where that is another by now.

    A token that was refused is given back: each try would raise it by one, until it was
    that of a holder which may only sleep, and then a later one than any.
    """
    lease.is_unheard = False
    try:
        bus.fence(Fence(journal_id, lease.token))
    except OutdatedError:
        lease.renew()
        lease.is_unheard = True
        raise


def _new_id() -> str:
    return uuid.uuid4().hex

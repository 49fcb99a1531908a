"""The lease on a journal: one process writes, every other waits until it is over.

It lives in the journal's own database, so that an append and the look at its token are one
transaction: once another has taken over, nothing of the old holder's is written. No two
clocks are compared. Who waits takes a holder for dead when its renewals stood still for a
whole term of the waiting process's own clock; who holds takes itself for the holder for two
thirds of a term behind its last renewal, and asks again before it acts after that. The
third between is for what is under way to a venue.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final, final

from sqlalchemy import Connection, bindparam, insert, inspect, select, update
from sqlalchemy.exc import SQLAlchemyError

from bridge_patch.adapters.holder import is_gone, shown
from bridge_patch.adapters.journal_schema import LEASE, Database
from bridge_patch.domain.errors import BrokenPromiseError, FencedError
from bridge_patch.services.ports import Clock

#: A journal is of one account, and so it has one lease.
ACCOUNT: Final = "main"
#: A process that acted once and shows no sign of life for so long hangs: it is not renewed.
HANG_SEC: Final = 60.0

_OURS: Final = (LEASE.c.account == ACCOUNT) & (LEASE.c.token == bindparam("mine"))
_TOKEN: Final = select(LEASE.c.token).where(LEASE.c.account == ACCOUNT)
_RENEW: Final = (
    update(LEASE)
    .where(_OURS)
    .values(renewals=LEASE.c.renewals + 1, renewed_ms=bindparam("at"))
)
_RELEASE: Final = update(LEASE).where(_OURS).values(holder="")
_GIVE_BACK: Final = update(LEASE).where(_OURS)
#: What stood before anybody held.
_NOBODY: Final = {"holder": "", "token": 0}


def since_boot() -> float:
    """Return seconds on a clock that nobody sets and that goes on in sleep."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Who holds a journal; an empty `holder` is nobody. `renewed_ms` is its own clock."""

    holder: str
    token: int
    renewals: int
    ttl_ms: int
    renewed_ms: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A wish to hold; `over` is a standing that the one who waited has seen to be over."""

    holder: str
    ttl_ms: int
    over: Standing | None = None


@final
class HeldError(BrokenPromiseError):
    """Another process holds the journal: wait until it is over, or stop one of them."""

    def __init__(self, where: str, standing: Standing) -> None:
        super().__init__(
            f"{where}: {shown(standing.holder)} holds it (token {standing.token}):"
            " stop that process first"
        )
        self.standing = standing


@final
@dataclass(slots=True, kw_only=True)
class Watch:
    """Tells when a holder is over, by its renewals alone and on one's own clock."""

    ttl_ms: int
    now: Callable[[], float] = since_boot
    _seen: tuple[int, int] | None = None
    _since: float = 0.0

    def over(self, standing: Standing) -> bool:
        """Take in what stands; True when nothing moved for a whole term."""
        seen, now = (standing.token, standing.renewals), self.now()
        if seen != self._seen:
            self._seen, self._since = seen, now
        return (now - self._since) * 1000 >= max(self.ttl_ms, standing.ttl_ms)


def standing(connection: Connection) -> Standing | None:
    """Return who holds; None where nobody ever did."""
    if not inspect(connection).has_table(LEASE.name):
        return None
    row = connection.execute(select(LEASE).where(LEASE.c.account == ACCOUNT)).first()
    if row is None:
        return None
    return Standing(
        holder=str(row.holder),
        token=int(row.token),
        renewals=int(row.renewals),
        ttl_ms=int(row.ttl_ms),
        renewed_ms=int(row.renewed_ms),
    )


def look(connection: Connection, where: str, claim: Claim) -> Standing | None:
    """Return what stands if `claim` may be granted, or raise HeldError."""
    found = standing(connection)
    if found is None or found.holder in {"", claim.holder}:
        return found
    if found == claim.over or is_gone(found.holder):
        return found
    raise HeldError(where, found)


def take(connection: Connection, where: str, claim: Claim, now_ms: int) -> int:
    """Become the holder within the caller's transaction; return the token."""
    found = look(connection, where, claim)
    values: dict[str, object] = {
        "holder": claim.holder,
        "token": found.token + 1 if found else 1,
        "renewals": 0,
        "ttl_ms": claim.ttl_ms,
        "renewed_ms": now_ms,
    }
    if found is None:
        connection.execute(insert(LEASE), {"account": ACCOUNT, **values})
    else:
        connection.execute(update(LEASE).where(LEASE.c.account == ACCOUNT), values)
    return found.token + 1 if found else 1


@final
class Lease:
    """What a holder has; it renews itself from a thread of its own, until released."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        claim: Claim,
        token: int,
        *,
        taken: float,
        before: Standing | None = None,
        now: Callable[[], float] = since_boot,
    ) -> None:
        """`taken` is when, on the clock `now`, taking it was begun; `before` what stood."""
        self._database, self._clock, self._now = database, clock, now
        self.token, self._ttl_sec = token, claim.ttl_ms / 1000
        self._sure_until = taken + self._ttl_sec * 2 / 3
        self._alive: float | None = None  # until it acts: reading a journal takes its time
        #: That nobody heard of its token yet: then a release puts back what stood before,
        #: whole, so that whoever was silent then is waited for as if nothing had been.
        self.is_unheard = False
        self._before = _NOBODY if before is None else asdict(before)
        self._engine = database.engine()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    def check(self, connection: Connection) -> None:
        """Raise FencedError unless the token still stands, within a transaction."""
        self._alive = self._now()
        found = connection.scalar(_TOKEN)
        if found != self.token:
            raise self._fenced(found)

    def assure(self) -> None:
        """Raise FencedError where another may have taken over; ask if that is not known."""
        self._alive = self._now()
        if self._now() >= self._sure_until:
            self.renew()

    def renew(self) -> None:
        """Say that the holder lives, or raise FencedError."""
        begun = self._now()
        try:
            self._database.require()
            with self._engine.begin() as connection:
                mine = {"mine": self.token, "at": self._clock.now_ms()}
                if connection.execute(_RENEW, mine).rowcount != 1:
                    raise self._fenced(connection.scalar(_TOKEN))
        except SQLAlchemyError as error:
            raise self._database.broken(error) from error
        self._sure_until = begun + self._ttl_sec * 2 / 3

    def release(self) -> None:
        """Let the next one in at once; where that fails it waits for the term."""
        if self._ended.is_set():
            return
        self._ended.set()
        self._thread.join()
        try:
            self._database.require()
            with self._engine.begin() as connection:
                how = _GIVE_BACK.values(self._before) if self.is_unheard else _RELEASE
                connection.execute(how, {"mine": self.token})
        except (BrokenPromiseError, SQLAlchemyError):
            pass
        finally:
            self._engine.dispose()

    def _keep(self) -> None:
        while not self._ended.wait(self._ttl_sec / 3):
            if self._alive is not None and self._now() - self._alive > HANG_SEC:
                continue
            try:
                self.renew()
            except FencedError:
                return
            except BrokenPromiseError:
                continue  # whoever acts next asks again, and meets it

    def _fenced(self, found: object) -> FencedError:
        return FencedError(
            f"{self._database}: another process has taken over (its token {found}, ours"
            f" {self.token}): this one acts no more"
        )

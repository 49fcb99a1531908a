"""How far the execution is behind: measured as it catches up, said when it matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol, final

from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.ports import Clock, Telemetry

#: How often a backlog that lasts is looked at and told of.
EVERY_MS: Final = 5_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What the bus says: entries not handed out, handed out and not ended, and since when.

    `oldest_ms` is when the oldest that was not handed out says it was made.
    """

    lag: int
    pending: int
    oldest_ms: UnixMs | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits for the execution, how fast it goes down, and when it will be gone.

    `rate_per_sec` and `eta_sec` are None where nothing was ended lately; `alarm` says which
    limit is passed, "" for none.
    """

    lag: int
    pending: int
    oldest_ms: UnixMs | None
    oldest_age_ms: int | None
    rate_per_sec: int | None
    eta_sec: int | None
    alarm: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BacklogLimits:
    """From where on a backlog is an alarm."""

    entries_max: int
    age_max_sec: int


def backlog_of(
    waiting: Waiting, limits: BacklogLimits, *, now_ms: UnixMs, ended: int, took_ms: int
) -> Backlog:
    """Put together what is known; `ended` intents were ended in the last `took_ms`."""
    count = waiting.lag + waiting.pending
    rate = ended * 1000 // took_ms if took_ms > 0 else 0
    age_ms = None if waiting.oldest_ms is None else max(now_ms - waiting.oldest_ms, 0)
    alarms = []
    if count > limits.entries_max:
        alarms.append(f"{count} intents wait, limit {limits.entries_max}")
    if count and age_ms is not None and age_ms > limits.age_max_sec * 1000:
        alarms.append(f"waiting for {age_ms // 1000} s, limit {limits.age_max_sec}")
    return Backlog(
        lag=waiting.lag,
        pending=waiting.pending,
        oldest_ms=waiting.oldest_ms,
        oldest_age_ms=age_ms,
        rate_per_sec=rate or None,
        eta_sec=-(-count // rate) if rate else None,
        alarm="; ".join(alarms),
    )


class Depths(Protocol):
    """The part of an inbox that says how much is left in it."""

    async def waiting(self) -> Waiting:
        """Return what waits; nothing is handed out."""
        ...


@final
@dataclass(slots=True, kw_only=True)
class BacklogWatch:
    """Looks now and then while reads come back full; otherwise it costs nothing.

    `wall` measures how fast it goes, `clock` how old things are: on a replay, data time.
    """

    depths: Depths
    limits: BacklogLimits
    telemetry: Telemetry
    wall: Clock
    clock: Clock
    now: Backlog | None = None
    _ended: int = 0
    _since_ms: int | None = None
    _told: bool = False

    async def ended(self, count: int, *, full: bool) -> None:
        """Take in that so many were ended; `full` tells that more may wait behind them."""
        at_ms = self.wall.now_ms()
        if self._since_ms is None:
            if not full:
                return
            self._since_ms, self._ended, due = at_ms, 0, True
        else:
            self._ended += count
            due = at_ms - self._since_ms >= EVERY_MS
        if due or not full:
            await self._look(at_ms, at_ms - self._since_ms, over=not full)

    async def _look(self, at_ms: int, took_ms: int, *, over: bool) -> None:
        self.now = seen = backlog_of(
            await self.depths.waiting(),
            self.limits,
            now_ms=self.clock.now_ms(),
            ended=self._ended,
            took_ms=took_ms,
        )
        self._ended, self._since_ms = 0, None if over else at_ms
        if seen.alarm or self._told:
            self._tell(seen, over=not seen.alarm)

    def _tell(self, seen: Backlog, *, over: bool) -> None:
        said = "backlog is over" if over else "backlog above its limit"
        if not over and self._told:
            said = "backlog goes on"
        self._told = not over
        self.telemetry.note(
            "BUS",
            said,
            lag=seen.lag,
            pending=seen.pending,
            oldest_age_sec=_sec(seen.oldest_age_ms),
            rate_per_sec=_or_dash(seen.rate_per_sec),
            eta_sec=_or_dash(seen.eta_sec),
        )


def _sec(ms: int | None) -> object:
    return _or_dash(None if ms is None else ms // 1000)


def _or_dash(value: int | None) -> object:
    return "–" if value is None else value

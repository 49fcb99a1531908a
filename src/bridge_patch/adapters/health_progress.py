"""Whether a process makes progress, which is more than that it runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import final

from bridge_patch.adapters.alerts import (
    BARS_MAX_SEC,
    STALL_MAX_SEC,
    START_MAX_SEC,
    STARTS_MAX,
    STARTS_WITHIN_SEC,
    Alarm,
    Cause,
    Standing,
)


@final
@dataclass(slots=True)
class Progress:
    """When the loop last came round, by a clock that only goes forward.

    The loop says so between two pieces of work, and every event that becomes durable says
    it too: a long piece of work is no standstill as long as something comes of it.
    """

    now_sec: Callable[[], float]
    turns: int = 0
    _at_sec: float | None = None
    _begun_sec: float | None = None
    _bar_sec: float | None = None

    def turned(self) -> None:
        """Note that the loop came round, or that something became durable."""
        self.turns += 1
        self._at_sec = self.now_sec()

    def begin(self) -> None:
        """Count the time of a start that never comes to its loop, too."""
        self._at_sec = self._begun_sec = self.now_sec()

    @property
    def up_sec(self) -> float:
        """Return since when this process runs, in seconds."""
        return (
            0.0 if self._begun_sec is None else max(self.now_sec() - self._begun_sec, 0.0)
        )

    def barred(self) -> None:
        """Note that bars of a live market came, or that they are followed from now on."""
        self._bar_sec = self.now_sec()

    def unbarred(self) -> None:
        """Expect no bars any more."""
        self._bar_sec = None

    @property
    def bars_sec(self) -> float:
        """Return since when no bars came, in seconds; 0 where none are expected."""
        return 0.0 if self._bar_sec is None else max(self.now_sec() - self._bar_sec, 0.0)

    @property
    def age_sec(self) -> float:
        """Return since when nothing has moved, in seconds."""
        return 0.0 if self._at_sec is None else max(self.now_sec() - self._at_sec, 0.0)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """How often a process of this kind was started: ever, and lately.

    `ages_sec` is how old each start of late was when this process started; its own is 0.
    """

    total: int = 1
    ages_sec: tuple[float, ...] = (0.0,)

    def lately(self, up_sec: float) -> int:
        """Return how many are of late, `up_sec` after this one: a loop may be over."""
        return sum(age_sec + up_sec <= STARTS_WITHIN_SEC for age_sec in self.ages_sec)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Healthy or not, with each reason; `notes` are what is worth saying of either."""

    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def is_well(self) -> bool:
        """Tell whether there is nothing against it."""
        return not self.reasons

    def text(self) -> str:
        """Return it as lines: the word first, then each reason, then the notes."""
        word = "healthy" if self.is_well else "unhealthy"
        return "\n".join((word, *self.reasons, *self.notes)) + "\n"


#: Which alarms say that a process itself, or what it lives on, does not move.
RED: frozenset[Alarm] = frozenset(
    {
        Alarm.STALLED,
        Alarm.OUTAGE,
        Alarm.RESTARTING,
        Alarm.BARS_MISSING,
        Alarm.EXITS_SILENT,
        Alarm.ACCOUNT_UNREAD,
        Alarm.MARK_OLD,
        Alarm.BUS_UNREAD,
        Alarm.INTENTS_UNREAD,
    }
)


def process_alarms(
    progress: Progress, outage: str, starts: Starts, waits_sec: float
) -> Iterator[tuple[Cause, str]]:
    """Yield what is wrong with a process; it `waits_sec` for the first thing to act on."""
    age_sec, lately = progress.age_sec, starts.lately(progress.up_sec)
    if waits_sec > START_MAX_SEC:
        what = f"holds the account and has not begun to act for {waits_sec:.0f} s"
        yield Cause(Alarm.STALLED, "start"), what
    if age_sec > STALL_MAX_SEC:
        what = f"no progress for {age_sec:.0f} s, limit {STALL_MAX_SEC:.0f}"
        yield Cause(Alarm.STALLED), what
    if progress.bars_sec > BARS_MAX_SEC:
        what = f"no bar for {progress.bars_sec:.0f} s: is there a market, and the engine?"
        yield Cause(Alarm.BARS_MISSING), what
    if outage:
        yield Cause(Alarm.OUTAGE), outage
    if lately > STARTS_MAX:
        what = f"{lately} starts within {STARTS_WITHIN_SEC} s, {starts.total} in all"
        yield Cause(Alarm.RESTARTING), what


def health_of(standing: Standing, turns: int, starts: Starts) -> Health:
    """Return how a process does, by what stands; alarms about the account are not it."""
    red = tuple(
        f"{cause}: {text}" for cause, text in standing.items() if cause.alarm in RED
    )
    besides = tuple(
        f"alarm {cause}: {text}"
        for cause, text in standing.items()
        if cause.alarm not in RED
    )
    seen = f"the loop came round {turns} times; start {starts.total} of this process"
    return Health(reasons=red, notes=(*besides, seen))

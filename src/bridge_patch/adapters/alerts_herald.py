"""What people are told of alarms, and how seldom: pure, with time as an argument."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.alerts import Alarm, Cause, Standing

#: The same cause is told at most this often, however often it comes and goes.
REPEAT_SEC: Final = 900.0
#: But one that came back behind its all clear, and has stood for so long since, is told:
#: the last word of it must not be that it is over.
AGAIN_SEC: Final = 60.0
#: Causes that are remembered; one that ended longest ago is forgotten first.
_CAUSES_MAX: Final = 1_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One message to a person: an alarm, or its end."""

    cause: Cause
    title: str
    body: str
    over: bool = False


@final
@dataclass(slots=True)
class _Told:
    """What is remembered of a cause: `told_sec` is when its alarm went out last."""

    since_sec: float
    told_sec: float | None = None
    stands: bool = True
    held: int = 0
    clear_due: bool = False


@final
@dataclass(slots=True)
class Herald:
    """Compares what stands with what was told.

    An alarm goes out when it begins to stand, and again every `repeat_sec` while it does.
    One that begins again sooner than that is held back and counted; the next message says
    how often. Its end is told once, if its beginning was; what then stands for `AGAIN_SEC`
    is not held back. Many of a kind that are told as one have not ended.
    """

    part: str
    repeat_sec: float = REPEAT_SEC
    raised: Counter[Alarm] = field(default_factory=Counter)
    held: int = 0
    _told: dict[Cause, _Told] = field(default_factory=dict)

    def due(self, standing: Standing, now_sec: float) -> tuple[Word, ...]:
        """Return what is to be said now, ends first."""
        return (*self._ends(standing, now_sec), *self._alarms(standing, now_sec))

    def _ends(self, standing: Standing, now_sec: float) -> Iterator[Word]:
        crowds = {cause.alarm for cause in standing if not cause.about}
        alarms = {cause.alarm for cause in standing}
        for cause, told in self._told.items():
            if not told.stands or cause in standing:
                continue
            if cause.alarm in (crowds if cause.about else alarms):
                continue  # among the many that are one now, or one of them again
            told.stands = False
            if told.clear_due:
                told.clear_due = False
                lasted = f"it stood for {now_sec - told.since_sec:.0f} s"
                yield Word(
                    cause=cause,
                    title=f"BRIDGE-PATCH {self.part}: all clear, {cause}",
                    body=lasted,
                    over=True,
                )

    def _alarms(self, standing: Standing, now_sec: float) -> Iterator[Word]:
        for cause, text in standing.items():
            told = self._told.pop(cause, None)
            begins = told is None or not told.stands
            told = told or _Told(since_sec=now_sec)
            self._remember(cause, told)
            if begins:
                told.since_sec, told.stands = now_sec, True
                self.raised[cause.alarm] += 1
            if self._is_due(told, now_sec):
                yield self._word(cause, text, told, now_sec)
                told.told_sec, told.held, told.clear_due = now_sec, 0, True
            elif begins:
                told.held += 1
                self.held += 1

    def _is_due(self, told: _Told, now_sec: float) -> bool:
        if told.told_sec is None or now_sec - told.told_sec >= self.repeat_sec:
            return True
        return not told.clear_due and now_sec - told.since_sec >= AGAIN_SEC

    def _remember(self, cause: Cause, told: _Told) -> None:
        """Keep a cause as the newest; the oldest that does not stand makes room for it."""
        self._told[cause] = told
        if len(self._told) > _CAUSES_MAX:
            over = (c for c, t in self._told.items() if not t.stands)
            if (oldest := next(over, None)) is not None:
                del self._told[oldest]

    def _word(self, cause: Cause, text: str, told: _Told, now_sec: float) -> Word:
        severity = cause.alarm.severity
        lines = [text, f"what to do: {cause.alarm.anchor}"]
        if now_sec > told.since_sec:
            lines.insert(1, f"it has stood for {now_sec - told.since_sec:.0f} s")
        if told.held:
            lines.insert(1, f"held back meanwhile: {told.held}")
        title = f"BRIDGE-PATCH {self.part}: {cause} [{severity}]"
        return Word(cause=cause, title=title, body="\n".join(lines))

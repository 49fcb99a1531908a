"""What stands as an alarm: pure, from what was journaled, sampled and seen on the bus."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.alerts import (
    DEAD_LETTERS_MAX,
    LATE_MAX_MS,
    NAKED_MAX_MS,
    ONCE_SEC,
    UNREAD_MAX_SEC,
    Alarm,
    Cause,
)
from bridge_patch.adapters.metrics_sample import BusSeen, Sample
from bridge_patch.domain.account_events import TradingState
from bridge_patch.domain.events import (
    Book,
    CloseForced,
    DeadLettered,
    Event,
    Filled,
    FillKind,
    Judged,
)
from bridge_patch.domain.protection_events import CloseCause
from bridge_patch.governor.reasons import Reason

_MINUTE_SEC: Final = 60.0
#: The exits are asked with each bar, and before that where intents wait.
_BAR_MS: Final = 60_000
#: Of one alarm so many are told apart; more of them are one, with their number.
APART_MAX: Final = 10


@final
@dataclass(slots=True)
class Happenings:
    """Alarms by things that happen once; times are of a clock that only goes forward."""

    _letters: deque[float] = field(default_factory=lambda: deque(maxlen=DEAD_LETTERS_MAX))
    _once: dict[Cause, tuple[float, str]] = field(default_factory=dict)

    def tell(self, event: Event, now_sec: float) -> None:
        """Take in one journaled event."""
        match event:
            case DeadLettered():
                self._letters.append(now_sec)
            case Filled(book=Book.ACCOUNT, kind=FillKind.LIQUIDATION):
                what = f"{event.quantity_base} at {event.price_usd} USD"
                self._note(Alarm.LIQUIDATED, event.symbol, now_sec, what)
            case CloseForced() if event.cause is not CloseCause.OPERATOR:
                what = f"{event.cause}: {event.why}"
                self._note(Alarm.CLOSE_FORCED, event.symbol, now_sec, what)
            case Judged() if Reason.RULE_FAILED in event.codes:
                self._note(Alarm.RULE_FAILED, "", now_sec, f"intent {event.intent_id}")
            case _:
                pass

    def standing(self, now_sec: float) -> Iterator[tuple[Cause, str]]:
        """Yield what happened lately."""
        first = self._letters[0] if len(self._letters) == DEAD_LETTERS_MAX else None
        if first is not None and now_sec - first <= _MINUTE_SEC:
            what = f"{DEAD_LETTERS_MAX} or more within a minute: bridge-patch status"
            yield Cause(Alarm.DEAD_LETTERS), what
        for cause, (at_sec, what) in tuple(self._once.items()):
            if now_sec - at_sec <= ONCE_SEC:
                yield cause, what

    def _note(self, alarm: Alarm, about: str, now_sec: float, what: str) -> None:
        self._once[Cause(alarm, about)] = now_sec, what


def account_alarms(sample: Sample, now_ms: int) -> Iterator[tuple[Cause, str]]:
    """Yield what is wrong with the account; `now_ms` is the run's clock."""
    if sample.state is not TradingState.RUNNING:
        halted = sample.state is TradingState.HALTED
        alarm = Alarm.HALTED if halted else Alarm.REDUCING
        yield Cause(alarm, sample.cause), f"the account is {sample.state}: {sample.cause}"
    naked = [
        (Cause(Alarm.NAKED, symbol), f"no stop over all of it for {_sec(now_ms - at_ms)} s")
        for symbol, at_ms in sample.naked.items()
        if now_ms - at_ms > NAKED_MAX_MS
    ]
    yield from _apart(naked)
    oldest_ms = now_ms - min(sample.unknown_ms, default=now_ms)
    if oldest_ms > sample.unknown_age_max_ms:
        what = f"{len(sample.unknown_ms)} in doubt, the oldest for {_sec(oldest_ms)} s"
        yield Cause(Alarm.ORDER_UNKNOWN), what
    differs = [
        (Cause(Alarm.DIFFERENCE, f"{one.kind} {one.symbol or ''}".rstrip()), one.said)
        for one in sample.differences
    ]
    yield from _apart(differs)


def reading_alarms(sample: Sample, now_ms: int) -> Iterator[tuple[Cause, str]]:
    """Yield what is silent that entries are judged by; a replay's times stand in it."""
    equity, ages = sample.equity, sample.ages
    age_ms = _age_ms(equity.at_ms, now_ms)
    if equity.unread_sec > UNREAD_MAX_SEC:
        yield Cause(Alarm.ACCOUNT_UNREAD), equity.why
    elif sample.live and age_ms > ages.account_age_max_ms + LATE_MAX_MS:
        what = f"read {_sec(age_ms)} s ago, limit {_sec(ages.account_age_max_ms)}"
        yield Cause(Alarm.ACCOUNT_UNREAD), what
    mark_ms = _age_ms(ages.mark_ms, now_ms)
    if sample.live and ages.marks_missing:
        yield Cause(Alarm.MARK_OLD), f"{ages.marks_missing} symbols have no price yet"
    elif sample.live and mark_ms > ages.mark_age_max_ms + LATE_MAX_MS:
        what = f"the oldest is of {_sec(mark_ms)} s ago, limit {_sec(ages.mark_age_max_ms)}"
        yield Cause(Alarm.MARK_OLD), what
    silent_ms = _age_ms(ages.exits_ms, now_ms)
    if sample.live and silent_ms > ages.exits_silence_max_ms + _BAR_MS:
        yield Cause(Alarm.EXITS_SILENT), f"not heard for {_sec(silent_ms)} s"


def bus_alarms(bus: BusSeen, *, acts: bool) -> Iterator[tuple[Cause, str]]:
    """Yield what is wrong on the bus, as the process that `acts` or another one sees it."""
    if bus.away:
        yield Cause(Alarm.BUS_UNREAD), bus.away
    if bus.alarm and acts:
        yield Cause(Alarm.BACKLOG), bus.alarm
    if bus.alarm and bus.lag and not acts:
        yield Cause(Alarm.INTENTS_UNREAD), f"{bus.alarm}; is bridge-patch execution alive?"


def _apart(found: list[tuple[Cause, str]]) -> Iterator[tuple[Cause, str]]:
    """Yield each; where there are too many to tell apart, one for all of them."""
    if len(found) <= APART_MAX:
        yield from found
        return
    cause, what = found[0]
    yield Cause(cause.alarm), f"{len(found)} of them, as {cause.about}: {what}"


def _age_ms(at_ms: int | None, now_ms: int) -> int:
    return 0 if at_ms is None else now_ms - at_ms


def _sec(ms: int) -> str:
    return f"{ms / 1000:g}"

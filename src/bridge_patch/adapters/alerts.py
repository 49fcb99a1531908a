"""Every alarm there is: its severity, what pulls it, and the page that says what to do.

The runbook, the rules for Prometheus and the messages to people all go by this list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias, final

RUNBOOK: Final = "docs/runbook.md"
#: How long a position may lack a stop before somebody is told; every fill begins with that.
NAKED_MAX_MS: Final = 5_000
#: How far a reading may be behind the age up to which entries go by it: one that comes a
#: moment late refuses an entry and is no alarm.
LATE_MAX_MS: Final = 3_000
#: For how long an account may be unread before somebody is told; every start begins so.
UNREAD_MAX_SEC: Final = 10.0
#: From so many dead letters within a minute on, whoever sends them is broken.
DEAD_LETTERS_MAX: Final = 10
#: For how long a thing that happened once stands as an alarm.
ONCE_SEC: Final = 600.0
#: So many starts within this time are a loop.
STARTS_MAX: Final = 5
STARTS_WITHIN_SEC: Final = 600
#: For how long a process that is to act may warm up, or wait for its first tick.
START_MAX_SEC: Final = 300.0
#: A live market closes a bar each minute; three that fail to come are no delay.
BARS_MAX_SEC: Final = 180.0
#: A loop that made no progress for longer stands still.
STALL_MAX_SEC: Final = 30.0


class Severity(StrEnum):
    """PAGE wakes somebody, now; WARN is for the next look."""

    PAGE = "page"
    WARN = "warn"


class Alarm(StrEnum):
    """The closed vocabulary of alarms; a word is never renamed or reused."""

    HALTED = "HALTED"
    REDUCING = "REDUCING"
    NAKED = "NAKED"
    CLOSE_FORCED = "CLOSE_FORCED"
    LIQUIDATED = "LIQUIDATED"
    ORDER_UNKNOWN = "ORDER_UNKNOWN"
    DIFFERENCE = "DIFFERENCE"
    ACCOUNT_UNREAD = "ACCOUNT_UNREAD"
    MARK_OLD = "MARK_OLD"
    BARS_MISSING = "BARS_MISSING"
    EXITS_SILENT = "EXITS_SILENT"
    STALLED = "STALLED"
    OUTAGE = "OUTAGE"
    RESTARTING = "RESTARTING"
    BACKLOG = "BACKLOG"
    BUS_UNREAD = "BUS_UNREAD"
    INTENTS_UNREAD = "INTENTS_UNREAD"
    DEAD_LETTERS = "DEAD_LETTERS"
    RULE_FAILED = "RULE_FAILED"

    @property
    def severity(self) -> Severity:
        """How soon somebody has to look."""
        return ALARMS[self].severity

    @property
    def anchor(self) -> str:
        """The place in the runbook that says what to do."""
        return f"{RUNBOOK}#alarm-{self.lower().replace('_', '-')}"


@final
@dataclass(frozen=True, slots=True)
class About:
    """How bad an alarm is, and what pulls it, in half a sentence."""

    severity: Severity
    when: str


_P, _W = Severity.PAGE, Severity.WARN
ALARMS: Final = MappingProxyType(
    {
        Alarm.HALTED: About(_P, "the account is HALTED, by a person or by a limit"),
        Alarm.REDUCING: About(_W, "the account is REDUCING: no entries"),
        Alarm.NAKED: About(
            _P, f"a position has had no stop over all of it for {NAKED_MAX_MS // 1000} s"
        ),
        Alarm.CLOSE_FORCED: About(
            _P, "a position is closed whole, because it could not be protected"
        ),
        Alarm.LIQUIDATED: About(_P, "the venue liquidated a position of the account"),
        Alarm.ORDER_UNKNOWN: About(
            _P, "an order's end has not been known for UNKNOWN_AGE_MAX_SEC"
        ),
        Alarm.DIFFERENCE: About(_P, "journal and venue do not agree"),
        Alarm.ACCOUNT_UNREAD: About(
            _P, "the account could not be read, or was read too long ago: no entries"
        ),
        Alarm.MARK_OLD: About(
            _W, "a price is missing, or MARK_AGE_MAX_SEC ran out 3 s ago"
        ),
        Alarm.BARS_MISSING: About(
            _P,
            f"no bar of a live market for {BARS_MAX_SEC:.0f} s: nothing is harvested",
        ),
        Alarm.EXITS_SILENT: About(_P, "the exit process is silent: no entries"),
        Alarm.STALLED: About(
            _P,
            f"no progress for {STALL_MAX_SEC:.0f} s, or no begin in {START_MAX_SEC:.0f} s",
        ),
        Alarm.OUTAGE: About(_P, "bus or journal cannot be used: nothing can be recorded"),
        Alarm.RESTARTING: About(
            _P, f"more than {STARTS_MAX} starts within {STARTS_WITHIN_SEC // 60} minutes"
        ),
        Alarm.BACKLOG: About(
            _W, "more waits than BACKLOG_ALARM_ENTRIES, or for longer than _AGE_SEC"
        ),
        Alarm.BUS_UNREAD: About(_W, "the bus could not be looked at from outside the loop"),
        Alarm.INTENTS_UNREAD: About(
            _P, "seen by the engine or the exits: nobody takes intents off the bus"
        ),
        Alarm.DEAD_LETTERS: About(
            _W, f"{DEAD_LETTERS_MAX} messages or more were set aside within a minute"
        ),
        Alarm.RULE_FAILED: About(_P, "our own code failed on an intent, which was refused"),
    }
)


@final
@dataclass(frozen=True, slots=True)
class Cause:
    """One alarm about one thing; `about` tells two of a kind apart, "" for the only one."""

    alarm: Alarm
    about: str = ""

    def __str__(self) -> str:
        return f"{self.alarm} {self.about}".rstrip()


#: What stands, each with what a person should know of it.
Standing: TypeAlias = dict[Cause, str]

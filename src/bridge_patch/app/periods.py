"""How often each reading is renewed, and the least limit on its age that this allows.

A limit that its reading reaches between two renewals refuses entries for no other reason.
A start refuses such a limit. What is read by who judges has no period; the records that are
compared every `RECONCILE_SEC` are known for three times as long, whatever that is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bridge_patch.app.forms import Form, whole

#: A live mark, a bar, a settlement, the exit process's look at the bus.
MARK_SEC: Final = 1
BAR_SEC: Final = 60
SETTLEMENT_SEC: Final = 28_800
EXITS_LOOK_SEC: Final = 1
#: What is held to the account's age and is not read with it: the venue's clock, once it is
#: 5 s old; and equity, with the first mark after half of the limit.
ACCOUNT_SEC: Final = 5
#: A venue's rules are read hourly, with the first heartbeat of its stream after that.
RULES_SEC: Final = 3_615
#: A limit on a reading's age must be larger than so many periods of it.
PERIODS_MIN: Final = 1


def outlasting(period_sec: int, most_sec: int) -> Form:
    """Take an age that a reading renewed so often does not reach by itself."""
    least_sec = PERIODS_MIN * period_sec + 1
    remedy = (
        f"write {least_sec} or more, it is read every {period_sec} s and a lower limit"
        " refuses entries between two readings"
    )
    return replace(whole(least_sec, most_sec), remedy=remedy)

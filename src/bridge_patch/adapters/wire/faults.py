"""What is wrong with a message, in words that are safe to log.

A fault reads `CODE field: what was expected, was what was found`. Nothing of a payload gets
into it unescaped or at full length.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Final

#: A message with more faults than this is described by the first ones and a count.
FAULTS_MAX: Final = 40

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,48}")
_QUOTED_MAX: Final = 48


class FaultCode(StrEnum):
    """The stable first word of a fault."""

    NOT_JSON = "NOT_JSON"
    TOO_LARGE = "TOO_LARGE"
    WRONG_PLACE = "WRONG_PLACE"
    STATED_TWICE = "STATED_TWICE"
    MISSING = "MISSING"
    WRONG_TYPE = "WRONG_TYPE"
    NOT_FINITE = "NOT_FINITE"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_A_CHOICE = "NOT_A_CHOICE"
    BAD_TEXT = "BAD_TEXT"
    BAD_TIME = "BAD_TIME"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    CONTRADICTION = "CONTRADICTION"
    STOP_WRONG_SIDE = "STOP_WRONG_SIDE"
    REDUCE_FLAG = "REDUCE_FLAG"


def fault(code: FaultCode, where: str, expected: str, found: str) -> str:
    """Put a fault into words.

    >>> fault(FaultCode.OUT_OF_RANGE, "leverage", "must be from 1 to 125", "500")
    'OUT_OF_RANGE leverage: must be from 1 to 125, was 500'
    """
    return f"{code} {where}: {expected}, was {found}"


def quoted(text: str) -> str:
    r"""Return a text cut short and escaped: one line of plain ASCII.

    >>> quoted("a\nb" + "c" * 100)
    '"a\\nbccccccccccccccccccccccccccccccccccccccccccccc…"'
    """
    cut = json.dumps(text[:_QUOTED_MAX])
    return f'{cut[:-1]}…"' if len(text) > _QUOTED_MAX else cut


def named(name: str) -> str:
    r"""Return a field's name as it is if it is plain, else cut short and escaped.

    >>> named("leverage"), named("a b\n")
    ('leverage', '"a b\\n"')
    """
    return name if _NAME.fullmatch(name) else quoted(name)


def bounded(faults: list[str]) -> tuple[str, ...]:
    """Keep the list of faults readable, however bad the message."""
    if len(faults) <= FAULTS_MAX:
        return tuple(faults)
    rest = len(faults) - FAULTS_MAX
    return (*faults[:FAULTS_MAX], f"{FaultCode.TOO_LARGE} payload: and {rest} more faults")

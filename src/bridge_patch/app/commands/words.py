"""How the words of a command line are read: each into a value, or a clear no."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Verdict
from bridge_patch.domain.intent import IntentId, UnixMs

_ID_MAX: Final = 512


def read_number(text: str | None, name: str) -> Decimal | None:
    """Return a finite number as it is written; None where none is stated.

    >>> read_number("0.0420", "--quantity")
    Decimal('0.0420')
    """
    if text is None:
        return None
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        msg = f"{name} must be a number such as 0.042, was {text[:64]!r}"
        raise InvalidValueError(msg)
    return number


def read_time(text: str) -> UnixMs:
    """Return a date or a time as milliseconds; without a zone it is UTC.

    >>> read_time("2025-05-05"), read_time("2025-05-05T00:00:00Z")
    (1746403200000, 1746403200000)
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        msg = f"a time must read like 2025-05-05 or 2025-05-05T13:30:00Z, was {text!r}"
        raise InvalidValueError(msg) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return UnixMs(round(moment.timestamp() * 1000))


def read_period(start: str | None, end: str | None) -> tuple[UnixMs | None, UnixMs | None]:
    """Return both ends of a period, None where it is open."""
    start_ms = None if start is None else read_time(start)
    end_ms = None if end is None else read_time(end)
    if start_ms is not None and end_ms is not None and start_ms >= end_ms:
        msg = f"--from must be before --to, was {start!r} and {end!r}"
        raise InvalidValueError(msg)
    return start_ms, end_ms


def read_verdict(text: str) -> Verdict:
    """Return a verdict, in upper or lower case.

    >>> read_verdict("clamp")
    <Verdict.CLAMP: 'CLAMP'>
    """
    try:
        return Verdict(text.upper())
    except ValueError:
        msg = f"--verdict must be accept, clamp or reject, was {text!r}"
        raise InvalidValueError(msg) from None


def read_intent_id(text: str) -> IntentId:
    """Return an intent's id; also as a log line shows it, `intent=…`."""
    bare = text.removeprefix("intent=")
    if not bare or len(bare) > _ID_MAX:
        msg = f"ID must be an intent's id, as in a log line's intent=…, was {text[:64]!r}"
        raise InvalidValueError(msg)
    return IntentId(bare)

"""Instants on the wire: UTC ISO-8601 text outside, Unix milliseconds inside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from bridge_patch.domain.intent import UnixMs

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_LENGTH_MAX: Final = 64


def iso_of(at_ms: UnixMs) -> str:
    """Write an instant, with milliseconds only where there are any.

    >>> iso_of(UnixMs(0)), iso_of(UnixMs(1_746_316_800_250))
    ('1970-01-01T00:00:00Z', '2025-05-04T00:00:00.250Z')
    """
    at = _EPOCH + at_ms * _MILLISECOND
    precision = "milliseconds" if at_ms % 1000 else "seconds"
    return at.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def instant_of(text: str) -> UnixMs | None:
    """Read an instant, cut down to the millisecond; None without a date, a time and a zone.

    >>> instant_of("2025-05-04T02:00:00.2509+02:00"), instant_of("2025-05-04T02:00:00")
    (1746316800250, None)
    """
    if len(text) > _LENGTH_MAX:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    return UnixMs((at - _EPOCH) // _MILLISECOND)

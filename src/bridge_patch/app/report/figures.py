"""Numbers, times and spans as people read them, each with its unit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from bridge_patch.adapters.lines.text import exact

#: Stands before every negative number: a hyphen is easily lost.
MINUS: Final = "\N{MINUS SIGN}"
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_SECOND_MS: Final = 1000
_MINUTE_SEC: Final = 60
_HOUR_MIN: Final = 60
_DAY_HOURS: Final = 24
_SHORT: Final = ((1_000_000_000, "bn"), (1_000_000, "m"), (1_000, "k"))


def usd(value: Decimal) -> str:
    """Return an amount of money to the cent.

    >>> usd(Decimal("12345.678")), usd(Decimal("-0.004"))
    ('12,345.68 USD', '0.00 USD')
    """
    return f"{grouped(value, 2)} USD"


def gain(value: Decimal) -> str:
    """Return a gain or a loss, its sign said either way.

    >>> gain(Decimal(5)), gain(Decimal("-5.5"))
    ('+5.00 USD', '−5.50 USD')
    """
    return signed(value, 2, " USD")


def percent(value: Decimal) -> str:
    """Return a percentage.

    >>> percent(Decimal("20.3646"))
    '20.36 %'
    """
    return f"{grouped(value, 2)} %"


def signed(value: Decimal, places: int, unit: str = "") -> str:
    """Return a number with its sign; what rounds to nothing has none."""
    shown = grouped(value, places)
    plus = "" if shown.startswith(MINUS) or round(value, places) == 0 else "+"
    return f"{plus}{shown}{unit}"


def grouped(value: Decimal | int, places: int = 0) -> str:
    """Return a number with its thousands set apart.

    >>> grouped(1234567), grouped(Decimal("-1234.5"), 1)
    ('1,234,567', '−1,234.5')
    """
    rounded = round(Decimal(value), places)
    return f"{rounded + 0:,.{places}f}".replace("-", MINUS)


def price(value: Decimal) -> str:
    """Return a price with every digit that it has, at most eight behind the point.

    >>> price(Decimal("104494.20")), price(Decimal("1") / 3)
    ('104,494.2', '0.33333333')
    """
    cut = round(value, 8)
    whole, _, rest = exact(cut).partition(".")
    return f"{int(whole):,}.{rest}" if rest else f"{int(whole):,}"


def short(value: float) -> str:
    """Return a number for an axis.

    >>> short(2_500), short(100_000), short(0.5), short(1e6), short(-20)
    ('2.5k', '100k', '0.5', '1m', '−20')
    """
    for size, letter in _SHORT:
        if abs(value) >= size:
            return f"{value / size:.4g}{letter}".replace("-", MINUS)
    return f"{value:.4g}".replace("-", MINUS)


def moment(at_ms: int) -> str:
    """Return a time in UTC, to the minute.

    >>> moment(1746403200000)
    '2025-05-05 00:00'
    """
    return f"{_at(at_ms):%Y-%m-%d %H:%M}"


def day(at_ms: int) -> str:
    """Return a day in UTC.

    >>> day(1746403200000)
    '2025-05-05'
    """
    return f"{_at(at_ms):%Y-%m-%d}"


def tick_label(at_ms: int, *, hours: bool) -> str:
    """Return a time for an axis.

    >>> tick_label(1746403200000, hours=False), tick_label(1746414000000, hours=True)
    ('5 May', '03:00')
    """
    at = _at(at_ms)
    return f"{at:%H:%M}" if hours else f"{at.day} {_MONTHS[at.month - 1]}"


def clock(at_ms: int) -> str:
    """Return the time of a day in UTC.

    >>> clock(1746403200000)
    '00:00'
    """
    return f"{_at(at_ms):%H:%M}"


def span(length_ms: int) -> str:
    """Return how long something took, in the two largest units that matter.

    >>> span(59_000), span(3_660_000), span(90_000_000)
    ('59 s', '1 h 1 min', '1 d 1 h')
    """
    seconds = length_ms // _SECOND_MS
    minutes, hours = seconds // _MINUTE_SEC, seconds // _MINUTE_SEC // _HOUR_MIN
    if minutes == 0:
        return f"{seconds} s"
    if hours == 0:
        return f"{minutes} min"
    if hours < _DAY_HOURS:
        rest = minutes % _HOUR_MIN
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    rest = hours % _DAY_HOURS
    days = hours // _DAY_HOURS
    return f"{days} d {rest} h" if rest else f"{days} d"


def _at(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / _SECOND_MS, UTC)

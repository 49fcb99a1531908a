"""What each error code of the exchange means for us: the published list, as one table.

Sources: the exchange's error-code and 503 pages as of May 2026, with the readings that they
leave open decided for the safe side. A code that stands here nowhere is an unknown outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, final


class Disposition(StrEnum):
    """What may be done after a refusal. Each of N, T and C says: it was not accepted."""

    #: Definitely not accepted.
    NOT_ACCEPTED = "N"
    #: Not accepted for now; the same may be tried later, as a new attempt.
    RETRY = "T"
    #: Not accepted until a setting, an account or this program changes.
    CONFIGURATION = "C"
    #: It is so already, or stands already: ask, and take over what is there.
    IDEMPOTENT = "I"
    #: No proof of anything: ask both order services.
    QUERY = "Q"
    #: It is happening now: the events will tell.
    WAIT = "W"
    #: Nobody knows whether it was accepted.
    UNKNOWN = "U"


_N, _T, _C = Disposition.NOT_ACCEPTED, Disposition.RETRY, Disposition.CONFIGURATION
_I, _Q, _W = Disposition.IDEMPOTENT, Disposition.QUERY, Disposition.WAIT
_U = Disposition.UNKNOWN


@final
@dataclass(frozen=True, slots=True)
class Row:
    """Codes that ask for the same reaction, what they say, and what a person can do."""

    codes: tuple[int, ...]
    disposition: Disposition
    meaning: str
    remedy: str = ""


def _to(first: int, last: int) -> tuple[int, ...]:
    """Return the codes from `first` down to `last`, both included."""
    return tuple(range(first, last - 1, -1))


_BUG: Final = "this is a fault of this program: report it with the journal's lines"
_LIMITS: Final = "read the trading rules again (doctor); the gate should have caught this"

ROWS: Final[tuple[Row, ...]] = (
    Row((-1000,), _U, "unknown error"),
    Row((-1001,), _U, "disconnected; internal error"),
    Row((-1006, -1007), _U, "execution status unknown"),
    Row((-1010, -1013, -1014, -1016, -1020), _C, "message not supported", _BUG),
    Row((-1003, -1015), _T, "too many requests or orders", "wait until the ban is over"),
    Row((-1008,), _T, "overloaded: throttled; what reduces is exempt"),
    Row((-1021, -5028), _N, "outside the receive window", "set the machine's clock (NTP)"),
    Row(
        (-1002, -1011, -1022, -1099, -2014, -2015, -2017, -4056, -4057),
        _C,
        "key, signature, address or permission refused",
        "check key, secret, their environment, the allowed address and the futures right",
    ),
    Row(
        (
            *(-1023, *_to(-1100, -1106), *_to(-1108, -1111), *_to(-1114, -1121)),
            *(*_to(-1126, -1128), -1130, -1136, -4165),
        ),
        _C,
        "malformed request",
        _BUG,
    ),
    Row((-1112, -2016, -2020), _N, "no depth, or unable to fill"),
    Row(
        (-1122, -4140, -4141, -4144, -5024),
        _N,
        "the symbol does not trade",
        "take the symbol off the list until the exchange opens it",
    ),
    Row((-1125,), _Q, "the listen key is gone"),
    Row((-2010,), _N, "new order rejected"),
    Row((-2011,), _Q, "cancel rejected: filled, gone, or at the other service"),
    Row((-2012, -4083), _U, "a batch failed in part"),
    Row((-2013,), _Q, "no such order: not visible yet, purged, or at the other service"),
    Row((-2018, -2019, -2024, -4050, -4051), _N, "balance, margin or position too small"),
    Row((-2021, -4142), _N, "would trigger at once", "protect by closing now"),
    Row((-2022, -4118), _N, "reduce-only rejected", "the position may be flat already"),
    Row((-2023, -4192), _N, "liquidation or cooling-off period", "look at the account"),
    Row((-2025, -4045), _N, "too many open orders", "cancel resting orders by hand"),
    Row((-2026, -4020, *_to(-4135, -4139)), _C, "order type or flags refused", _BUG),
    Row((-2007,), _C, "callback rate refused", _BUG),
    Row(
        (-2027, -2028),
        _N,
        "position too large for this leverage, or leverage too low for its margin",
        "lower the leverage or the notional",
    ),
    Row(
        (*_to(-4001, -4007), -4013, -4014, -4023, -4029, -4030, -4164, -5029),
        _C,
        "price, quantity or notional outside the filters",
        _LIMITS,
    ),
    Row((-4015, -4120), _C, "client id or endpoint refused", _BUG),
    Row((-4016, -4024, -4131, -4183, -4184, -4210, -4211), _N, "outside the price band"),
    Row(
        (-4028, -4161, -4202, -4203, -4205, -4206, -4208, -4209, -4403),
        _C,
        "leverage refused",
        "lower leverage_max, or ask the exchange: age of the account, region, verification",
    ),
    Row((-4046, -4059, -4171, -4052), _I, "no change needed"),
    Row(
        (-4047, -4048, -4067, -4068, *_to(-4167, -4170), -4172, -4531),
        _C,
        "the mode is locked by orders, positions or settings",
        "close positions and cancel orders first, then change the mode by hand",
    ),
    Row(
        (-4060, -4061, -4062),
        _C,
        "position side or reduce-only against the account's mode",
        "set one-way mode by hand",
    ),
    Row(
        (-4087, -4088, -4105, -4106, -4107, -4189, -4400, -4401),
        _N,
        "only reductions are allowed here",
        "see the exchange's notices and the account's trading status",
    ),
    Row((-4109, -4402), _C, "inactive account, or region restricted", "ask the exchange"),
    Row((-4116,), _I, "an order with this client id is open"),
    Row((-4117,), _W, "the stop is triggering: the cancel lost the race"),
    Row((-5021, -5022, -5041), _N, "fill-or-kill, post-only or price match refused"),
    Row((-5025, -5026), _N, "modification refused"),
    Row((-5027,), _I, "the modification changes nothing"),
    Row((-5043,), _W, "a modification is pending"),
    Row(
        (
            *(-4000, *_to(-4008, -4012), *_to(-4017, -4019), -4021, -4022),
            *(*_to(-4025, -4027), -4031, -4032, -4082, -4084, -4104),
            *_to(-5037, -5040),
        ),
        _C,
        "status, limit, method or mode refused",
        _BUG,
    ),
    Row((-4049, *_to(-4053, -4055)), _C, "change of isolated margin refused"),
)

CODES: Final = MappingProxyType({code: row for row in ROWS for code in row.codes})


@final
@dataclass(frozen=True, slots=True)
class Wording:
    """A text that comes with HTTP 503, word for word, and what it proves."""

    text: str
    disposition: Disposition


#: HTTP 503 comes in these wordings; any other leaves the outcome unknown.
WORDINGS_503: Final[tuple[Wording, ...]] = (
    Wording("Unknown error, please check your request or try again later.", _U),
    Wording("Service Unavailable.", _T),
    Wording("Internal error; unable to process your request. Please try again.", _T),
)

#: HTTP statuses that decide by themselves, before any code is read.
STATUSES: Final = MappingProxyType({408: _U, 418: _T, 429: _T})


def repeated() -> Iterator[int]:
    """Yield the codes that stand in more than one row; there must be none."""
    seen: set[int] = set()
    for row in ROWS:
        for code in row.codes:
            if code in seen:
                yield code
            seen.add(code)

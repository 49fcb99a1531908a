"""Three outcomes of a call: accepted, refused, unknown.

They are read from the HTTP status, the body's `code` and `msg`, and how far the request
came; never from the exception class of the client library, which mixes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeAlias, TypeVar, final

import msgspec

from bridge_patch.adapters.venue_ccxt.codes import (
    CODES,
    STATUSES,
    WORDINGS_503,
    Disposition,
)
from bridge_patch.domain.intent import Unknown

T = TypeVar("T")

#: What is kept of a text from outside.
_TEXT_MAX: Final = 200
_OK, _REDIRECT, _CLIENT, _SERVER = 200, 300, 400, 500
_FORBIDDEN, _UNAVAILABLE = 403, 503
_OVERLOADED: Final = -1008

#: Our own codes, for calls that never left.
NOT_SENT: Final = "NOT_SENT"
LOCAL_LIMIT: Final = "LOCAL_LIMIT"


@final
@dataclass(frozen=True, slots=True)
class NothingSent:
    """The request provably never left: not one byte of it was written."""

    why: str


@final
@dataclass(frozen=True, slots=True)
class NoReply:
    """The request may have left, and no whole reply came back."""

    why: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A whole HTTP reply; header names in lower case."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


Answer: TypeAlias = NothingSent | NoReply | Reply


@final
@dataclass(frozen=True, slots=True)
class Accepted(Generic[T]):
    """The venue took it; `value` is what its reply says."""

    value: T


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The venue, or our own gate, said no; `disposition` says what may be done next.

    `code` is the venue's own number as text, `HTTP 404` where it gave none, or one of ours.
    """

    code: str
    message: str
    disposition: Disposition

    @property
    def definite(self) -> bool:
        """Tell whether this proves that nothing was accepted."""
        return self.disposition in _DEFINITE

    def told(self) -> str:
        """Return the venue's words with what a person can do about them."""
        row = CODES.get(int(self.code)) if _is_number(self.code) else None
        return f"{self.message} ({row.remedy})" if row and row.remedy else self.message


_DEFINITE: Final = frozenset(
    {Disposition.NOT_ACCEPTED, Disposition.RETRY, Disposition.CONFIGURATION}
)


class _Fault(msgspec.Struct, frozen=True):
    """The body of an error; a gateway in between may leave either part out."""

    code: int | None = None
    msg: str | None = None


def classify(answer: Answer) -> Accepted[str] | Refused | Unknown:
    """Judge the answer to a call; what is accepted still has to be read."""
    match answer:
        case NothingSent(why):
            return Refused(
                code=NOT_SENT, message=_clean(why), disposition=Disposition.RETRY
            )
        case NoReply(why):
            return Unknown(f"no reply: {_clean(why)}")
        case Reply(status=status, body=body) if _OK <= status < _REDIRECT:
            return _taken(body)
        case Reply():
            return _error(answer)


def read(body: str, kind: type[T]) -> Accepted[T] | Unknown:
    """Read an accepted body into what the call must return; anything less is unknown."""
    try:
        value = msgspec.json.decode(body, type=kind, strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError) as e:
        return Unknown(f"the reply cannot be read: {_clean(str(e))}")
    return Accepted(value)


def _taken(body: str) -> Accepted[str] | Unknown:
    """Look for a fault inside a success: it proves neither."""
    if not body.strip():
        return Unknown("an empty reply")
    fault = _fault(body)
    if fault.code is not None and fault.code < 0:
        return Unknown(f"a success that says {fault.code}: {_clean(fault.msg or '')}")
    return Accepted(body)


def _error(reply: Reply) -> Refused | Unknown:
    fault = _fault(reply.body)
    disposition = _disposition(reply.status, fault)
    code = f"HTTP {reply.status}" if fault.code is None else str(fault.code)
    message = _clean(fault.msg or f"HTTP {reply.status}")
    if disposition is Disposition.UNKNOWN:
        return Unknown(f"{code}: {message}")
    return Refused(code=code, message=message, disposition=disposition)


def _disposition(status: int, fault: _Fault) -> Disposition:
    if status in STATUSES:
        return STATUSES[status]
    if status == _UNAVAILABLE:
        return _unavailable(fault)
    if not _CLIENT <= status < _SERVER:
        return Disposition.UNKNOWN
    if fault.code:
        row = CODES.get(fault.code)
        return row.disposition if row else Disposition.UNKNOWN
    return Disposition.RETRY if status == _FORBIDDEN else Disposition.CONFIGURATION


def _unavailable(fault: _Fault) -> Disposition:
    """Read the wording of an HTTP 503: one of them is no failure at all."""
    if fault.code == _OVERLOADED:
        return CODES[_OVERLOADED].disposition
    said = (fault.msg or "").strip()
    return next(
        (w.disposition for w in WORDINGS_503 if w.text == said), Disposition.UNKNOWN
    )


def _fault(body: str) -> _Fault:
    """Read code and text; a body that has neither is a fault without either."""
    try:
        return msgspec.json.decode(body, type=_Fault, strict=False)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return _Fault()


def _is_number(code: str) -> bool:
    return code.removeprefix("-").isdecimal()


def _clean(text: str) -> str:
    """Cut a text from outside down to one printable line."""
    return "".join(c if c.isprintable() else " " for c in text)[:_TEXT_MAX]

"""What may go wrong with a request, on request: which one is struck, when, and how.

A fault says where it strikes (method, path, symbol), how often (`count`, `probability` from
a seed, `after` so many that were let through) and what happens. Those that say `accepted`
let the request be carried out first: the client then does not know. TWICE carries it out
two times, as when a dropped connection makes a library send it again.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, final

import msgspec

from bridge_patch.app.binance_server.errors import Refusal, words_of
from bridge_patch.app.binance_server.wire import (
    Ending,
    Params,
    Reply,
    Request,
    refused,
    said,
)

_UNKNOWN_WORDS: Final = "Unknown error, please check your request or try again later."
_TOO_MANY: Final = 429
_BANNED: Final = 418
_UNAVAILABLE: Final = 503
_HTML: Final = b"<html><head><title>Gateway</title></head><body>Please wait</body></html>"


class FaultKind(StrEnum):
    """What happens."""

    LATENCY = "latency"
    LOST = "lost"
    RESET = "reset"
    CUT = "cut"
    EMPTY = "empty"
    HTML = "html"
    BROKEN_JSON = "broken_json"
    UNKNOWN_503 = "unknown_503"
    UNKNOWN_503_NO_CODE = "unknown_503_no_code"
    UNAVAILABLE_503 = "unavailable_503"
    INTERNAL_503 = "internal_503"
    OVERLOAD_1008 = "overload_1008"
    CODE = "code"
    STATUS = "status"
    TWICE = "twice"
    LIMIT_429 = "limit_429"
    BAN_418 = "ban_418"


#: Refused at the door: documented as "100 % failure", so they never accept.
_NEVER_ACCEPTED: Final = frozenset(
    {
        FaultKind.UNAVAILABLE_503,
        FaultKind.INTERNAL_503,
        FaultKind.OVERLOAD_1008,
        FaultKind.LIMIT_429,
        FaultKind.BAN_418,
    }
)
#: Requests that system-level protection lets through.
_EXEMPT_METHODS: Final = frozenset({"DELETE", "GET"})


@final
class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fault; what is empty matches everything. `code`, `status`, `words` are for CODE.

    `delay_ms` is added to whatever happens, in the client's own time.
    """

    kind: FaultKind
    method: str = ""
    path: str = ""
    symbol: str = ""
    accepted: bool = False
    count: int | None = 1
    after: int = 0
    probability: float = 1.0
    delay_ms: int = 0
    code: int = -1000
    status: int = 400
    words: str = ""


@final
@dataclass(slots=True)
class _Due:
    """A fault, how many it still lets through, and how often it still strikes."""

    fault: Fault
    spared: int
    left: int | None


@final
class FaultPlan:
    """The faults that are still to strike, in the order they were given."""

    def __init__(self, faults: Sequence[Fault] = (), seed: int = 0) -> None:
        self._due = [_Due(fault, fault.after, fault.count) for fault in faults]
        self._chance = random.Random(seed)  # noqa: S311 - seeded chance is the point
        self.struck = 0

    def strike(self, request: Request, params: Params) -> Fault | None:
        """Return the fault that meets this request, if one does, and use it up."""
        for due in self._due:
            if due.left == 0 or not _matches(due.fault, request, params):
                continue
            if due.spared:
                due.spared -= 1
                continue
            if self._chance.random() >= due.fault.probability:
                continue
            if due.left is not None:
                due.left -= 1
            self.struck += 1
            return due.fault
        return None


def _matches(fault: Fault, request: Request, params: Params) -> bool:
    if fault.method and fault.method != request.method:
        return False
    if fault.path and fault.path != request.path:
        return False
    if fault.symbol and fault.symbol != params.text("symbol"):
        return False
    exempt = request.method in _EXEMPT_METHODS or "true" in {
        (params.text("reduceOnly") or "").lower(),
        (params.text("closePosition") or "").lower(),
    }
    return not (fault.kind is FaultKind.OVERLOAD_1008 and exempt)


def is_accepted(fault: Fault) -> bool:
    """Tell whether the request is carried out before the fault strikes."""
    if fault.kind in _NEVER_ACCEPTED:
        return False
    return fault.accepted or fault.kind in {FaultKind.LATENCY, FaultKind.TWICE}


def spoiled(fault: Fault, reply: Reply | None, request: Request, now_ms: int) -> Reply:
    """Return what the client gets; `reply` is the true one, None where nothing was done."""
    whole = reply or said({})
    made = _spoiled(fault, whole, request, now_ms)
    return replace(made, headers=whole.headers, delay_ms=fault.delay_ms)


def _spoiled(  # noqa: PLR0911 - one line for each kind
    fault: Fault, whole: Reply, request: Request, now_ms: int
) -> Reply:
    match fault.kind:
        case FaultKind.LATENCY | FaultKind.TWICE:
            return whole
        case FaultKind.LOST:
            return Reply(ending=Ending.SILENT)
        case FaultKind.RESET:
            return Reply(ending=Ending.RESET)
        case FaultKind.CUT:
            return replace(whole, ending=Ending.CUT)
        case FaultKind.EMPTY:
            return Reply(body=b"")
        case FaultKind.HTML:
            return Reply(body=_HTML, content_type="text/html")
        case FaultKind.BROKEN_JSON:
            return Reply(body=whole.body[: max(len(whole.body) // 2, 1)])
        case FaultKind.UNKNOWN_503_NO_CODE:
            body = {"timestamp": now_ms, "path": request.path, "msg": _UNKNOWN_WORDS}
            return said(body, _UNAVAILABLE)
        case FaultKind.STATUS:
            return Reply(status=fault.status, body=fault.words.encode())
        case kind:
            return refused(_refusal(fault, kind))


def _refusal(fault: Fault, kind: FaultKind) -> Refusal:
    """Return what a fault that has a code says."""
    if kind is FaultKind.CODE:
        words = fault.words or words_of(fault.code)
        return Refusal(fault.code, words, status=fault.status)
    code, words, status = _SAID[kind]
    return Refusal(code, fault.words or words, status=status)


_SAID: Final = MappingProxyType(
    {
        FaultKind.UNKNOWN_503: (-1000, _UNKNOWN_WORDS, _UNAVAILABLE),
        FaultKind.UNAVAILABLE_503: (0, "Service Unavailable.", _UNAVAILABLE),
        FaultKind.INTERNAL_503: (-1001, words_of(-1001), _UNAVAILABLE),
        FaultKind.OVERLOAD_1008: (-1008, words_of(-1008), _UNAVAILABLE),
        FaultKind.LIMIT_429: (-1003, "Too many requests.", _TOO_MANY),
        FaultKind.BAN_418: (-1003, "Way too many requests.", _BANNED),
    }
)

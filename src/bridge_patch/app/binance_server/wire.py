"""What passes between a client and the exchange: a request, its parameters, a reply.

Nothing here knows a socket: the HTTP server and the in-process transport of the tests both
make a `Request` and act on a `Reply`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar, final
from urllib.parse import parse_qsl

import msgspec

from bridge_patch.app.binance_server.errors import (
    Refusal,
    invalid,
    malformed,
    missing,
    not_required,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, parse_symbol

#: A JSON value that is about to be written.
Json: TypeAlias = object
Choice = TypeVar("Choice", bound=StrEnum)

_OK: Final = 200
_WHOLE: Final = re.compile(r"-?[0-9]{1,19}")
#: With an exponent of one digit, as clients write small quantities.
_NUMBER: Final = re.compile(
    r"[+-]?(?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][+-]?[0-9])?"
)


class Ending(StrEnum):
    """How the reply reaches the client, if it does."""

    WHOLE = "whole"
    CUT = "cut"  # half of the body, then the connection drops
    RESET = "reset"  # the connection drops before any byte of the reply
    SILENT = "silent"  # nothing ever comes: the client times out


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request; `query` and `body` are the raw, still encoded texts."""

    method: str
    path: str
    query: str = ""
    body: str = ""
    api_key: str = ""
    address: str = "127.0.0.1"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP reply and what becomes of it; `delay_ms` is the client's own time."""

    status: int = _OK
    body: bytes = b""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_ms: int = 0
    ending: Ending = Ending.WHOLE

    def with_headers(self, headers: Mapping[str, str]) -> Reply:
        """Return the reply with these headers beside its own."""
        return replace(self, headers={**self.headers, **headers})


def said(value: Json, status: int = _OK) -> Reply:
    """Return a JSON reply."""
    return Reply(status=status, body=msgspec.json.encode(value))


def refused(refusal: Refusal) -> Reply:
    """Return a refusal as the exchange words it."""
    return said({"code": refusal.code, "msg": refusal.words}, refusal.status)


def plain(number: Decimal) -> str:
    """Return a number without an exponent, as the exchange writes it.

    >>> plain(Decimal("1E-8")), plain(Decimal("-0.0"))
    ('0.00000001', '0.0')
    """
    return f"{number or abs(number):f}"


@final
class Params:
    """The parameters of one request; every reader refuses in the exchange's own words.

    A parameter that is there and empty counts as not sent.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = {name: value for name, value in values.items() if value != ""}

    @classmethod
    def of(cls, request: Request) -> Params:
        """Read query and body; on a clash the query wins."""
        body = dict(parse_qsl(request.body, keep_blank_values=True))
        return cls({**body, **dict(parse_qsl(request.query, keep_blank_values=True))})

    def has(self, name: str) -> bool:
        """Tell whether the parameter was sent."""
        return name in self._values

    def text(self, name: str) -> str | None:
        """Return a text, None where it was not sent."""
        return self._values.get(name)

    def given(self, name: str) -> str:
        """Return a text that must be there."""
        value = self._values.get(name)
        if value is None:
            raise missing(name)
        return value

    def require(self, *names: str) -> None:
        """Refuse a request that lacks one of these."""
        for name in names:
            self.given(name)

    def forbid(self, *names: str) -> None:
        """Refuse a request that has one of these."""
        for name in names:
            if name in self._values:
                raise not_required(name)

    def the_whole(self, name: str) -> int:
        """Return a whole number that must be there."""
        self.require(name)
        return self.whole(name) or 0

    def the_number(self, name: str) -> Decimal:
        """Return a number that must be there."""
        self.require(name)
        return self.number(name) or Decimal(0)

    def the_choice(self, name: str, kind: type[Choice], code: int) -> Choice:
        """Return one of a closed set of words, which must be there."""
        self.require(name)
        return kind(self.choice(name, kind, code) or "")

    def the_symbol(self) -> Symbol:
        """Return the symbol, which must be there; whether it is listed or not."""
        self.require("symbol")
        return self.symbol() or Symbol("")

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        value = self._values.get(name)
        if value is None:
            return None
        if not _WHOLE.fullmatch(value):
            raise malformed(name)
        return int(value)

    def number(self, name: str) -> Decimal | None:
        """Return a decimal number; NaN, infinities and endless digits are malformed."""
        value = self._values.get(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            raise malformed(name)
        return Decimal(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a flag, written true or false in any case."""
        value = self._values.get(name)
        if value is None:
            return default
        if value.lower() not in {"true", "false"}:
            raise malformed(name)
        return value.lower() == "true"

    def choice(self, name: str, kind: type[Choice], code: int) -> Choice | None:
        """Return one of a closed set of words."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            raise invalid(name, code) from None

    def symbol(self) -> Symbol | None:
        """Return the symbol, whether it is listed or not."""
        value = self._values.get("symbol")
        if value is None:
            return None
        try:
            return parse_symbol(value)
        except InvalidValueError:
            raise Refusal(-1121) from None

    def within(self, name: str, *, default: int, most: int) -> int:
        """Return a count between one and `most`."""
        value = self.whole(name)
        if value is None:
            return default
        if not 1 <= value <= most:
            words = f"Parameter '{name}' must be from 1 to {most}."
            raise Refusal(-1130, words)
        return value

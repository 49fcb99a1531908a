"""A JSON object read field by field, collecting every fault instead of stopping at one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.wire.faults import FaultCode, fault, quoted
from bridge_patch.adapters.wire.instants import instant_of
from bridge_patch.adapters.wire.tree import Odd, Tree, shown
from bridge_patch.domain.intent import UnixMs


@final
@dataclass(frozen=True, slots=True)
class Span:
    """The range a number must lie in, and how to say so."""

    words: str
    least: Decimal
    most: Decimal | None = None
    least_open: bool = False
    most_open: bool = False

    def holds(self, value: Decimal) -> bool:
        """Tell whether a finite value lies inside."""
        if value < self.least or (self.least_open and value == self.least):
            return False
        if self.most is None:
            return True
        return value < self.most or (value == self.most and not self.most_open)


POSITIVE: Final = Span("above 0", Decimal(0), least_open=True)
NOT_NEGATIVE: Final = Span("0 or more", Decimal(0))
SHARE: Final = Span("from 0 to 1", Decimal(0), Decimal(1))


class Form:
    """One JSON object, the faults found so far, and where it stands in the message."""

    def __init__(self, fields: dict[str, Tree], faults: list[str], where: str = "") -> None:
        self.fields = fields
        self.faults = faults
        self.where = where

    def fault(self, code: FaultCode, name: str, expected: str, found: str) -> None:
        """Add a fault of a field."""
        self.faults.append(fault(code, self.where + name, expected, found))

    def require(self, name: str) -> None:
        """Add a fault if the field is not stated at all."""
        if name not in self.fields:
            self.fault(FaultCode.MISSING, name, "must be stated", "absent")

    def number(self, name: str, span: Span) -> Decimal | None:
        """Return a number of the span; None where it is absent or at fault."""
        if name not in self.fields:
            return None
        value = self.fields[name]
        if isinstance(value, Decimal) and span.holds(value):
            return value
        if _is_told(value):
            return None
        known = isinstance(value, Decimal | Odd)
        code = FaultCode.OUT_OF_RANGE if known else FaultCode.WRONG_TYPE
        self.fault(code, name, f"must be a number {span.words}", _found(value))
        return None

    def flag(self, name: str) -> bool | None:
        """Return a boolean; None where it is absent or at fault."""
        if name not in self.fields:
            return None
        value = self.fields[name]
        if isinstance(value, bool):
            return value
        self._wrong_type(name, "true or false")
        return None

    def text(self, name: str, length_max: int, *, one_line: bool = True) -> str | None:
        """Return a text of bounded length; None where it is absent or at fault."""
        if name not in self.fields:
            return None
        value = self.fields[name]
        if not isinstance(value, str):
            self._wrong_type(name, "text")
            return None
        if len(value) > length_max:
            expected = f"must be at most {length_max} characters"
            self.fault(FaultCode.BAD_TEXT, name, expected, f"{len(value)}")
            return None
        if one_line and not value.isprintable():
            expected = "must be printable characters on one line"
            self.fault(FaultCode.BAD_TEXT, name, expected, f"the text {quoted(value)}")
            return None
        return value

    def word(self, name: str, choices: Collection[str]) -> str | None:
        """Return one of the words; None where it is absent or at fault."""
        if name not in self.fields:
            return None
        value = self.fields[name]
        if not isinstance(value, str):
            self._wrong_type(name, f"one of {', '.join(choices)}")
            return None
        if value not in choices:
            expected = f"must be one of {', '.join(choices)}"
            self.fault(FaultCode.NOT_A_CHOICE, name, expected, shown(value))
            return None
        return value

    def instant(self, name: str) -> UnixMs | None:
        """Return an instant; None where it is absent or at fault."""
        if name not in self.fields:
            return None
        value = self.fields[name]
        if not isinstance(value, str):
            self._wrong_type(name, "an ISO-8601 text with a time zone")
            return None
        at = instant_of(value)
        if at is None:
            expected = (
                "must be an ISO-8601 date and time with a zone, as 2025-05-04T12:00:00Z"
            )
            self.fault(FaultCode.BAD_TIME, name, expected, shown(value))
        return at

    def _wrong_type(self, name: str, expected: str) -> None:
        value = self.fields[name]
        if not _is_told(value):
            self.fault(FaultCode.WRONG_TYPE, name, f"must be {expected}", _found(value))


def _is_told(value: Tree) -> bool:
    """Tell whether the value's fault was already found where the tree was read."""
    return isinstance(value, Odd) and value.code is not FaultCode.OUT_OF_RANGE


def _found(value: Tree) -> str:
    return "null (leave the field out)" if value is None else shown(value)

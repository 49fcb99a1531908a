"""validate_trade_intent: every fault of anything, an exception for nothing."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.wire.schema import FIELDS
from bridge_patch.app.contract.trade_intent import TradeIntent, validate_trade_intent
from tests.wire.samples import NOON, close, faults, sound
from tests.wire.test_any_input import json_values


def checked(payload: object) -> list[str]:
    return validate_trade_intent(payload, now_ms=NOON)


@given(
    changes=st.dictionaries(
        st.sampled_from(FIELDS) | st.text(max_size=12), json_values, max_size=3
    )
)
def test_the_check_and_the_service_are_one(changes: dict[str, Any]) -> None:
    """What the gate lets through the service takes, and the other way round."""
    payload = {**sound(), **changes}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        found = checked(payload)
    assert bool(found) == bool(faults(json.dumps(payload)))


def test_a_sound_payload_has_no_fault() -> None:
    assert checked(sound()) == checked(close()) == []
    assert checked(TradeIntent(**sound())) == []
    assert checked(sound(confidence=Decimal("0.85"))) == []


class Word(StrEnum):
    BUY = "BUY"


class Count(IntEnum):
    TEN = 10


class Number(float):
    """As numpy's own is."""


def test_the_kinds_of_python_are_read_as_what_they_are() -> None:
    payload = sound(action=Word.BUY, leverage=Count.TEN, confidence=Number(0.85))

    assert checked(payload) == []
    assert checked(payload | {"features": (1, [2.5], {"a": None})}) == []


class Hostile:
    """Raises whenever anybody asks it anything."""

    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError(name)

    def __repr__(self) -> str:
        raise RuntimeError

    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]

    def __float__(self) -> float:
        raise RuntimeError


class HostileDict(dict[str, Any]):
    def items(self) -> Any:
        raise RuntimeError

    def __iter__(self) -> Any:
        raise RuntimeError

    def get(self, *_: object) -> Any:
        raise RuntimeError


class HostileMeta(type):
    @property
    def __name__(cls) -> str:  # type: ignore[override]
        raise RuntimeError


class Nameless(metaclass=HostileMeta):
    """Has no name that can be asked for."""


ENDLESS: list[Any] = []
ENDLESS += [ENDLESS, ENDLESS, ENDLESS]


#: Made when they are needed: the test runner, too, asks things of what it is given.
OBJECTS: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "bytes": lambda: b"bytes",
    "object": object,
    "hostile": Hostile,
    "hostile type": lambda: Hostile,
    "nameless": Nameless,
    "400 digits": lambda: 10**400,
    "5000 digits": lambda: 10**5000,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "huge": lambda: 1e308,
    "signalling": lambda: Decimal("sNaN"),
    "infinite": lambda: Decimal("-Infinity"),
    "huge exponent": lambda: Decimal("1E+999999"),
    "complex": lambda: 1j,
    "endless": lambda: ENDLESS,
    "number for a name": lambda: {1: 2},
    "hostile inside": lambda: {"mode": Hostile()},
    "function": lambda: len,
    "range": lambda: range(3),
    "set": lambda: {1, 2},
    "surrogate": lambda: "\ud800",
    "long": lambda: "x" * 100_000,
    "empty intent": lambda: TradeIntent("X"),
}


@pytest.mark.parametrize("kind", OBJECTS)
def test_any_object_anywhere_is_a_fault_and_no_exception(kind: str) -> None:
    """It is called with whatever an AI, or a person at a prompt, has made."""
    value = OBJECTS[kind]()

    for payload in (value, [value], {"symbol": value}):
        assert checked(payload)
    for name in FIELDS:
        if (name, kind) in {("reduce_only", "True"), ("reason", "surrogate")}:
            continue  # these two are what the field is for
        found = checked(sound(**{name: value}))
        assert found, name
        assert all(fault.isprintable() and len(fault) < 300 for fault in found)


def test_a_dict_with_methods_of_its_own_is_read_past_them() -> None:
    assert checked(HostileDict(sound())) == []


def test_a_large_object_is_not_read_to_its_end() -> None:
    found = checked(sound(features=[[0] * 1000] * 1000))

    assert len(found) == 1
    assert found[0].startswith("TOO_LARGE features[99]")


def test_side_alone_is_accepted_with_a_warning() -> None:
    with pytest.warns(DeprecationWarning, match="old name of `action`"):
        assert checked(sound(action=..., side="BUY")) == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert checked(sound(action=..., side="BUY")) == []

"""Journal events as bytes: what is read back is what was written, to the digit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge_patch.adapters.codec import decode_event, encode_event
from bridge_patch.adapters.wire.events import EVENT_KINDS
from bridge_patch.adapters.wire.figures import require_finite
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, Event, Filled, FillKind, StopArmed
from bridge_patch.domain.intent import IntentId, Side, Symbol
from bridge_patch.domain.order import ClientOrderId
from tests.wire.event_strategies import any_of
from tests.wire.samples import NOON

D = Decimal
FILL = Filled(
    book=Book.ACCOUNT,
    at_ms=NOON,
    symbol=Symbol("BTCUSDT"),
    side=Side.BUY,
    kind=FillKind.ENTRY,
    quantity_base=D("0.0750"),
    price_usd=D("60012.3"),
    fee_usd=D("2.25046125"),
    realised_usd=D(0),
    margin_usd=D("300.00"),
    order_id=ClientOrderId("bp-1"),
    trade_id="t-1",
    intent_id=IntentId("i-1"),
)
BODY = (
    b'{"book":"account","at_ms":1746360000000,"symbol":"BTCUSDT","side":"BUY",'
    b'"kind":"entry","quantity_base":"0.0750","price_usd":"60012.3",'
    b'"fee_usd":"2.25046125","realised_usd":"0","margin_usd":"300.00",'
    b'"order_id":"bp-1","trade_id":"t-1","intent_id":"i-1"}'
)


def test_an_event_is_its_kind_and_its_fields_in_declared_order() -> None:
    """The journal's hashes are over these bytes: they must never move."""
    assert encode_event(FILL) == ("Filled", BODY)
    assert decode_event("Filled", BODY) == FILL


def test_the_digits_are_kept() -> None:
    """A rule quotes its figures: with 300 for 300.00 it would say something else."""
    back = decode_event("Filled", BODY)

    assert isinstance(back, Filled)
    assert (str(back.quantity_base), str(back.margin_usd)) == ("0.0750", "300.00")


def test_every_event_of_the_union_has_a_kind() -> None:
    assert set(EVENT_KINDS.values()) == set(get_args(Event))
    assert len(EVENT_KINDS) == len(get_args(Event)) > 10


def comes_back(event: Event) -> None:
    kind, body = encode_event(event)
    back = decode_event(kind, body)

    assert kind == type(event).__name__
    assert back == event
    assert encode_event(back) == (kind, body)


@pytest.mark.parametrize("kind", sorted(EVENT_KINDS))
@settings(max_examples=3)  # one law for all kinds stands below: this names each of them
@given(data=st.data())
def test_an_event_of_every_kind_comes_back(kind: str, data: st.DataObject) -> None:
    comes_back(data.draw(any_of(EVENT_KINDS[kind])))


@given(event=st.sampled_from(sorted(EVENT_KINDS)).flatmap(lambda k: any_of(EVENT_KINDS[k])))
def test_every_event_comes_back_equal_and_writes_the_same_bytes(event: Event) -> None:
    comes_back(event)


def test_a_stop_that_was_written_without_a_quantity_closes_all() -> None:
    """Journals from before stops stated one are read on."""
    old = (
        b'{"book":"account","at_ms":1746360000000,"symbol":"BTCUSDT","side":"SELL",'
        b'"stop_price_usd":"94500","order_id":"bp-1","intent_id":"i-1"}'
    )
    stop = decode_event("StopArmed", old)

    assert isinstance(stop, StopArmed)
    assert stop.quantity_base is None


def test_a_newer_journal_is_refused() -> None:
    """Guessing at an event would make every fold wrong from there on."""
    with pytest.raises(InvalidValueError, match="newer"):
        decode_event("Teleported", b"{}")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff",
        BODY[:-1],
        BODY.replace(b'"60012.3"', b'"NaN"'),
        BODY.replace(b'"60012.3"', b'"sNaN"'),
        BODY.replace(b'"60012.3"', b'"-inf"'),
        BODY.replace(b'"60012.3"', b"NaN"),
        BODY.replace(b'"60012.3"', b'"price"'),
        BODY.replace(b'"BUY"', b'"HOLD"'),
        BODY.replace(b"1746360000000", b'"noon"'),
    ],
)
def test_a_damaged_event_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidValueError):
        decode_event("Filled", body)


@pytest.mark.parametrize("value", [D("NaN"), D("Infinity"), D("-Infinity"), D("sNaN"), 1.5])
def test_no_event_is_written_with_a_number_that_is_none(value: Any) -> None:
    encode_event(FILL)
    with pytest.raises(InvalidValueError):
        encode_event(replace(FILL, fee_usd=value))


def is_refused(held: object) -> bool:
    try:
        require_finite(held)
    except InvalidValueError:
        return True
    return False


@pytest.mark.parametrize(
    "held", [(), ("text", 1, None), {"a": (D(1), {"b": FILL})}, replace(FILL)]
)
def test_finite_things_pass(held: object) -> None:
    assert not is_refused(held)
    assert is_refused((held, D("NaN")))


@pytest.mark.parametrize(
    "held", [(1, (D("NaN"),)), {"a": {"b": float("nan")}}, [0.5], {"a": [D("inf")]}]
)
def test_a_bad_number_is_found_however_deep(held: object) -> None:
    with pytest.raises(InvalidValueError):
        require_finite(held)

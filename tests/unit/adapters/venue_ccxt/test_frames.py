"""Frames of the user stream: read whole, or a fault; what is not used is let be."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.venue_ccxt.frames import (
    AccountUpdate,
    AlgoUpdate,
    ConfigUpdate,
    KeyExpired,
    MarginCall,
    OrderUpdate,
    Other,
    read_frame,
)
from bridge_patch.domain.errors import InvalidValueError

KINDS = {
    "ORDER_TRADE_UPDATE": OrderUpdate,
    "ALGO_UPDATE": AlgoUpdate,
    "ACCOUNT_UPDATE": AccountUpdate,
    "ACCOUNT_CONFIG_UPDATE": ConfigUpdate,
    "listenKeyExpired": KeyExpired,
    "MARGIN_CALL": MarginCall,
}


@pytest.mark.parametrize("name", ["TRADE_LITE", "GRID_UPDATE", "NEW_IN_2027", ""])
def test_a_kind_that_is_not_used_is_let_be(name: str) -> None:
    assert isinstance(read_frame(json.dumps({"e": name, "E": 5, "x": [1]})), Other)


def test_a_frame_in_an_envelope_is_the_same_frame() -> None:
    plain = {"e": "listenKeyExpired", "E": 5, "listenKey": "k"}
    wrapped = json.dumps({"stream": "k", "data": plain})

    assert read_frame(json.dumps(plain)) == read_frame(wrapped) == KeyExpired(event_ms=5)


@given(text=st.text() | st.sampled_from(sorted(KINDS)).map(lambda e: json.dumps({"e": e})))
def test_a_frame_is_read_whole_or_is_a_fault(text: str) -> None:
    with suppress(InvalidValueError):
        event = read_frame(text)
        assert isinstance(event, Other)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_a_fault(number: str) -> None:
    account = {"m": "ORDER", "B": [{"a": "USDT", "bc": number}], "P": []}
    with pytest.raises(InvalidValueError):
        read_frame(json.dumps({"e": "ACCOUNT_UPDATE", "E": 1, "T": 1, "a": account}))

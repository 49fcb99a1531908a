"""Any input at all: a delivery comes out, and what it says is fit to be logged."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire.schema import FIELDS
from bridge_patch.domain.intent import LiveIntent, Mode, ReduceIntent, ShadowIntent
from bridge_patch.services.messages import Delivery, Poison
from tests.wire.samples import NOON_TEXT, delivered, faults, sound

FAULT = re.compile(r"[A-Z_0-9]+ [ -~…]+: [ -~…%]+, was [ -~…]+")


def test_faults_are_few_short_and_fit_for_a_log() -> None:
    """Whatever is in a message, nothing of it can break a line or fill a disk."""
    hostile = "\x1b[31m\n[GOVERNOR] \u2028" + "A" * 10_000
    bad = dict.fromkeys(FIELDS, hostile) | {f"reduce_only{n}\n": 1 for n in range(500)}
    found = faults(bad)

    assert 20 < len(found) <= 41
    assert "more faults" in found[-1]
    assert all(len(fault) < 300 for fault in found)
    assert all(fault.isprintable() for fault in found)
    assert all(FAULT.fullmatch(fault) for fault in found[:-1]), found


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["BUY", "SELL", "CLOSE", "shadow", "1.0", "1.2", NOON_TEXT, "swing"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["mode", "trail_pct", "partial_close_pct", "x"])
            | st.text(max_size=8),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


def is_ended(got: Delivery) -> bool:
    content = got.content
    if isinstance(content, Poison):
        return bool(content.faults) and all(f.isprintable() for f in content.faults)
    return isinstance(content, LiveIntent | ShadowIntent | ReduceIntent)


@given(
    changes=st.dictionaries(
        st.sampled_from(FIELDS) | st.text(max_size=12), json_values, max_size=4
    ),
    mode=st.sampled_from(Mode),
)
def test_any_value_in_any_field_ends_as_a_delivery(
    changes: dict[str, Any], mode: Mode
) -> None:
    text = json.dumps({**sound(), **changes})
    got = delivered(text, mode=mode)

    assert is_ended(got)
    assert got.payload == text


@given(text=st.text(max_size=200), mode=st.sampled_from(Mode))
def test_any_text_ends_as_a_delivery(text: str, mode: Mode) -> None:
    assert is_ended(delivered(text, mode=mode))


@given(
    fields=st.lists(
        st.tuples(st.sampled_from(["payload", "data", "event_type", "source"]), st.text()),
        max_size=5,
    )
)
def test_any_envelope_ends_as_a_delivery(fields: list[tuple[str, str]]) -> None:
    assert is_ended(delivered(Envelope(tuple(fields))))

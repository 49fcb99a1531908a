"""The cheap look at an entry: where it answers, the full reading would have agreed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge_patch.adapters.codec import (
    decode_delivery,
    encode_draft,
    encode_reduce,
    late_entries,
)
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.domain.intent import LiveIntent, Mode, ShadowIntent, UnixMs
from bridge_patch.services.messages import Delivery
from tests.wire.samples import NOON, close, draft, exit_at_market, sound

AGE_MAX_MS = 60_000
NOW = UnixMs(NOON + AGE_MAX_MS + 1)
SWING = {"mode": "swing", "trail_pct": 1.5, "max_time_sec": 600, "partial_close_pct": 0}
FULL = {"partial_trigger_pct": 0, "partial_close_fraction": 0, "trail_after_partial": False}


def envelope(payload: str, **fields: str) -> Envelope:
    stated = {"event_type": "trade.intent", "payload": payload, "timestamp": iso_of(NOW)}
    return Envelope(tuple((stated | fields).items()))


def looked(payload: str, now: UnixMs = NOW) -> str | None:
    (found,) = late_entries([envelope(payload)], now_ms=now, age_max_ms=AGE_MAX_MS)
    if found is None:
        return None
    intent_id, text = found
    assert text == payload
    return intent_id


def read(payload: str, now: UnixMs = NOW) -> Delivery:
    return decode_delivery(envelope(payload), entry_id="1", mode=Mode.LIVE, now_ms=now)


def agrees(payload: str, now: UnixMs = NOW) -> bool:
    """Whether the look answered; where it did, the full reading has to say the same."""
    found = looked(payload, now)
    if found is None:
        return False
    content = read(payload, now).content
    assert isinstance(content, LiveIntent | ShadowIntent), content
    assert content.entry.id == found
    assert now - content.entry.created_ms > AGE_MAX_MS
    return True


@pytest.mark.parametrize(
    "payload",
    [
        sound(),
        sound(schema="1.2", mode="shadow", valid_until=iso_of(NOON), action="SELL")
        | {"stop_loss": 61_000, "take_profit": 58_000, "stop_loss_pct": 1.7},
        sound(ai_harvest_policy=SWING, harvest_policy=SWING | FULL, reduce_only=...),
        sound(entry_price=..., stop_loss=..., take_profit=..., stop_loss_pct=2, reason="é"),
        {"symbol": "OPUSDT", "action": "BUY", "confidence": 1, "timestamp": iso_of(NOON)}
        | {"intent_id": "i"},
    ],
)
def test_a_plain_late_entries_is_seen_to_be_one(payload: dict[str, Any]) -> None:
    for text in (
        json.dumps(payload, ensure_ascii=False),
        json.dumps(payload, separators=(",", ":"), ensure_ascii=False),
    ):
        assert agrees(text)
        assert looked(text, UnixMs(NOON + AGE_MAX_MS)) is None


def test_what_we_write_ourselves_is_seen_too() -> None:
    one = draft()

    (found,) = late_entries([encode_draft(one)], now_ms=NOW, age_max_ms=AGE_MAX_MS)

    assert found == (one.id, encode_draft(one).payload)


DOUBTFUL = {
    "a close": json.dumps(close()),
    "a close with a flag": json.dumps(close(reduce_only=True)),
    "a flagged sell": json.dumps(sound(reduce_only=True, action="SELL")),
    "any flag": json.dumps(sound(reduce_only=False)),
    "a misspelt flag": json.dumps(sound(reduceOnly=True)),
    "an unknown name": json.dumps(sound(colour="red")),
    "a stop to be moved": json.dumps(sound(stop_move_to=1)),
    "the old name of action": json.dumps(sound(side="BUY", action=...)),
    "no id": json.dumps(sound(intent_id=...)),
    "no time": json.dumps(sound(timestamp=...)),
    "a number for a time": json.dumps(sound(timestamp=1)),
    "no zone": json.dumps(sound(timestamp="2025-05-04T12:00:00")),
    "an end that is no time": json.dumps(sound(valid_until="soon")),
    "a list": json.dumps([sound()]),
    "nothing": "",
    "said twice": json.dumps(sound())[:-1] + ', "action": "CLOSE"}',
    "said twice the other way": '{"action": "CLOSE", ' + json.dumps(sound())[1:],
    "an escape": json.dumps(sound(reason='say "no"')),
    "a stop on the wrong side": json.dumps(sound(stop_loss=61_000)),
    "too much": json.dumps(sound(leverage=126)),
    "many digits": json.dumps(sound(leverage=10)).replace("10,", "9.99999999999999999999,"),
    "bytes that are none": json.dumps(sound()) + "\udcff",
    "too long an id": json.dumps(sound(intent_id="i" * 129)),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_whatever_is_not_plain_is_read_in_full(name: str) -> None:
    """Above all a reduction: it never expires into nothing."""
    assert looked(DOUBTFUL[name]) is None


def test_a_reduction_of_ours_is_read_in_full() -> None:
    assert late_entries([encode_reduce(exit_at_market())], now_ms=NOW, age_max_ms=0) == [
        None
    ]


@pytest.mark.parametrize(
    "fields",
    [
        (("payload", json.dumps(sound())),),
        (("event_type", "trade.intent"), ("data", json.dumps(sound()))),
        (("event_type", "control"), ("payload", json.dumps(sound()))),
        (("event_type", "trade.intent"), *2 * (("payload", json.dumps(sound())),)),
    ],
)
def test_an_envelope_that_is_not_plain_is_read_in_full(
    fields: tuple[tuple[str, str], ...],
) -> None:
    assert late_entries([Envelope(fields)], now_ms=NOW, age_max_ms=AGE_MAX_MS) == [None]


def test_the_payloads_own_time_decides() -> None:
    """What waited elsewhere is not young for having been put on the bus a moment ago."""
    old, young = json.dumps(sound()), json.dumps(sound(timestamp=iso_of(NOW)))
    for stamp in (iso_of(NOW), iso_of(UnixMs(0)), "yesterday"):
        for payload, late in ((old, True), (young, False)):
            sent = envelope(payload, timestamp=stamp)
            (found,) = late_entries([sent], now_ms=NOW, age_max_ms=AGE_MAX_MS)
            assert (found is not None) is late


_some = str.split
_NUMBERS = st.sampled_from(
    _some(
        "0 -0 0.0 1 1.0 1e-400 -1e-400 1e-301 1e31 1e400 0.1 0.09999999999999999999 0.5 2"
        " 20 99.99 100 125 125.0 125.00000000000000000001 1.00000000000000000001 7200 1e3"
        " 58800 59999.999 60000 60000.000000000000001 61000 9007199254740993 null true []"
    )
)
_WORDS = _some(
    "BUY SELL CLOSE buy 1.0 1.1 1.2 live shadow LIVE swing scalper BTCUSDT btcusdt é"
    " 2025-05-04T12:00:00+00:00 20250504T120000Z 2025-05-04T12:01:00.001Z 1"
)
_ODD_TEXTS = ("", " ", "a b", "a\u2028b", "\u007f", "i" * 129, "2025-05-04 12:00Z")
_TEXTS = st.sampled_from((*_WORDS, *_ODD_TEXTS)).map(
    lambda text: json.dumps(text, ensure_ascii=False)
)
_POLICY_NAMES = _some(
    "mode trail_pct max_time_sec partial_close_pct partial_trigger_pct odd"
    " partial_close_fraction trail_after_partial break_even_trigger_pct trail_sigmas"
    " trail_floor_pct"
)
_POLICY_WORDS = _some('"swing" "scalper" "trend_runner" false')
_POLICY = st.dictionaries(
    st.sampled_from(_POLICY_NAMES), _NUMBERS | st.sampled_from(_POLICY_WORDS)
).map(lambda d: "{" + ",".join(f'"{k}":{v}' for k, v in d.items()) + "}")
_OTHER_NAMES = _some(
    "schema mode valid_until stop_loss_pct take_profit_pct side reduce_only reduceOnly"
    " stop_move_to limits_hash build other data"
)
_NAMES = st.sampled_from((*sound(), *_OTHER_NAMES))
_CHANGES = st.lists(
    st.tuples(_NAMES, st.one_of(_NUMBERS, _TEXTS, _POLICY, st.none()), st.booleans()),
    max_size=3,
)


@given(changes=_CHANGES, gap=st.sampled_from(["", " ", "\n"]), late=st.integers(-2, 2))
@example(
    changes=[("harvest_policy", '{"mode":"swing","partial_close_pct":0.5}', False)],
    gap="",
    late=1,
)
@example(
    changes=[
        ("schema", '"1.2"', False),
        ("harvest_policy", '{"mode":"swing","partial_close_pct":0.5}', False),
    ],
    gap="",
    late=1,
)
@example(
    changes=[("harvest_policy", '{"mode":"scalper","partial_trigger_pct":0}', False)],
    gap="",
    late=1,
)
@example(changes=[("confidence", "1.00000000000000000001", False)], gap="", late=1)
@example(changes=[("confidence", "-1e-400", False)], gap="", late=1)
@example(changes=[("stop_loss", "1e-290", False)], gap="", late=1)
@example(
    changes=[("action", '"SELL"', True), ("reduce_only", "true", True)], gap=" ", late=1
)
def test_where_the_look_answers_the_full_reading_expires_the_same_entry(
    changes: list[tuple[str, str | None, bool]], gap: str, late: int
) -> None:
    """The dangerous direction: what is dropped unread must be a late entry, all of it."""
    pairs = [(name, json.dumps(value)) for name, value in sound().items()]
    for name, text, again in changes:
        if not again:
            pairs = [pair for pair in pairs if pair[0] != name]
        if text is not None:
            pairs.append((name, text))
    payload = "{" + f",{gap}".join(f'"{name}":{gap}{text}' for name, text in pairs) + "}"

    agrees(payload, UnixMs(NOON + AGE_MAX_MS + late))

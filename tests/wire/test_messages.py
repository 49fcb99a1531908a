"""What the services publish comes back as it was, and is of use to other readers."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters import codec
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire.instants import instant_of, iso_of
from bridge_patch.app.contract.trade_intent import HarvestPolicy
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import BulkExpired, Settled
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import (
    LiveIntent,
    Mode,
    ReduceIntent,
    RiskBudget,
    ShadowIntent,
    Side,
    UnixMs,
)
from bridge_patch.domain.market import Bar, Mark, Tick
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.services.messages import Barrier, DeadLetter, PositionUpdate, Result
from tests.wire.event_strategies import any_of, policies
from tests.wire.outcomes import DEAD, EXPIRED, FUNDED, LATE, POSITION, SETTLED, TICK
from tests.wire.samples import (
    NOON,
    delivered,
    draft,
    entry,
    exit_at_market,
    fault_heads,
    proposal,
)

D = Decimal


def payload_of(envelope: Envelope) -> dict[str, Any]:
    """The payload as any other program reads it, numbers as floats."""
    return dict(json.loads(envelope.payload or ""))


@given(result=any_of(Settled) | any_of(BulkExpired))
def test_every_result_comes_back(result: Result) -> None:
    assert codec.decode_result(codec.encode_result(result)) == result


@given(update=any_of(PositionUpdate))
def test_every_position_comes_back(update: PositionUpdate) -> None:
    assert codec.decode_position(codec.encode_position(update)) == update


prices = st.lists(st.decimals("0.0001", "100000", places=4), min_size=4, max_size=4).map(
    sorted
)


@given(barrier=any_of(Barrier))
def test_every_barrier_comes_back(barrier: Barrier) -> None:
    assert codec.decode_barrier(codec.encode_barrier(barrier)) == barrier


@given(
    levels=prices,
    volume=st.decimals(0, 10**9, places=3),
    rates=st.lists(st.decimals("-0.99", "0.99", places=8), max_size=2),
    marks=st.lists(st.decimals("0.00000001", 10**9, places=8), max_size=2),
)
def test_every_tick_comes_back(
    levels: list[Decimal], volume: Decimal, rates: list[Decimal], marks: list[Decimal]
) -> None:
    low, opened, closed, high = levels
    bar = replace(
        TICK.bars[0], low=low, open=opened, close=closed, high=high, volume=volume
    )
    fundings = tuple(replace(FUNDED.fundings[0], rate_fraction=rate) for rate in rates)
    told = tuple(
        Mark(symbol=bar.symbol, mark_usd=usd, index_usd=usd, at_ms=NOON) for usd in marks
    )
    tick = Tick(at_ms=NOON, bars=(bar,), fundings=fundings, marks=told)

    assert codec.decode_tick(codec.encode_tick(tick)) == tick


@given(text=st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_a_dead_letter_keeps_its_bytes_whatever_they_are(text: str) -> None:
    letter = replace(DEAD, payload=text)
    back = codec.decode_dead_letter(codec.encode_dead_letter(letter))

    assert back == letter
    assert isinstance(back, DeadLetter)


def test_the_reason_of_a_dead_letter_is_read_without_the_payload() -> None:
    sent = codec.encode_dead_letter(DEAD)

    assert sent.field("reason") == "NOT_UNDERSTOOD"
    assert payload_of(sent)["faults"] == ["MISSING action: must be stated, was absent"]


@given(policy=policies)
def test_a_published_policy_makes_the_users_own(policy: Any) -> None:
    """As exit brains have always read it: HarvestPolicy(**result["harvest_policy"])."""
    result = payload_of(codec.encode_result(replace(SETTLED, harvest_policy=policy)))
    made = HarvestPolicy(**result["harvest_policy"])

    assert made.mode == policy.mode
    assert made.trail_pct == float(policy.trail_pct)
    assert made.max_time_sec == policy.hold_max_sec
    assert made.partial_close_pct == float(policy.partial_close_fraction)


def test_a_result_says_what_was_asked_allowed_and_filled() -> None:
    result = payload_of(codec.encode_result(SETTLED))

    assert (result["outcome"], result["status"], result["verdict"]) == (
        "settled",
        "FILLED",
        "CLAMP",
    )
    assert result["proposed_margin_usd"] == 451.61
    assert (result["approved_margin_usd"], result["approved_leverage"]) == (400, 15)
    assert (result["filled_quantity_base"], result["order_ids"]) == (
        0.099,
        ["bp-1", "bp-2"],
    )
    assert payload_of(codec.encode_result(EXPIRED))["intent_ids"] == ["i-1", "i-2"]


def damaged(sent: Envelope, old: str, new: str) -> Envelope:
    payload = sent.payload or ""
    assert old in payload
    return replace(
        sent,
        fields=tuple(
            (key, value.replace(old, new) if key == "payload" else value)
            for key, value in sent.fields
        ),
    )


RESULT, PLACE, BARS = (
    codec.encode_result(SETTLED),
    codec.encode_position(POSITION),
    codec.encode_tick(TICK),
)


@pytest.mark.parametrize(
    ("decode", "sent"),
    [
        (codec.decode_result, Envelope(())),
        (codec.decode_result, PLACE),
        (codec.decode_position, RESULT),
        (codec.decode_tick, Envelope((("event_type", "market.tick"), ("payload", "[1")))),
        (
            codec.decode_tick,
            Envelope((("event_type", "market.tick"), ("payload", "\udcff"))),
        ),
        (
            codec.decode_tick,
            Envelope((("event_type", "market.tick"), ("payload", "[" * 9999))),
        ),
        (codec.decode_result, damaged(RESULT, '"settled"', '"other"')),
        (codec.decode_result, damaged(RESULT, '"settled"', "[]")),
        (codec.decode_result, damaged(RESULT, "451.61,", '"NaN",')),
        (codec.decode_result, damaged(RESULT, "451.61,", '"inf",')),
        (codec.decode_result, damaged(RESULT, "451.61,", "NaN,")),
        (codec.decode_result, damaged(RESULT, '"scalper"', '"yolo"')),
        (codec.decode_result, damaged(RESULT, '"intent_id"', '"x"')),
        (codec.decode_position, damaged(PLACE, '"SELL"', '"sell"')),
        (codec.decode_position, damaged(PLACE, '"policy":{', '"policy":3,"x":{')),
        (codec.decode_tick, damaged(BARS, "60100", "1")),
        (codec.decode_tick, damaged(BARS, "60100", '"NaN"')),
        (codec.decode_tick, damaged(BARS, "12.345", '"Infinity"')),
        (codec.decode_dead_letter, Envelope((("event_type", "trade.intent.dead"),))),
    ],
)
def test_a_damaged_message_is_refused(decode: Any, sent: Envelope) -> None:
    with pytest.raises(InvalidValueError) as caught:
        decode(sent)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("value", [D("NaN"), D("Infinity")])
def test_nothing_is_published_with_a_number_that_is_none(value: Decimal) -> None:
    with pytest.raises(InvalidValueError):
        codec.encode_result(replace(SETTLED, fee_usd=value))
    with pytest.raises(InvalidValueError):
        codec.encode_position(replace(POSITION, entry_price_usd=value))


def test_a_bar_without_a_finite_volume_is_not_published() -> None:
    bar = replace(TICK.bars[1], volume=D("Infinity"))
    assert isinstance(bar, Bar)

    with pytest.raises(InvalidValueError):
        codec.encode_tick(Tick(at_ms=NOON, bars=(bar,)))


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize("side", Side)
def test_a_draft_is_read_as_it_was_drafted(side: Side, mode: Mode) -> None:
    asked = draft(side=side, mode=mode)
    content = delivered(codec.encode_draft(asked), mode=mode).content

    assert isinstance(content, LiveIntent if mode is Mode.LIVE else ShadowIntent)
    got = content.entry
    assert (got.id, got.symbol, got.side) == ("i-3", "1000PEPEUSDT", side)
    assert got.proposal == proposal("451.61", "15.5")
    assert got.policy == POLICIES[HarvestMode.TREND_RUNNER]
    assert (got.stop, got.confidence) == (asked.stop, asked.confidence)
    assert (got.created_ms, got.source) == (NOON, "example-ai")


@pytest.mark.parametrize("budget", [None, RiskBudget(D(0)), RiskBudget(D("12.5"))])
def test_a_drafts_risk_budget_comes_along(budget: RiskBudget | None) -> None:
    """A $1 budget was once lost on the way and became a $500 order."""
    asked = replace(draft(), risk_budget=budget)

    assert entry(codec.encode_draft(asked)).risk_budget == budget


def test_a_shadow_draft_leaves_the_fields_of_live_alone() -> None:
    """In shadow the AI proposes beside the message's own size, never in its place."""
    shadow = payload_of(codec.encode_draft(draft(mode=Mode.SHADOW)))

    assert {"position_size_usd", "leverage", "harvest_policy"}.isdisjoint(shadow)
    assert shadow["mode"] == "shadow"
    assert entry(codec.encode_draft(draft(mode=Mode.SHADOW)), mode=Mode.LIVE).proposal == (
        proposal("451.61", "15.5")
    )


@given(
    side=st.none() | st.sampled_from(Side),
    part=st.none() | st.decimals("0.001", "1000", places=3).map(Quantity),
    simulate=st.booleans(),
)
def test_every_exit_is_read_as_it_was_meant(
    side: Side | None, part: Quantity | None, simulate: bool
) -> None:
    asked = exit_at_market(side=side, quantity=part, simulate=simulate)
    content = delivered(codec.encode_reduce(asked), mode=Mode.SHADOW).content

    assert content == asked
    assert isinstance(content, ReduceIntent)


def test_a_stop_move_is_read_as_it_was_meant() -> None:
    asked = exit_at_market(stop_at=Price(D("59400.1")))

    assert delivered(codec.encode_reduce(asked)).content == asked


@pytest.mark.parametrize(
    ("blunder", "side", "heads"),
    [
        ("nan", Side.BUY, {"NOT_FINITE ai_size_usd"}),
        ("wrong_side_stop", Side.BUY, {"STOP_WRONG_SIDE stop_loss"}),
        ("wrong_side_stop", Side.SELL, {"STOP_WRONG_SIDE stop_loss"}),
        ("oversized", Side.BUY, set()),
        ("", Side.BUY, set()),
    ],
)
def test_a_blunder_is_planted_in_the_message(
    blunder: str, side: Side, heads: set[str]
) -> None:
    """The example AI errs on purpose; a blunder that its draft states is not planted."""
    assert fault_heads(codec.encode_draft(draft(side=side, blunder=blunder))) == heads


@given(at=st.integers(0, 4_102_444_800_000).map(UnixMs))
def test_an_instant_comes_back_to_the_millisecond(at: UnixMs) -> None:
    text = iso_of(at)

    assert text.endswith("Z")
    assert instant_of(text) == at


def test_a_letter_of_many_gives_back_each_text_byte_for_byte() -> None:
    """Spaces, digits and order as they came: it is evidence."""
    letters = codec.decode_dead_letters(codec.encode_late_letter(LATE))

    assert [letter.payload for letter in letters] == [one.payload for one in LATE.entries]
    assert [letter.entry_id for letter in letters] == ["8-0", "8-1"]
    assert {letter.reason for letter in letters} == {"too_old"}
    assert codec.decode_dead_letters(codec.encode_dead_letter(DEAD)) == (DEAD,)

"""What a person types is checked by the codec that will read it, all faults at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.adapters.codec import decode_delivery
from bridge_patch.adapters.wire.typed import encode_typed
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import LiveIntent, Mode, ReduceIntent, StopDistance, Unknown
from tests.wire.samples import NOON

D = Decimal
TYPED: dict[str, str | bool] = {
    "symbol": "BTCUSDT",
    "action": "BUY",
    "confidence": "0.80",
    "position_size_usd": "200.50",
    "leverage": "10",
    "stop_loss_pct": "2",
    "harvest_policy": "scalper",
    "intent_id": "hand-1",
    "reason": "because",
}


def read(typed: dict[str, str | bool]) -> object:
    sent = encode_typed(typed, at_ms=NOON, source="hand")
    return decode_delivery(sent, entry_id="1", mode=Mode.LIVE, now_ms=NOON).content


def test_an_entry_comes_out_as_it_was_typed() -> None:
    content = read(TYPED)

    assert isinstance(content, LiveIntent)
    entry = content.entry
    assert not isinstance(entry.proposal, Unknown)
    assert entry.proposal.margin.usd == D("200.50")
    assert entry.proposal.leverage.times == 10
    assert (entry.id, entry.confidence.value, entry.source) == ("hand-1", D("0.80"), "hand")
    assert entry.stop == StopDistance(D("0.02"))
    assert entry.policy == POLICIES[HarvestMode.SCALPER]
    assert entry.created_ms == NOON


def test_a_close_is_a_reduction() -> None:
    content = read({"symbol": "BTCUSDT", "action": "CLOSE", "confidence": "1"})

    assert isinstance(content, ReduceIntent)
    assert content.quantity is None


def test_every_fault_is_listed_and_nothing_comes_out() -> None:
    wrong = {**TYPED, "symbol": "btc usdt", "leverage": "500", "confidence": "NaN"}
    wrong |= {"position_size_usd": "a lot", "stop_loss_pct": "Infinity", "action": "UP"}
    with pytest.raises(InvalidValueError) as error:
        encode_typed(wrong, at_ms=NOON, source="hand")

    first, *faults = str(error.value).splitlines()
    assert first == "6 faults in the intent, nothing was sent:"
    assert {fault.split()[2].rstrip(":") for fault in faults} == set(wrong) - {
        "harvest_policy",
        "intent_id",
        "reason",
    }


@pytest.mark.parametrize("text", ["1e400", "0x10", "", "٣", "1_0", "--5", "1e"])
def test_a_number_is_typed_as_one_or_refused(text: str) -> None:
    """Whatever Python would take for a number, JSON's reader decides."""
    try:
        content = read({**TYPED, "leverage": text})
    except InvalidValueError as e:
        assert "leverage" in str(e)  # noqa: PT017 - either way is right, silence is not
    else:
        assert isinstance(content, LiveIntent)
        assert not isinstance(content.entry.proposal, Unknown)
        assert content.entry.proposal.leverage.times == D(text)

"""What a word about an order says, and what no command may say."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import LatchSet, OrderVouched, TradingState
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.messages import Wish
from bridge_patch.services.named_order import NamedOrder
from tests.simulation.rig import NOON_MS, World, run
from tests.unit.services.test_switch import order
from tests.unit.services.unknowing import adopted_numbers

D = Decimal


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        (Wish.ADOPT, None),
        (Wish.CLOSE, None),
        (Wish.HALT, NamedOrder(order_id=ClientOrderId("bp-1"))),
        (Wish.CLOSE, NamedOrder(order_id=ClientOrderId("bp-1"), **adopted_numbers())),
    ],
)
def test_a_word_names_one_order_and_other_commands_none(
    wish: Wish, named: NamedOrder | None
) -> None:
    with pytest.raises(InvalidValueError):
        order("o-1", wish, named=named)


@pytest.mark.parametrize(
    "numbers",
    [
        {"quantity_base": D(1)},
        {"price_usd": D(1)},
        {"fee_usd": D(1)},
        adopted_numbers(quantity_base=D(0)),
        adopted_numbers(price_usd=D(-1)),
        adopted_numbers(price_usd=D("NaN")),
        adopted_numbers(fee_usd=D("Infinity")),
    ],
)
def test_what_an_order_filled_is_stated_whole_or_not_at_all(
    numbers: dict[str, Any],
) -> None:
    with pytest.raises(InvalidValueError):
        NamedOrder(order_id=ClientOrderId("bp-1"), **numbers)


@pytest.mark.parametrize(
    "payload",
    [
        {"wish": "adopt"},
        {"wish": "adopt", "named": {"order_id": ""}},
        {"wish": "adopt", "named": {"order_id": "bp-1", "quantity_base": 1}},
        {"wish": "close", "named": {"order_id": "bp-1", "quantity_base": "one"}},
        {
            "wish": "adopt",
            "named": {"order_id": "bp-1", "quantity_base": 0, "price_usd": 1},
        },
    ],
)
def test_a_word_that_is_not_understood_tightens_and_adopts_nothing(
    payload: dict[str, Any],
) -> None:
    """It may have been meant to stop everything: nothing is opened until a person says."""
    said = {"schema": "1.2", "at_ms": NOON_MS, "id": "o-1", "who": "ann", "why": "x"}
    world = World()
    envelope = Envelope.of(
        event_type="control",
        payload=json.dumps(said | payload),
        timestamp=iso_of(NOON_MS),
        source="ann",
    )

    async def scenario() -> None:
        session = world.start()
        await MemoryBus(world.streams, world.wall).publish((Post(CONTROL, envelope),))
        await session.keeper.switch.heed()

    run(scenario())

    assert world.events(OrderVouched) == []
    assert [e.state for e in world.events(LatchSet)] == [TradingState.REDUCING]

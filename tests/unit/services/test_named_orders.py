"""What a word about an order says, and what no command may say."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.messages import NamedOrder, Wish
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

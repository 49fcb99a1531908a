"""What the venue said no to, as far as anybody may still ask why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bridge_patch.domain.events import OrderRefused, Sending
from bridge_patch.domain.order import ClientOrderId

#: How many refusals of a plan are remembered: a close that is refused is tried for ever.
REFUSALS_KEPT: Final = 8


def remember(
    kept: dict[ClientOrderId, OrderRefused], no: OrderRefused, unsettled: Iterable[Sending]
) -> None:
    """Add a refusal to those of its plan, and forget the oldest beyond `REFUSALS_KEPT`.

    That of an order whose intent has no outcome yet is not forgotten.
    """
    kept[no.order_id] = no
    if len(kept) > REFUSALS_KEPT:
        waiting = {order.order_id for order in unsettled}
        told = [name for name in kept if name not in waiting]
        for name in told[: len(kept) - REFUSALS_KEPT]:
            del kept[name]

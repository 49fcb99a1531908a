"""How a reduction is announced: in the journal, before it leaves."""

from __future__ import annotations

from bridge_patch.domain.events import Sending
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import Leg, client_order_id
from bridge_patch.governor.judge import ApprovedReduction
from bridge_patch.services.recorder import Recorder


async def announce(
    recorder: Recorder, approved: ApprovedReduction, leg: Leg, now_ms: UnixMs
) -> Sending:
    """Write down a reduction that is about to leave; durable when this returns."""
    plan = recorder.ledger.plans.get(approved.symbol)
    order = Sending(
        at_ms=now_ms,
        intent_id=approved.intent_id,
        order_id=client_order_id(
            approved.intent_id, leg, attempt=plan.attempts if plan else 0
        ),
        leg=leg,
        symbol=approved.symbol,
        side=approved.side,
        quantity_base=approved.quantity.base,
        stop_price_usd=approved.stop_at.usd if approved.stop_at else None,
    )
    await recorder.write(order)
    return order

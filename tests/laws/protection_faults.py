"""Faults planted in what protects positions; law 9 breaks with each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import pytest

from bridge_patch.domain.events import Sending
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import Leg
from bridge_patch.governor.judge import ApprovedReduction
from bridge_patch.services import nakedness
from bridge_patch.services.answers import Sent
from bridge_patch.services.desk import ReduceDesk
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.nakedness import Nakedness
from bridge_patch.services.protection import Protection

Patch: TypeAlias = pytest.MonkeyPatch
Fault: TypeAlias = Callable[[Patch], None]


def nothing_after_a_partial_fill(patch: Patch) -> None:
    """Only what filled in one piece gets its stop."""
    protect = Protection.protect

    async def careless(protection: Protection, symbol: Symbol) -> None:
        if not any(protection.recorder.ledger.doubts(symbol, Leg.ENTRY)):
            plan = protection.recorder.ledger.plans.get(symbol)
            if plan is None or plan.attempts:
                await protect(protection, symbol)

    patch.setattr(Protection, "protect", careless)


def cancelled_first(patch: Patch) -> None:
    """The old stop goes before the new one is there."""
    reduced: Any = ReduceDesk._reduced

    async def hasty(desk: ReduceDesk, approved: ApprovedReduction, order: Sending) -> Sent:
        plan = desk.recorder.ledger.plans.get(order.symbol)
        if order.leg is Leg.STOP and plan is not None:
            await desk.recorder.keep()
            for stop in plan.stops:
                await desk.hearing.asked(desk.venue.cancel(order.symbol, stop.order_id))
        sent: Sent = await reduced(desk, approved, order)
        return sent

    patch.setattr(ReduceDesk, "_reduced", hasty)


def no_deadline(patch: Patch) -> None:
    patch.setattr(Nakedness, "age_ms", lambda *_: 0)


def stops_begin_anew(patch: Patch) -> None:
    """Each stop that ends begins another spell, however short it rested."""
    patch.setattr(nakedness, "REST_MS", 0)


def what_is_left_is_not_swept(patch: Patch) -> None:
    stale = Ledger.stale_stops

    def blind(ledger: Ledger, symbol: Symbol) -> Any:
        return stale(ledger, symbol) if symbol in ledger.positions else ()

    patch.setattr(Ledger, "stale_stops", blind)


def a_third_stop(patch: Patch) -> None:
    async def room(*_: object) -> None: ...

    patch.setattr(ReduceDesk, "_crowded", room)


def liquidation_is_not_looked_at(patch: Patch) -> None:
    patch.setattr(Protection, "trouble", lambda *_: None)


FAULTS: Final[tuple[Fault, ...]] = (
    nothing_after_a_partial_fill,
    cancelled_first,
    no_deadline,
    stops_begin_anew,
    what_is_left_is_not_swept,
    a_third_stop,
    liquidation_is_not_looked_at,
)

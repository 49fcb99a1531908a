"""What goes with a position, and what rests for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import OrderRefused
from bridge_patch.domain.harvest import POLICY_FALLBACK, HarvestPolicy
from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.reconcile_events import PositionVouched

#: Why a stop is believed in no more that may rest all the same: nobody cancelled it.
UNSTATED: Final = "the venue states the position without a stop"
UNSEEN: Final = "not visible at the venue"
MAY_REST: Final = frozenset({UNSTATED, UNSEEN})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RestingStop:
    """A stop the venue has confirmed and not yet ended.

    It closes all there is where `quantity_base` is None, else that much of it at most.
    `side` is the order's: it can only close a position of the other one.
    """

    order_id: ClientOrderId
    side: Side
    price_usd: Decimal
    quantity_base: Decimal | None = None

    def closes(self, position: Position) -> bool:
        """Tell whether the position shrinks when it fires."""
        return self.side is position.side.opposite

    def covers(self, position: Position) -> bool:
        """Tell whether the position is closed whole when it fires."""
        much = self.quantity_base
        return self.closes(position) and (much is None or much >= position.quantity_base)


@final
@dataclass(slots=True)
class Plan:
    """What goes with a position: who asked for it, how it is harvested, what protects it.

    `stop_fraction` is the hard stop it was sized for. `attempts` counts the orders sent to
    protect or reduce it; it makes their ids distinct. `orphans` are stops that may rest and
    guard nothing: of the plan before, or not to be seen at the venue. `partial_asked` tells
    that the exit brain asked for its part.
    """

    intent_id: IntentId
    policy: HarvestPolicy
    stop_fraction: Decimal | None = None
    attempts: int = 0
    partial_asked: bool = False
    stops: list[RestingStop] = field(default_factory=list)
    orphans: list[RestingStop] = field(default_factory=list)
    refusals: dict[ClientOrderId, OrderRefused] = field(default_factory=dict)

    def end(self, order_id: ClientOrderId, reason: str = "") -> None:
        """Take a stop out; one that only was not to be seen is left over, to be swept."""
        ended = [stop for stop in self.stops if stop.order_id == order_id]
        self.stops = [stop for stop in self.stops if stop.order_id != order_id]
        if reason in MAY_REST:
            self.orphans += ended
        else:
            self.orphans = [stop for stop in self.orphans if stop.order_id != order_id]


@final
@dataclass(frozen=True, slots=True)
class View:
    """What the world sees of a symbol: the position, its stop, and whether a part went."""

    position: Position | None
    stop_price_usd: Decimal | None
    partial_asked: bool = False


def adopted(event: PositionVouched, before: Plan | None) -> Plan:
    """Return the plan of a position that a person made ours: the fallback stop, anew."""
    return Plan(
        intent_id=event.intent_id,
        policy=event.harvest_policy or POLICY_FALLBACK,
        orphans=[*before.orphans, *before.stops] if before else [],
    )

"""What a live run needs of a promotion, by its settings."""

from __future__ import annotations

from bridge_patch.app.market_place import followed
from bridge_patch.app.settings import MarketFeed, Requirement, Settings, VenueName
from bridge_patch.evidence.mandate import REPLAYED, Mandate
from bridge_patch.services.permit import Permit
from bridge_patch.services.ports import Clock


def market_named(settings: Settings) -> str:
    """Return whose prices are followed, as it is journaled: `live:binance`, or `replay`."""
    if settings.market_feed is MarketFeed.REPLAY:
        return REPLAYED
    return f"live:{followed(settings).name}"


def promotion_required(settings: Settings) -> bool:
    """Tell whether a live start needs a recorded promotion."""
    if settings.require_promotion is Requirement.AUTO:
        return settings.venue is VenueName.BINANCE
    return settings.require_promotion is Requirement.TRUE


def permit_of(settings: Settings, mandate: Mandate, clock: Clock) -> Permit:
    """Return what tells whether a run by these settings may open."""
    return Permit(
        mandate=mandate,
        limits_hash=settings.limits().digest(),
        market=market_named(settings),
        required=promotion_required(settings),
        clock=clock,
    )

"""Whether a start may be live: what a person recorded, for these limits, on this market."""

from __future__ import annotations

from bridge_patch.app.assembly import Run
from bridge_patch.app.market_place import followed
from bridge_patch.app.settings import MarketFeed, Requirement, Settings, VenueName
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs
from bridge_patch.evidence.mandate import REPLAYED, Gate, Mandate


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


def gate_of(run: Run, mandate: Mandate, at_ms: UnixMs) -> Gate:
    """Return what the gate says to this start."""
    return mandate.gate(
        run.mode,
        limits_hash=run.settings.limits().digest(),
        market=market_named(run.settings),
        now_ms=at_ms,
    )


def assured(run: Run, mandate: Mandate, at_ms: UnixMs) -> Gate:
    """Return what the gate says, or raise InvalidValueError where that forbids the start.

    The refusal is of a start that would trade; a start in shadow is never refused.
    """
    gate = gate_of(run, mandate, at_ms)
    if gate.passed or not promotion_required(run.settings):
        return gate
    msg = (
        f"AI_SIZING_MODE=live needs a promotion at VENUE={run.settings.venue}: {gate.why}."
        " Write AI_SIZING_MODE=shadow and start, then `bridge-patch promote` says what is"
        " missing and records it"
    )
    raise InvalidValueError(msg)

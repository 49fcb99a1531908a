"""Somebody who ends every stop of a position as soon as it rests."""

from __future__ import annotations

from typing import Final

from bridge_patch.domain.intent import Symbol
from bridge_patch.services.protection import PROTECT_ATTEMPTS_MAX
from tests.laws.protection_stage import Stage

#: How often stops that end at once are enough for a close to be under way: the one that
#: rested before, one that stands beside it, and those that a spell has.
MEALS: Final = 2 + PROTECT_ATTEMPTS_MAX


def eat_stops(stage: Stage, symbol: Symbol) -> None:
    """Let each stop end at once, and the next: the position is flat then, or closing.

    One in doubt has its deadline; whoever grows meanwhile has a spell anew.
    """
    seen, begun = stage.venue.met, stage.venue.met["cancelled by the venue"]
    held = stage.venue.exchange.positions.get(symbol)
    for _ in range(MEALS):
        stage.wait(100)
        stage.venue_cancels(symbol)
    eaten = seen["cancelled by the venue"] - begun
    stage.met["eaten"] += eaten > 1
    still = stage.venue.exchange.positions.get(symbol)
    if held is None or still is None or eaten < MEALS:
        return
    same = held.opened_ms == still.opened_ms
    grew = abs(still.signed_base) > abs(held.signed_base)
    goes_on = same and not grew and stage.state(symbol) in ("covered", "naked")
    assert not goes_on, f"{symbol} goes on: {stage.session.recorder.nakedness}"

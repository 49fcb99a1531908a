"""Whose market a live run follows, and whether it is that of the venue it trades at."""

from __future__ import annotations

from typing import Final

from bridge_patch.adapters.venue_ccxt.environment import (
    SIMULATOR,
    Environment,
    environment_of,
)
from bridge_patch.app.settings import MarketFeed, Settings, VenueName

#: Whose prices are those of a folder, for a venue that has its own.
RECORDED: Final = "recorded"
ANOTHER: Final = "another"


def followed(settings: Settings) -> Environment:
    """Return whose market it is: the venue's own, and for paper the real one."""
    name, url = settings.venue, settings.market_url
    if url is None and name is VenueName.SIMULATOR:
        url = settings.simulator_url
    if url is not None:
        return environment_of(SIMULATOR, url)
    return environment_of(VenueName.BINANCE if name is VenueName.PAPER else name)


def priced_by(settings: Settings) -> str:
    """Return the venue whose prices are judged by; a paper venue is fed by any feed.

    A simulator that is followed in place of the venue itself is another one. What was
    recorded moves a simulator as well, and no other venue.
    """
    venue = settings.venue
    if venue is VenueName.PAPER:
        return venue.value
    at_home = venue is VenueName.SIMULATOR
    if settings.market_feed is MarketFeed.REPLAY:
        return venue.value if at_home else RECORDED
    own = environment_of(venue, settings.simulator_url if at_home else "")
    found = followed(settings)
    return venue.value if found == own else f"{ANOTHER} {found.name}"

"""Whose market a live run follows, and whether it is that of the venue it trades at."""

from __future__ import annotations

from bridge_patch.adapters.venue_ccxt.environment import (
    SIMULATOR,
    Environment,
    environment_of,
)
from bridge_patch.app.settings import MarketFeed, Settings, VenueName


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

    A simulator that is followed in place of a real venue is another one.
    """
    if settings.market_feed is MarketFeed.REPLAY or settings.venue is VenueName.PAPER:
        return settings.venue.value
    return followed(settings).name

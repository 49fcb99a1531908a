"""Which venue stands behind the port, and what it needs to be opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Final

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_ccxt.environment import Environment, environment_of
from bridge_patch.adapters.venue_ccxt.pace import Pace
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue, open_venue
from bridge_patch.adapters.venue_leased import LeasedVenue
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.assembly import Run
from bridge_patch.app.settings import MarketFeed, Settings, VenueName
from bridge_patch.app.shadow_books import costs_of
from bridge_patch.app.surroundings import Surroundings
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.secret import Secret
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.services.ports import Venue

#: What the simulator is started with, unless settings say otherwise; everybody knows it.
SIMULATOR_KEYS: Final = Secret("sim-key"), Secret("sim-secret")


def new_venue(run: Run) -> Venue:
    """Return the venue that the settings name, which nobody has contacted yet.

    Raises InvalidValueError where it lacks keys.
    """
    settings = run.settings
    if settings.venue is VenueName.PAPER:
        return PaperVenue(
            wallet_usd=settings.paper_equity_usd,
            instruments=ListedInstruments(),
            costs=costs_of(settings),
        )
    return _real(run, environment_at(settings))


def surroundings_of(venue: Venue) -> Surroundings:
    """Return the rules and the clock that orders at this venue go by."""
    if not isinstance(venue, CcxtVenue):
        return Surroundings()

    def skew() -> Reading:
        skew_ms = venue.clock_skew_ms()
        if isinstance(skew_ms, Unknown):
            return skew_ms
        return Known(Decimal(-skew_ms), venue.clock_read_ms())

    return Surroundings(
        instruments=venue.instruments,
        lasting=venue.instruments.lasting(ListedInstruments()),
        adopt=venue.instruments.adopt,
        skew=skew,
    )


def limits_used(venue: Venue) -> Mapping[str, Decimal]:
    """Return what share of each request limit of the venue is used up; none on paper."""
    inner = venue.inner if isinstance(venue, LeasedVenue) else venue
    if not isinstance(inner, CcxtVenue):
        return {}
    transport = inner.parts.transport
    now_ms = transport.venue_ms()
    names = ("weight_1m", "orders_10s", "orders_1m")
    return {
        name: Decimal(window.at(now_ms)) / window.most
        for name, window in zip(names, transport.budget.windows, strict=True)
    }


@asynccontextmanager
async def contacted(venue: Venue) -> AsyncIterator[None]:
    """Take up contact with a venue, and let go of it at the end, whatever happens."""
    try:
        await venue.begin()
        yield
    finally:
        await venue.close()


def environment_at(settings: Settings) -> Environment:
    """Return where a venue that is not on paper lives."""
    at_home = settings.venue is VenueName.SIMULATOR
    return environment_of(settings.venue, settings.simulator_url if at_home else "")


def keys_of(settings: Settings) -> tuple[Secret, Secret]:
    """Return key and secret, or raise InvalidValueError naming what is missing."""
    key, secret = settings.venue_api_key, settings.venue_api_secret
    if key is not None and secret is not None:
        return key, secret
    if key is None and secret is None and settings.venue is VenueName.SIMULATOR:
        return SIMULATOR_KEYS
    lacks = "VENUE_API_KEY" if key is None else "VENUE_API_SECRET"
    both = "VENUE_API_KEY and VENUE_API_SECRET"
    msg = f"VENUE={settings.venue} needs {both}: {lacks} is none"
    raise InvalidValueError(msg)


def simulator_keys(settings: Settings) -> tuple[Secret, Secret]:
    """Return key and secret of a simulator's account: those that the execution is given.

    The keys of another venue are not taken for it.
    """
    at_home = settings.venue is VenueName.SIMULATOR
    return keys_of(settings) if at_home else SIMULATOR_KEYS


def _real(run: Run, environment: Environment) -> CcxtVenue:
    settings = run.settings
    key, secret = keys_of(settings)
    replayed = settings.market_feed is MarketFeed.REPLAY
    simulated = settings.venue is VenueName.SIMULATOR and replayed
    return open_venue(
        environment,
        key,
        secret,
        clock=run.clock,
        telemetry=run.telemetry,
        pace=Pace(settings.simulator_url, key) if simulated else None,
        symbols=settings.symbols,
    )

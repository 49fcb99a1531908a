"""A simulated exchange of one's own, for as long as a run against it takes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from bridge_patch.adapters.loopback import HOST
from bridge_patch.app.binance_server.control import Control
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.serve import serving
from bridge_patch.app.binance_server.signing import Credentials
from bridge_patch.app.settings import Settings
from bridge_patch.app.shadow_books import costs_of
from bridge_patch.app.venues import simulator_keys
from bridge_patch.domain.intent import Symbol


@asynccontextmanager
async def exchange_beside(
    settings: Settings, symbols: Sequence[Symbol]
) -> AsyncIterator[str]:
    """Serve an exchange on a free port; yield its address.

    Its account holds what a paper account would, pays the same fees, and is set up as ours
    has to be: one-way, isolated, one margin asset.
    """
    core = Core(
        symbols=symbols,
        wallet_usd=settings.paper_equity_usd,
        credentials=Credentials.of(*simulator_keys(settings)),
        costs=costs_of(settings),
    )
    core.venue.modes.crossed_default = False
    async with serving(Control(core)) as (_, port):
        yield f"http://{HOST}:{port}"

"""`exchange`: the simulated exchange on a loopback port, for any client of Binance's."""

from __future__ import annotations

import asyncio
from typing import Final, final

from bridge_patch.adapters.feeds.choose import choose_feed
from bridge_patch.adapters.feeds.series import Feed, Window
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.binance_server.control import Control
from bridge_patch.app.binance_server.core import CREDENTIALS, Core
from bridge_patch.app.binance_server.signing import Credentials
from bridge_patch.app.commands.options import ExchangeOptions
from bridge_patch.app.commands.run import CACHE_NAME
from bridge_patch.app.screen import cell, console
from bridge_patch.app.settings import load_settings
from bridge_patch.app.shadow_books import costs_of
from bridge_patch.app.stopping import Stop
from bridge_patch.app.venues import simulator_keys
from bridge_patch.domain.errors import BridgeError, InvalidValueError

_INSTALL: Final = "bridge-patch[exchange]"


@final
class ServerNotInstalledError(BridgeError):
    """The HTTP server is an extra that is not installed."""


def exchange(options: ExchangeOptions) -> int:
    """Serve the data folder's market until told to stop."""
    try:
        import aiohttp as _aiohttp  # noqa: F401, PLC0415 - an extra, and heavy
    except ImportError as e:
        msg = f"exchange needs {_INSTALL}: install that extra ({e})"
        raise ServerNotInstalledError(msg) from None
    settings = load_settings(env_file=options.env_file)
    feed = choose_feed(
        options.data or settings.market_data_dir,
        symbols=options.symbols or settings.symbols,
        cache_dir=settings.state_dir / CACHE_NAME,
        instruments=ListedInstruments(),
        seed=settings.example_ai_seed,
        window=Window(start_ms=options.start_ms, end_ms=options.end_ms),
    )
    core = Core(
        symbols=feed.info.symbols,
        wallet_usd=options.wallet_usd or settings.paper_equity_usd,
        credentials=Credentials.of(*simulator_keys(settings)),
        costs=costs_of(settings),
    )
    try:
        asyncio.run(_served(options, feed, core))
    except OSError as e:
        msg = f"--port {options.port} cannot be served on: {e.strerror}; name another"
        raise InvalidValueError(msg) from None
    return 0


def _keys_named(core: Core) -> str:
    """Say which keys are taken; those that were set are not shown."""
    if core.credentials == CREDENTIALS:
        return f"key {CREDENTIALS.api_key}, secret {CREDENTIALS.secret}"
    return "key and secret are VENUE_API_KEY and VENUE_API_SECRET"


async def _served(options: ExchangeOptions, feed: Feed, core: Core) -> None:
    from bridge_patch.app.binance_server.pace import (  # noqa: PLC0415 - needs the extra
        keep_pace,
        shifted,
        wait_for_stop,
    )
    from bridge_patch.app.binance_server.serve import serving  # noqa: PLC0415 - the same

    now_ms = SystemClock().now_ms()
    control = Control(core, shifted(feed, now_ms) if options.today else iter(feed))
    if control.next_ms is not None:
        control.advance(now_ms if options.today else control.next_ms)
    stop, screen = Stop.on_signals(), console()
    async with serving(control, port=options.port) as (server, port):
        pace = f"{options.speed:g} x real time" if options.speed else "stepped by /sim"
        screen.print(cell(f"Market: {feed.info.label}"))
        screen.print(cell(f"SIMULATED exchange on http://127.0.0.1:{port}, {pace}"))
        screen.print(cell(f"{_keys_named(core)}; Ctrl-C stops"))
        if options.speed:
            await keep_pace(server, options.speed, stop)
        if control.next_ms is None:
            screen.print(cell("the data has ended: the last prices stand"))
        await wait_for_stop(stop)

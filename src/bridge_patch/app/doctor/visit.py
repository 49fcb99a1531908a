"""One visit: read the venue and our own house, and put all checks in one order."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.venue_ccxt.environment import inspected
from bridge_patch.adapters.venue_ccxt.inspection import Inspection, Inspector
from bridge_patch.adapters.venue_ccxt.transport import TIMEOUT_MARGIN_MS, Transport
from bridge_patch.adapters.venue_ccxt.venue import RECV_WINDOW_MS
from bridge_patch.adapters.venue_ccxt.wire import open_wire
from bridge_patch.app.doctor.account import check_account, check_user_stream
from bridge_patch.app.doctor.finding import Finding, note, told_once
from bridge_patch.app.doctor.holdings import Ours, check_holdings
from bridge_patch.app.doctor.house import check_house, read_house
from bridge_patch.app.doctor.link import (
    check_clock,
    check_environment,
    check_latency,
    check_market,
    check_weight,
)
from bridge_patch.app.doctor.symbols import Wanted, check_symbols
from bridge_patch.app.settings import Settings, VenueName
from bridge_patch.app.venues import environment_at, keys_of

#: What a venue on paper has no use for.
_NOT_ON_PAPER: Final = (
    "clock, latency, weight, key, rights, modes, trading status, symbols, leverage, open"
    " orders, positions and streams do not apply"
)


def visit(
    settings: Settings, *, env_file: Path | None, listen_sec: float
) -> tuple[Finding, ...]:
    """Return everything that was found; InvalidValueError where the keys are not whole."""
    house = read_house(settings, env_file)
    if settings.venue is VenueName.PAPER:
        at_venue: Iterator[Finding] = iter((note("venue", f"paper: {_NOT_ON_PAPER}"),))
    else:
        seen = asyncio.run(_inspected(settings, listen_sec))
        at_venue = check_venue(seen, house.ours, settings, listen_sec=listen_sec)
    return told_once((*at_venue, *check_house(house)))


def check_venue(
    seen: Inspection, ours: Ours | None, settings: Settings, *, listen_sec: float
) -> Iterator[Finding]:
    """Check all that was read of a venue, what the rest depends on first."""
    environment, wanted = seen.environment, wanted_of(settings)
    yield check_environment(environment)
    yield check_clock(
        seen.clock, skew_max_ms=settings.clock_skew_max_ms, venue=environment.name
    )
    yield from check_account(seen, wanted.symbols)
    yield from check_symbols(seen, wanted)
    yield from check_holdings(seen, ours, wanted.symbols)
    yield check_user_stream(seen.user, listen_sec=listen_sec)
    yield check_market(seen.market, listen_sec=listen_sec, real=environment.real_money)
    latency = check_latency(seen.took_ms, window_ms=RECV_WINDOW_MS)
    if latency is not None:
        yield latency
    yield check_weight(seen.weight, answered=bool(seen.took_ms))


def wanted_of(settings: Settings) -> Wanted:
    """Return what the settings want to trade."""
    table = ListedInstruments()
    return Wanted(
        instruments={symbol: table.find(symbol) for symbol in settings.symbols},
        leverage_max=int(settings.ai_max_leverage),
        notional_max_usd=settings.max_notional_usd,
    )


async def _inspected(settings: Settings, listen_sec: float) -> Inspection:
    environment = inspected(environment_at(settings))
    key, secret = keys_of(settings)
    timeout_ms = RECV_WINDOW_MS + TIMEOUT_MARGIN_MS
    wire = open_wire(environment, key, secret, timeout_ms=timeout_ms)
    transport = Transport(wire, SystemClock(), recv_window_ms=RECV_WINDOW_MS)
    try:
        inspector = Inspector(environment, transport, wire)
        return await inspector.inspect(settings.symbols[0], listen_sec)
    finally:
        await wire.close()

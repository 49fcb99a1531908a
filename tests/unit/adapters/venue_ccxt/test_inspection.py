"""The reading part of the doctor, over real HTTP and websockets on loopback."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bridge_patch.adapters.loopback import HOST
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.venue_ccxt.environment import (
    ENVIRONMENTS,
    NOWHERE,
    Environment,
    environment_of,
    inspected,
)
from bridge_patch.adapters.venue_ccxt.inspection import CLOCK_SAMPLES, Inspection, Inspector
from bridge_patch.adapters.venue_ccxt.inspection_calls import KeyRights
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Answer, Refused
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.adapters.venue_ccxt.wire import Wire, open_wire
from bridge_patch.app.binance_server.conditions import AccountSetting, Conditions
from bridge_patch.app.binance_server.control import Control, set_account
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.serve import Server, serving
from bridge_patch.app.venues import SIMULATOR_KEYS
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.secret import Secret

BTC = Symbol("BTCUSDT")
LISTEN_SEC = 0.3


@dataclass
class Recorded:
    """A wire that remembers what was asked of it."""

    wire: Wire
    asked: list[str] = field(default_factory=list)

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        self.asked.append(method)
        return await self.wire.send(method, params)

    def frames(self, path: str) -> AsyncGenerator[str, None]:
        return self.wire.frames(path)

    async def close(self) -> None:
        await self.wire.close()


@dataclass
class Visited:
    seen: Inspection
    asked: list[str]
    changed: bool


def visited(
    conditions: Conditions | None = None, during: AccountSetting | None = None
) -> Visited:
    """Inspect an exchange; `during` is done to its account once somebody listens."""

    async def go() -> Visited:
        core = Core(symbols=(BTC, Symbol("SOLUSDT")))
        core.advance(SystemClock().now_ms())
        core.dispose(conditions or Conditions())
        control = Control(core)
        async with serving(control) as (server, port):
            before = control.state()
            wire = Recorded(_wire(port))
            inspector = Inspector(_home(port), Transport(wire, SystemClock()), wire)
            other = asyncio.create_task(_interfere(server, during))
            seen = await inspector.inspect(BTC, LISTEN_SEC)
            await other
            await wire.close()
            after = control.state()
            kept = {k: v for k, v in after.items() if k not in ("connections", "now_ms")}
            return Visited(seen, wire.asked, any(before[k] != v for k, v in kept.items()))

    return asyncio.run(go())


def _home(port: int) -> Environment:
    return inspected(environment_of("simulator", f"http://{HOST}:{port}"))


def _wire(port: int) -> Wire:
    return open_wire(_home(port), *SIMULATOR_KEYS, timeout_ms=4_000)


async def _interfere(server: Server, during: AccountSetting | None) -> None:
    if during is None:
        return
    hub = server.core.venue.hub
    while not any(c.key for c in hub.connections.values()):  # noqa: ASYNC110 - looked at
        await asyncio.sleep(0.005)
    await asyncio.sleep(LISTEN_SEC / 2)
    set_account(server.core, during)
    await server.hand_out()


def test_everything_is_read_and_nothing_is_changed() -> None:
    """The one call that is no GET asks for the account's own key, and keeps it."""
    visit = visited()
    seen = visit.seen
    read = [getattr(seen, name) for name in seen.__dataclass_fields__]

    assert [r for r in read if not isinstance(r, Refused)] == read
    assert isinstance(seen.rights, Accepted)
    assert isinstance(seen.user.before, Accepted)
    assert isinstance(seen.clock, tuple)
    assert len(seen.clock) == CLOCK_SAMPLES
    assert [m for m in visit.asked if "Get" not in m] == ["fapiPrivatePostListenKey"]
    assert not visit.changed
    assert seen.weight.used > 100
    assert len(seen.took_ms) > CLOCK_SAMPLES


def test_an_event_while_it_listens_proves_the_stream() -> None:
    seen = visited(during=AccountSetting(transfer_usd=Decimal(5))).seen

    assert seen.user.heard.told > 0
    assert seen.user.heard.why == ""


def test_a_stream_that_keeps_quiet_is_shown_by_two_readings() -> None:
    silent = Conditions(silent_user_stream=True)
    seen = visited(silent, AccountSetting(transfer_usd=Decimal(5))).seen

    assert seen.user.heard.connected
    assert seen.user.heard.told == 0
    assert seen.user.before != seen.user.after


def test_a_refused_key_is_told_with_its_code_in_every_reading() -> None:
    seen = visited(Conditions(key_revoked=True)).seen
    readings = (seen.config, seen.rights, seen.sides, seen.brackets, seen.user.key)

    assert {r.code for r in readings if isinstance(r, Refused)} == {"-2015"}
    assert isinstance(seen.info, Accepted)


def test_a_key_that_may_withdraw_says_so() -> None:
    seen = visited(Conditions(key_withdraws=True)).seen

    assert isinstance(seen.rights, Accepted)
    assert isinstance(seen.rights.value, KeyRights)
    assert seen.rights.value.enable_withdrawals


def test_the_host_of_the_rights_is_reached_by_an_inspection_only() -> None:
    """The trading adapter cannot get to the wallet's host, whatever it calls."""
    for name in ENVIRONMENTS:
        trading, looking = environment_of(name), inspected(environment_of(name))
        urls = {
            e: open_wire(e, Secret("k"), Secret("s"), timeout_ms=1)._client.urls["api"]  # type: ignore[attr-defined]
            for e in (trading, looking)
        }
        apart = {k for k, url in urls[looking].items() if url != urls[trading][k]}

        assert trading.rights == ""
        assert urls[trading]["sapi"].startswith(NOWHERE)
        assert apart == ({"sapi"} if name == "binance" else set())
    assert inspected(environment_of("binance")).rights == "https://api.binance.com"
    assert inspected(environment_of("binance-demo")).rights == ""

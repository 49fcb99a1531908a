"""Orders at a venue over HTTP: the adapter against a bare loop that only signs and sends.

Subject: `CcxtVenue` opens at market and closes again; before an entry it holds the modes,
the filters at the mark, margin type and leverage against what was approved, and it accounts
for the trades of each order. Reference: the same two orders, signed and posted, their
replies read. Each has a simulated exchange of its own on loopback, in this process; the
ratio is the time of the first over that of the second, in the middle round.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from hmac import new as hmac
from itertools import count
from statistics import median
from time import perf_counter
from typing import Final, final
from urllib.parse import urlencode

from aiohttp import ClientSession

from bench.measuring import MICRO, Figure, Outcome, tell, wants_json
from bench.shadow import Silent
from bridge_patch.adapters.loopback import HOST
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.venue_ccxt.environment import environment_of
from bridge_patch.adapters.venue_ccxt.pace import Pace
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue, open_venue
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import Control, set_account
from bridge_patch.app.binance_server.core import CREDENTIALS, Core
from bridge_patch.app.binance_server.serve import serving
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.secret import Secret
from bridge_patch.services.ports import Report
from tests.contracts.approvals import BTC, entry_approval, reduction_approval
from tests.simulation.rig import at

#: An entry asks for the mark, the margin type and the leverage beside the order itself.
GOAL: Final = 5.0
SIZE: Final = 20
ROUNDS: Final = 10
PRICE: Final = Decimal(95_000)


@final
@dataclass(slots=True)
class Took:
    """Seconds that each call of a kind took."""

    opening: list[float] = field(default_factory=list)
    closing: list[float] = field(default_factory=list)

    @property
    def pair_sec(self) -> float:
        """What an entry and its reduction take, in the mean."""
        return (sum(self.opening) + sum(self.closing)) / len(self.opening)


def main(size: int = SIZE, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many pairs of orders one of the rounds sends."""
    tell(asyncio.run(outcome(size, rounds)), as_json=as_json)


async def outcome(size: int, rounds: int) -> Outcome:
    """Measure in turns; a minute of the market passes before each round."""
    names, subject, bare = count(1), [], []
    async with AsyncExitStack() as opened:
        ours, our_url = await opened.enter_async_context(_exchange())
        theirs, their_url = await opened.enter_async_context(_exchange())
        clock = ManualClock(UnixMs(0))
        venue = _venue(our_url, clock)
        opened.push_async_callback(venue.close)
        client = await opened.enter_async_context(ClientSession(trust_env=False))
        for number in range(1, rounds + 2):
            tick = at(number, {BTC: PRICE})
            clock.set(tick.at_ms)
            await venue.advance(tick)
            theirs.tick(tick)
            bare.append(await _bare(client, their_url, tick, names, size))
            subject.append(await _orders(venue, ours, names, size))
    bare, subject = bare[1:], subject[1:]  # connections are made in the first
    return Outcome(
        name="entry and reduction by the adapter / bare signed requests",
        ratio=median(a.pair_sec / b.pair_sec for a, b in zip(subject, bare, strict=True)),
        wanted="at most",
        goal=GOAL,
        figures=(
            _figure("bare entry", [t for one in bare for t in one.opening]),
            _figure("bare reduction", [t for one in bare for t in one.closing]),
            _figure("entry by the adapter", [t for one in subject for t in one.opening]),
            _figure("reduction by it", [t for one in subject for t in one.closing]),
        ),
    )


def _figure(name: str, times: list[float]) -> Figure:
    return Figure(name, median(times) * MICRO, "µs")


@asynccontextmanager
async def _exchange() -> AsyncIterator[tuple[Core, str]]:
    core = Core(symbols=(BTC,), wallet_usd=Decimal(10_000))
    set_account(core, AccountSetting(margin_types={BTC: "ISOLATED"}))
    async with serving(Control(core)) as (_, port):
        yield core, f"http://{HOST}:{port}"


def _venue(url: str, clock: ManualClock) -> CcxtVenue:
    return open_venue(
        environment_of("simulator", url),
        Secret(CREDENTIALS.api_key),
        Secret(CREDENTIALS.secret),
        clock=clock,
        telemetry=Silent(),
        pace=Pace(url, Secret(CREDENTIALS.api_key)),
        symbols=(BTC,),
    )


async def _orders(venue: CcxtVenue, core: Core, names: count[int], size: int) -> Took:
    took, entry = Took(), entry_approval()
    for _ in range(size):
        name, begin = ClientOrderId(f"bp-{next(names):024x}"), perf_counter()
        report = await venue.place(entry, name)
        took.opening.append(perf_counter() - begin)
        _check(report)
        out = reduction_approval(position=core.venue.exchange.positions[BTC])
        name, begin = ClientOrderId(f"bp-{next(names):024x}"), perf_counter()
        report = await venue.reduce(out, name)
        took.closing.append(perf_counter() - begin)
        _check(report)
    return took


def _check(report: Report) -> None:
    assert report.event is OrderEvent.FILLED, report


async def _bare(
    client: ClientSession, url: str, tick: Tick, names: count[int], size: int
) -> Took:
    took, quantity = Took(), str(entry_approval().quantity.base)
    for _ in range(size):
        for times, more in (
            (took.opening, {"side": "BUY"}),
            (took.closing, {"side": "SELL", "reduceOnly": "true"}),
        ):
            begin = perf_counter()
            order = {
                "symbol": BTC,
                "type": "MARKET",
                "quantity": quantity,
                "newClientOrderId": f"bp-{next(names):024x}",
                "newOrderRespType": "RESULT",
                "timestamp": str(tick.at_ms),
            }
            text = urlencode(order | more)
            sign = hmac(CREDENTIALS.secret.encode(), text.encode(), sha256).hexdigest()
            async with client.post(
                f"{url}/fapi/v1/order",
                data=f"{text}&signature={sign}",
                headers={
                    "X-MBX-APIKEY": CREDENTIALS.api_key,
                    "Content-Type": "application/x-www-form-urlencoded",
                },
            ) as answer:
                reply = json.loads(await answer.read())
            times.append(perf_counter() - begin)
            assert reply["status"] == "FILLED", reply
    return took


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

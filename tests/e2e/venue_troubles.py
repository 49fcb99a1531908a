"""What goes wrong on the way to a venue, drawn from a seed; one fault is planted."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final

from bridge_patch.adapters.venue_ccxt.calls import ALGO_PLACE, PLACE
from bridge_patch.adapters.venue_ccxt.outcome import Answer, NoReply, NothingSent
from bridge_patch.adapters.venue_ccxt.wire import Wire
from bridge_patch.app.binance_server.conditions import AccountSetting, Conditions
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.faults import Fault, FaultKind

#: What can strike any request. A 429 strikes alone: the adapter rests for a while after it.
KINDS: Final = (
    *(FaultKind.RESET, FaultKind.CUT, FaultKind.EMPTY, FaultKind.HTML),
    *(FaultKind.BROKEN_JSON, FaultKind.UNKNOWN_503, FaultKind.UNKNOWN_503_NO_CODE),
    *(FaultKind.UNAVAILABLE_503, FaultKind.INTERNAL_503, FaultKind.OVERLOAD_1008),
    *(FaultKind.CODE, FaultKind.LOST),
)
#: What a fault strikes: orders more than the rest, and the listen key not at all.
PLACES: Final = (
    *(
        ("POST", "/fapi/v1/order"),
        ("POST", "/fapi/v1/order"),
        ("POST", "/fapi/v1/algoOrder"),
    ),
    *(("DELETE", "/fapi/v1/algoOrder"), ("GET", "/fapi/v1/order")),
    *(("GET", "/fapi/v1/userTrades"), ("GET", "/fapi/v3/account")),
    *(("GET", "/fapi/v3/positionRisk"), ("GET", "/fapi/v1/openAlgoOrders")),
)


@dataclass
class Between:
    """A wire that hands everything on: what stands around another begins as this."""

    inner: Wire

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        return await self.inner.send(method, params)

    def frames(self, path: str) -> AsyncGenerator[str, None]:
        return self.inner.frames(path)

    async def close(self) -> None:
        await self.inner.close()


@dataclass
class Line(Between):
    """A line that, where that is `due`, loses the user stream as an order leaves."""

    core: Core
    due: bool = False

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        if self.due and method in {PLACE.method, ALGO_PLACE.method}:
            self.due = False
            self.core.venue.hub.drop_all()
        return await self.inner.send(method, params)


class Forgetful(Between):
    """A planted fault: an answer that was lost is taken for a request that never left."""

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        answer = await self.inner.send(method, params)
        return NothingSent(answer.why) if isinstance(answer, NoReply) else answer


def strike(core: Core, line: Line, chance: random.Random) -> None:
    """Draw what goes wrong at an exchange, and on the line to it, in the next minute."""
    faults = [_fault(chance) for _ in range(chance.choice((0, 1, 1, 2, 3)))]
    line.due = chance.random() < 0.3
    if line.due:
        path = chance.choice(("/fapi/v1/order", "/fapi/v1/algoOrder"))
        lost = Fault(kind=FaultKind.RESET, method="POST", path=path, accepted=True)
        faults.insert(0, lost)
    if chance.random() < 0.02:
        faults.append(Fault(kind=FaultKind.LIMIT_429))
    core.plan(faults, seed=chance.randrange(10**6))
    core.dispose(
        Conditions(
            duplicate_events=chance.random() < 0.3,
            reorder_events=chance.random() < 0.3,
            rest_lag_ms=chance.choice((0, 0, 700)),
            algo_hidden_ms=chance.choice((0, 0, 700)),
            fill_parts=chance.choice((1, 1, 3)),
        )
    )
    if chance.random() < 0.04:
        set_account(core, AccountSetting(expire_listen_key=True))
    if chance.random() < 0.04:
        set_account(core, AccountSetting(drop_sockets=True))


def relieve(core: Core, line: Line) -> None:
    """Let nothing go wrong any more."""
    core.plan([])
    core.dispose(Conditions())
    line.due = False


def _fault(chance: random.Random) -> Fault:
    method, path = chance.choice(PLACES)
    kind, accepted = chance.choice(KINDS), chance.random() < 0.5
    code, status = (-1007, 408) if kind is FaultKind.CODE else (-1000, 400)
    return Fault(
        kind=kind, method=method, path=path, accepted=accepted, code=code, status=status
    )

"""Incidents of limits over time: what was counted wrongly, or for ever."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Status,
)
from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.services.ports import Account, AccountReading
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    PRICES,
    ROOMY,
    SOL,
    WOBBLE,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    play,
    ready,
    run,
)

D = Decimal
ETH = Symbol("ETHUSDT")
PRICES.setdefault(ETH, D(2_500))
SYMBOLS = (BTC, SOL, ETH)
#: The first minute of the next UTC day: the rig's day begins at noon.
MIDNIGHT = 12 * 60


def wobbling(first: int, last: int, prices: dict[Symbol, Decimal]) -> Iterator[Tick]:
    for n in range(first, last + 1):
        yield at(n, {s: p * (1 + (last - n) % 2 * WOBBLE) for s, p in prices.items()})


@dataclass
class PaidIn:
    """An account that somebody paid into, or took money from."""

    inner: Account
    amount_usd: Decimal

    async def read(self) -> AccountReading | Unknown:
        said = await self.inner.read()
        if isinstance(said, Unknown):
            return said
        return replace(
            said,
            equity_usd=said.equity_usd + self.amount_usd,
            available_usd=said.available_usd + self.amount_usd,
        )


def paid(session: Session, amount_usd: int | str) -> PaidIn:
    account = PaidIn(session.keeper.account, D(amount_usd))
    for part in (session.keeper, session.keeper.trader.snapshots):
        object.__setattr__(part, "account", account)
    return account


async def again(world: World, *ticks: Tick, moved_usd: int = 0) -> Session:
    """Kill the process and start it again where it was; money that came in is there."""
    session = world.start()
    paid(session, moved_usd)
    await play(session, [*calm(SYMBOLS), *ticks])
    return session


def codes(world: World, name: str) -> tuple[str, ...]:
    outcome = world.outcome(name)
    return outcome.codes if outcome.status is Status.REFUSED else ()


async def _loss(world: World) -> None:
    session = await ready(world, SYMBOLS)
    await ask(world, session, intent("first", CALM))
    fallen = at(CALM + 1, {BTC: 93_900, SOL: 150, ETH: 2_500})
    await session.on_tick(fallen)  # 0.042 x 1,100 = 46.20 USD down, nothing closed
    await ask(world, session, intent("over", CALM + 1, symbol=SOL))
    session = await again(world, fallen)
    await ask(world, session, intent("restarted", CALM + 1, symbol=SOL))
    prices = {BTC: D(93_900), SOL: D(150), ETH: D(2_500)}
    await play(session, wobbling(CALM + 2, MIDNIGHT + 1, prices))
    await ask(world, session, intent("expired", MIDNIGHT + 1, symbol=SOL))


async def _turnover(world: World) -> None:
    session = await ready(world, SYMBOLS)
    await ask(world, session, intent("first", CALM), intent("over", CALM, symbol=SOL))
    session = await again(world)
    await ask(world, session, intent("restarted", CALM, symbol=ETH))
    await session.on_tick(at(CALM + 1, {BTC: 95_000, SOL: 150, ETH: 2_500}))
    await ask(world, session, intent("expired", CALM + 1, symbol=SOL))


async def _breadth(world: World) -> None:
    session = await ready(world, SYMBOLS)
    for n in range(20):  # what is closed is not open
        await ask(world, session, intent(f"o-{n}", CALM), close(f"c-{n}", CALM))
    await ask(world, session, intent("first", CALM), intent("over", CALM, symbol=SOL))
    session = await again(world)
    await ask(world, session, intent("restarted", CALM, symbol=ETH))
    await ask(world, session, close("out", CALM), intent("expired", CALM, symbol=SOL))


LIMITS = {
    "loss": (_loss, {"DAILY_LOSS_MAX_PCT": "0.4"}, "DAILY_LOSS_EXCEEDED"),
    "turnover": (
        _turnover,
        {"NOTIONAL_1M_MAX_EQUITY_MULTIPLE": "0.4"},
        "WINDOW_NOTIONAL_EXCEEDED",
    ),
    "breadth": (_breadth, {"OPEN_POSITIONS_MAX": "1"}, "OPEN_POSITIONS_EXCEEDED"),
}


@pytest.mark.parametrize("what", LIMITS)
def test_loss_turnover_and_breadth_limits_stop_entries(what: str) -> None:
    """M-31: -769 USDT in two days over 400 symbols; a counter that survived a restart
    stopped everything, and 20 closed trades counted as open.

    Each limit stops the next entry, also after a restart, and lets go when its window ends.
    """
    scenario, env, code = LIMITS[what]
    world = World(env={**ROOMY, **env})
    run(scenario(world))

    assert world.outcome("first").status is Status.FILLED
    assert code in codes(world, "over")
    assert code in codes(world, "restarted")
    assert world.outcome("expired").status is Status.FILLED

    free = World(env=ROOMY)
    run(scenario(free))
    assert free.outcome("over").status is Status.FILLED

"""What cannot be read is unknown, and unknown opens nothing and closes nothing off."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import Status, TradingState
from bridge_patch.domain.intent import Unknown
from bridge_patch.services.ports import AccountReading
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, SOL, World, ask, at, close, intent, run, tapped
from tests.simulation.tap import Tap

FIELDS = (
    *("equity_usd", "available_usd"),
    *("position.margin_usd", "position.quantity_base"),
)
FLAT = {BTC: 95_000, SOL: 150}


@dataclass
class Broken:
    """An account of which one number is none."""

    inner: Tap
    field: str
    value: Decimal

    async def read(self) -> AccountReading | Unknown:
        read = await self.inner.read()
        if isinstance(read, Unknown):
            return read
        if self.field.startswith("position."):
            name = self.field.partition(".")[2]
            spoiled: dict[str, Any] = {name: self.value}
            return replace(
                read, positions=tuple(replace(p, **spoiled) for p in read.positions)
            )
        changes: dict[str, Any] = {self.field: self.value}
        return replace(read, **changes)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
@pytest.mark.parametrize(
    "field",
    ["equity_usd", "available_usd", "position.margin_usd", "position.quantity_base"],
)
def test_an_account_with_a_number_that_is_none_opens_nothing_and_lets_out(
    field: str, value: str
) -> None:
    """It once stopped the whole process, and the close behind it."""
    world = World()

    async def scenario() -> Session:
        session, venue = await tapped(world, (BTC, SOL))
        await ask(world, session, intent("mine", CALM))
        broken = Broken(venue, field, Decimal(value))
        for part in (session.keeper, session.keeper.trader.snapshots):
            object.__setattr__(part, "account", broken)
        await session.on_tick(at(CALM + 1, FLAT))
        entry = intent("entry", CALM + 1, symbol=SOL, margin=100)
        await ask(world, session, entry, close("out", CALM + 1))
        return session

    run(scenario())

    assert world.outcome("entry").status is Status.REFUSED
    assert "SNAPSHOT_INCOMPLETE" in world.outcome("entry").codes
    assert world.outcome("out").status is Status.FILLED


class Blind:
    """A control stream that cannot be read."""

    async def ordered(self) -> tuple[()]:
        raise ConnectionError

    async def done(self, commands: object) -> None:
        raise AssertionError


def test_while_orders_cannot_be_read_nothing_is_opened_and_all_else_goes_on() -> None:
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world, (BTC, SOL))
        await ask(world, session, intent("mine", CALM))
        seeing = session.keeper.switch.commands
        session.keeper.switch.commands = Blind()
        await session.on_tick(at(CALM + 1, FLAT))
        await ask(world, session, intent("blind", CALM + 1, symbol=SOL, margin=100))
        await ask(world, session, close("out", CALM + 1))
        session.keeper.switch.commands = seeing
        await session.on_tick(at(CALM + 2, FLAT))
        await ask(world, session, intent("again", CALM + 2, symbol=SOL, margin=100))
        return session, venue

    session, venue = run(scenario())

    assert world.outcome("blind").codes[-1] == "TRADING_HALTED"
    assert world.outcome("out").status is Status.FILLED
    assert world.outcome("again").status is Status.FILLED
    assert venue.kinds().count("place") == 2
    assert session.recorder.gauge.state is TradingState.RUNNING

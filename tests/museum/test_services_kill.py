"""Incidents of stopping: kills that did not complete, and halts that did not last."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.app.commands.order import MEANINGS
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, Event, Filled, FillKind, LatchSet, Status
from bridge_patch.domain.events import TradingState as State
from bridge_patch.services.holds import OPERATOR
from bridge_patch.services.messages import WORDS, Command, Wish
from bridge_patch.services.ports import AccountReading
from bridge_patch.services.session import Session
from tests.museum.test_services_limits import MIDNIGHT, again, codes, wobbling
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    Silence,
    World,
    ask,
    at,
    intent,
    minute,
    ready,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_switch import order, send

D = Decimal
FLAT = {BTC: 95_000, SOL: 150}


class Noisy(Silence):
    """Telemetry that fails whenever a latch is shown."""

    def tell(self, event: Event) -> None:
        if isinstance(event, LatchSet):
            raise BrokenPipeError


class Failing:
    """Whatever is asked of it raises."""

    def __getattr__(self, name: str) -> Any:
        async def fails(*_: object, **__: object) -> None:
            raise ConnectionError(name)

        return fails


async def _broken(session: Session, venue: Tap, what: str) -> None:
    """Let one part of the way to a halt fail from now on."""
    switch, keeper = session.keeper.switch, session.keeper
    match what:
        case "acknowledgement":
            object.__setattr__(switch.commands, "done", Failing().done)
        case "report":
            object.__setattr__(keeper, "inbox", Failing())
        case "account":
            object.__setattr__(keeper, "account", Failing())
        case "query":
            venue.trouble("find", *[Trouble.RAISES] * 9)
        case _:
            assert what in {"nothing", "notification"}


@pytest.mark.parametrize(
    "what", ["nothing", "notification", "acknowledgement", "report", "account", "query"]
)
def test_kill_completes_when_its_path_raises(what: str) -> None:
    """M-96: the switch fired and orders went on, because a report in its path raised."""
    world = World()

    async def scenario() -> Tap:
        telemetry = Noisy() if what == "notification" else Silence()
        session, venue = await tapped(world, (BTC, SOL), telemetry=telemetry)
        venue.trouble("place", Trouble.REPLY_LOST)
        await ask(world, session, intent("open", CALM))  # something to look up
        await _broken(session, venue, what)
        await send(world, order("o-1", Wish.HALT))
        with suppress(ConnectionError):
            await session.on_tick(at(CALM + 1, FLAT))
        assert session.recorder.gauge.state is State.HALTED
        await ask(world, session, intent("after", CALM, symbol=SOL))
        session, second = await tapped(world, (BTC, SOL))
        assert session.recorder.gauge.state is State.HALTED
        await session.on_tick(at(CALM + 2, FLAT))
        await ask(world, session, intent("restarted", CALM + 2, symbol=SOL))
        venue.calls += second.calls
        return venue

    venue = run(scenario())

    assert venue.kinds().count("place") == 1
    for name in ("after", "restarted"):
        assert "TRADING_HALTED" in codes(world, name)
    assert [e.cause for e in world.events(LatchSet)] == [OPERATOR]


def state_of(session: Session) -> State:
    return session.recorder.gauge.state


def test_halt_survives_restart_until_a_person_releases_it() -> None:
    """M-99: the state was kept in memory and reset; nobody could say who had set it."""
    world = World()
    prices = {BTC: D(95_000), SOL: D(150)}

    async def scenario() -> None:
        session = await ready(world, (BTC, SOL))
        await send(world, order("o-1", Wish.HALT, why="looks odd"))
        await session.on_tick(at(CALM + 1, FLAT))
        shown = [at(CALM + 1, FLAT)]
        for n in (2, 3):  # neither a restart nor another one
            session = await again(world, *shown)
            assert session.recorder.gauge.state is State.HALTED
            shown.append(at(CALM + n, FLAT))
            await session.on_tick(shown[-1])
            await ask(world, session, intent(f"r-{n}", CALM + n))
        for tick in wobbling(CALM + 4, MIDNIGHT + 1, prices):  # nor the next day
            await session.on_tick(tick)
        await ask(world, session, intent("next-day", MIDNIGHT + 1))
        await send(world, order("o-2", Wish.RESUME, why="was a test"))
        await session.on_tick(at(MIDNIGHT + 2, FLAT))
        await ask(world, session, intent("resumed", MIDNIGHT + 2))

    run(scenario())

    halt, resume = world.events(LatchSet)
    assert (halt.who, halt.why, halt.at_ms) == ("ann", "looks odd", minute(CALM))
    assert (resume.who, resume.why) == ("ann", "was a test")
    for name in ("r-2", "r-3", "next-day"):
        assert codes(world, name) == ("TRADING_HALTED",)
    assert world.outcome("resumed").status is Status.FILLED
    for who, why in ((" ", "because"), ("", "because"), ("ann", "")):
        with pytest.raises(InvalidValueError):
            Command(at_ms=minute(0), id="o-3", wish=Wish.RESUME, who=who, why=why)


#: Those that are about one symbol, order or promotion, and the one that closes.
APART = frozenset({Wish.REARM, Wish.ADOPT_POSITION, Wish.FLATTEN, Wish.PROMOTE, *WORDS})


@pytest.mark.parametrize("wish", [None, *(w for w in Wish if w not in APART)])
def test_every_stop_command_keeps_positions_protected(wish: Wish | None) -> None:
    """M-102: "stopped" while still selling, a stop that also left open trades alone.

    Each order says what becomes of positions. The stop rests under all of them, also while
    no process runs, and fires.
    """
    world = World()

    async def scenario() -> Sequence[Filled]:
        session, venue = await tapped(world, (BTC, SOL))
        await ask(world, session, intent("a", CALM))
        stop = session.recorder.ledger.stop_price_usd(BTC)
        assert stop is not None
        shown = []
        if wish is not None:
            await send(world, order("o-1", wish))
        for n in (1, 2):
            shown.append(at(CALM + n, FLAT))
            await session.on_tick(shown[-1])
            assert session.recorder.ledger.naked() == ()
            assert await _rests(session) == stop
        assert venue.kinds() == ["place", "stop"]
        session = await again(world, *shown)
        assert await _rests(session) == stop
        await session.on_tick(at(CALM + 3, {BTC: 93_000, SOL: 150}))
        return [f for f in world.events(Filled) if f.book is Book.ACCOUNT]

    opened, stopped = run(scenario())

    assert (stopped.kind, stopped.quantity_base) == (FillKind.STOP, opened.quantity_base)
    for tightening in (Wish.HALT, Wish.REDUCE):
        assert "open positions keep their stops" in MEANINGS[tightening]
    assert "all that is ours is closed at market" in MEANINGS[Wish.FLATTEN]
    assert {*MEANINGS} == {*Wish}


async def _rests(session: Session) -> Decimal | None:
    read = await session.keeper.account.read()
    assert isinstance(read, AccountReading)
    (position,) = read.positions
    return position.stop_price_usd

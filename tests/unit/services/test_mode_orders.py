"""An order about the mode: back to shadow holds at once and until a promotion."""

from dataclasses import replace
from typing import Any

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, LatchSet, ModeOrdered, Status, TradingState
from bridge_patch.domain.intent import Mode
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.holds import DEMOTED
from bridge_patch.services.messages import Answered, Command, Wish
from bridge_patch.services.named_order import Grant
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    NOON_MS,
    SOL,
    World,
    ask,
    at,
    close,
    intent,
    ready,
    run,
)
from tests.unit.services.test_switch import BOTH, FLAT, order, send, state

GRANT = Grant(limits_hash="l-1", market="live:binance", evidence="24.0 h in 1 runs")


def own(session: Session) -> Grant:
    """What a promotion of this very run is for."""
    limits_hash = session.keeper.trader.limits.digest()
    return Grant(limits_hash=limits_hash, market="replay", evidence="24.0 h in 1 runs")


def test_an_order_back_to_shadow_opens_nothing_more_and_blocks_no_exit() -> None:
    """It holds over a restart, and a resume that names it does not let go of it."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await ask(world, session, intent("before", CALM))
        await send(world, order("o-1", Wish.DEMOTE))
        await session.on_tick(at(CALM + 1, FLAT))
        assert (state(session), session.recorder.gauge.holds.cause) == (
            TradingState.REDUCING,
            DEMOTED,
        )
        await ask(world, session, intent("during", CALM + 1, symbol=SOL))
        await ask(world, session, close("out", CALM + 1))
        since_ms = session.recorder.gauge.holds.since_ms(DEMOTED)
        assert since_ms is not None
        seen = Answered(book=Book.ACCOUNT, cause=DEMOTED, since_ms=since_ms)
        await send(world, order("o-2", Wish.RESUME, answers=seen))
        await session.on_tick(at(CALM + 2, FLAT))
        assert state(session) is TradingState.REDUCING
        again = world.start()
        assert state(again) is TradingState.REDUCING
        return again

    run(scenario())

    assert world.outcome("during").codes[0] == Reason.TRADING_REDUCING
    assert world.outcome("out").status is Status.FILLED
    (ordered,) = world.events(ModeOrdered)
    assert (ordered.mode, ordered.who, ordered.command_id) == (Mode.SHADOW, "ann", "o-1")


def test_a_promotion_that_covers_the_run_lets_go_of_it() -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.DEMOTE))
        await send(world, order("o-2", Wish.PROMOTE, grant=own(session)))
        await send(world, order("o-2", Wish.PROMOTE, grant=own(session)))
        await session.on_tick(at(CALM + 1, FLAT))
        return session

    session = run(scenario())

    assert state(session) is TradingState.RUNNING
    assert [e.mode for e in world.events(ModeOrdered)] == [Mode.SHADOW, Mode.LIVE]


def test_a_promotion_for_other_limits_or_another_market_lets_go_of_nothing() -> None:
    """The next entry is refused, though the newest word says live."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.DEMOTE))
        await session.on_tick(at(CALM + 1, FLAT))
        await send(world, order("o-2", Wish.PROMOTE, grant=GRANT))
        elsewhere = replace(own(session), market="live:binance-demo")
        await send(world, order("o-3", Wish.PROMOTE, grant=elsewhere))
        await session.on_tick(at(CALM + 2, FLAT))
        await ask(world, session, intent("after", CALM + 2, symbol=SOL))
        return session

    session = run(scenario())

    assert state(session) is TradingState.REDUCING
    assert world.outcome("after").codes[0] == Reason.TRADING_REDUCING


def test_an_override_that_ends_opens_nothing_more_while_the_run_goes_on() -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.DEMOTE))
        grant = replace(own(session), override_hours=1)
        await send(world, order("o-2", Wish.PROMOTE, grant=grant))
        for n in range(CALM + 1, CALM + 70):
            await session.on_tick(at(n, FLAT))
            if n == CALM + 59:
                assert state(session) is TradingState.RUNNING
        await ask(world, session, intent("after", CALM + 69, symbol=SOL))
        return session

    session = run(scenario())

    (_, granted) = world.events(ModeOrdered)
    assert granted.expires_ms == granted.at_ms + 3_600_000
    assert state(session) is TradingState.REDUCING
    assert world.outcome("after").codes[0] == Reason.TRADING_REDUCING
    assert "the override ended" in world.events(LatchSet)[-1].why


def test_where_a_promotion_is_required_a_run_without_one_only_reduces() -> None:
    world = World(env={"REQUIRE_PROMOTION": "true"})

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await ask(world, session, intent("early", CALM, symbol=SOL))
        return session

    session = run(scenario())

    assert state(session) is TradingState.REDUCING
    assert world.outcome("early").codes[0] == Reason.TRADING_REDUCING


def test_in_a_shadow_run_it_is_recorded_and_judging_goes_on() -> None:
    """What it would hold is the venue's account; the evidence goes on to be gathered."""
    world = World(mode=Mode.SHADOW)

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.DEMOTE))
        await session.on_tick(at(CALM + 1, FLAT))
        await ask(world, session, intent("after", CALM + 1, symbol=BTC))
        return session

    session = run(scenario())

    assert state(session) is TradingState.RUNNING
    assert world.outcome("after").status is Status.SIMULATED
    assert len(world.events(ModeOrdered)) == 1


@pytest.mark.parametrize(
    "said",
    [
        {"wish": Wish.PROMOTE},
        {"wish": Wish.DEMOTE, "grant": GRANT},
        {"wish": Wish.HALT, "grant": GRANT},
    ],
)
def test_what_a_promotion_is_for_goes_with_it_and_with_nothing_else(
    said: dict[str, Any],
) -> None:
    with pytest.raises(InvalidValueError, match="goes with promote, and with nothing else"):
        Command(at_ms=NOON_MS, id="o-1", who="ann", why="x", **said)


@pytest.mark.parametrize(
    "said",
    [
        {"limits_hash": ""},
        {"market": "m" * 129},
        {"evidence": ""},
        {"override_hours": 0},
        {"override_hours": 8_761},
    ],
)
def test_a_promotion_names_its_limits_its_market_and_a_bounded_end(
    said: dict[str, Any],
) -> None:
    sound = {"limits_hash": "l-1", "market": "live:binance", "evidence": "e"}
    with pytest.raises(InvalidValueError):
        Grant(**{**sound, **said})

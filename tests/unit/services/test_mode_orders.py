"""An order about the mode: back to shadow holds at once and until a promotion."""

from typing import Any

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, ModeOrdered, Status, TradingState
from bridge_patch.domain.intent import Mode
from bridge_patch.evidence.mandate import Standing
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


def gate(session: Session, limits_hash: str = "l-1") -> Standing:
    mandate, now_ms = session.recorder.mandate, session.clock.now_ms()
    return mandate.gate(
        Mode.LIVE, limits_hash=limits_hash, market="live:binance", now_ms=now_ms
    ).standing


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

    session = run(scenario())

    assert world.outcome("during").codes[0] == Reason.TRADING_REDUCING
    assert world.outcome("out").status is Status.FILLED
    (ordered,) = world.events(ModeOrdered)
    assert (ordered.mode, ordered.who, ordered.command_id) == (Mode.SHADOW, "ann", "o-1")
    assert gate(session) is Standing.UNPROMOTED


def test_a_promotion_lets_go_of_it_and_is_for_what_it_names() -> None:
    world = World()

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.DEMOTE))
        await send(world, order("o-2", Wish.PROMOTE, grant=GRANT))
        await send(world, order("o-2", Wish.PROMOTE, grant=GRANT))
        await session.on_tick(at(CALM + 1, FLAT))
        return session

    session = run(scenario())

    assert state(session) is TradingState.RUNNING
    assert [e.mode for e in world.events(ModeOrdered)] == [Mode.SHADOW, Mode.LIVE]
    assert gate(session) is Standing.PROMOTED
    assert gate(session, "l-2") is Standing.UNPROMOTED


def test_an_override_says_when_it_ends() -> None:
    world = World()
    grant = Grant(
        limits_hash="l-1", market="live:binance", evidence="none", override_hours=2
    )

    async def scenario() -> Session:
        session = await ready(world, BOTH)
        await send(world, order("o-1", Wish.PROMOTE, grant=grant))
        await session.on_tick(at(CALM + 1, FLAT))
        return session

    session = run(scenario())

    (ordered,) = world.events(ModeOrdered)
    assert ordered.expires_ms == ordered.at_ms + 2 * 3_600_000
    assert gate(session) is Standing.OVERRIDDEN


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

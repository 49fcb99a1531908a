"""A tick's consequences, in order, once; and positions stated whenever they change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.events import (
    Book,
    DeadLettered,
    EquityMarked,
    Filled,
    FillKind,
    LatchSet,
    Stage,
    TickReached,
    TradingState,
)
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.services.ports import Account, AccountReading
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    DAY_MS,
    MINUTE_MS,
    NOON_MS,
    SOL,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    minute,
    play,
    ready,
    run,
)

D = Decimal


def fills(world: World) -> list[FillKind]:
    """Why the account traded, oldest first."""
    return [e.kind for e in world.events(Filled) if e.book is Book.ACCOUNT]


def test_a_tick_that_was_played_is_passed_over() -> None:
    """A feed that repeats itself, or a message that is delivered twice, moves nothing."""
    world = World()

    async def scenario() -> tuple[int, int]:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        crash = at(CALM + 1, {BTC: 92_500})
        await session.on_tick(crash)
        before = len(list(world.journal.read()))
        for again in (crash, at(CALM, {BTC: 1}), crash):
            await session.on_tick(again)
        return before, len(list(world.journal.read()))

    before, after = run(scenario())

    assert before == after
    assert fills(world) == [FillKind.ENTRY, FillKind.STOP]


def test_a_tick_in_the_journal_is_not_matched_again_after_a_restart() -> None:
    """The bar's stop filled before the crash; the same bar must not fill it twice."""
    world = World()
    crash = at(CALM + 1, {BTC: 92_500})

    async def scenario() -> Session:
        session = await ready(world)
        await ask(world, session, intent("a", CALM), intent("b", CALM, symbol=SOL))
        await session.on_tick(crash)
        session = world.start()
        await play(session, [*calm(), crash])
        return session

    session = run(scenario())

    assert fills(world) == [FillKind.ENTRY, FillKind.STOP]
    assert session.recorder.ledger.positions == {}
    marks = [e for e in world.events(TickReached) if e.at_ms == minute(CALM + 1)]
    assert [e.stage for e in marks] == [Stage.MOVED]


def test_a_quiet_tick_leaves_no_trace() -> None:
    world = World()

    async def scenario() -> int:
        session = await ready(world)
        before = len(list(world.journal.read()))
        for n in range(1, 20):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))
        return len(list(world.journal.read())) - before

    assert run(scenario()) == 0


def test_volatility_after_a_restart_is_what_it_was() -> None:
    """To the last digit: a verdict may rest on it."""
    world = World()

    async def scenario() -> tuple[object, object]:
        session = await ready(world)
        await ask(world, session, "[]")
        lived = session.keeper.trader.market.volatility(BTC)
        session = world.start()
        await play(session, calm())
        return lived, session.keeper.trader.market.volatility(BTC)

    lived, again = run(scenario())

    assert lived == again
    assert not isinstance(lived, Unknown)


def test_positions_are_stated_when_they_change_and_only_then() -> None:
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        await session.on_tick(at(CALM + 1, {BTC: 95_100}))
        await ask(world, session, close("up", CALM + 1, stop_move_to=94_800))
        await session.on_tick(at(CALM + 2, {BTC: 95_200}))
        await session.on_tick(at(CALM + 3, {BTC: 94_700}))

    run(scenario())

    opened, moved, flat = world.positions()
    assert (opened.intent_id, opened.stop_price_usd) == ("a", D("93103.1"))
    assert (moved.quantity_base, moved.stop_price_usd) == (opened.quantity_base, D(94_800))
    assert (flat.quantity_base, flat.stop_price_usd) == (D(0), None)


def test_a_restart_states_every_symbol_open_or_flat() -> None:
    """What a crash kept from being published must not haunt the exit brain for ever."""
    world = World()

    async def scenario() -> Session:
        session = await ready(world, (BTC, SOL))
        both = intent("a", CALM), intent("b", CALM, symbol=SOL, margin=100)
        await ask(world, session, *both, close("out", CALM))
        world.streams.numbers.pop("quantum:stream:position.update")
        session = world.start()
        await play(session, calm((BTC, SOL)))
        return session

    session = run(scenario())

    assert [(p.symbol, p.quantity_base > 0) for p in world.positions()] == [
        (BTC, False),
        (SOL, True),
    ]
    assert list(session.brain.tracks()) == [SOL]


def test_a_reduction_of_what_is_flat_heals_whoever_thought_otherwise() -> None:
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM), close("out", CALM))
        await ask(world, session, close("again", CALM))

    run(scenario())

    assert [p.quantity_base for p in world.positions()][-2:] == [D(0), D(0)]


def test_what_waited_on_the_bus_for_a_start_is_judged_by_the_first_tick() -> None:
    """Not before it, when there is no price and no clock yet."""
    world = World()

    async def scenario() -> None:
        await world.send(intent("early", 1))
        session = world.start()
        await session.on_tick(at(1, {BTC: 95_000}))

    run(scenario())

    assert world.events(DeadLettered) == []
    assert world.outcome("early").received_ms == minute(1)


@dataclass
class Patchy:
    """An account that can be silent, or stuck."""

    inner: Account
    silent: bool = False
    stuck: AccountReading | Unknown | None = None

    async def read(self) -> AccountReading | Unknown:
        if self.silent:
            raise TimeoutError
        return self.stuck or await self.inner.read()


async def patchy(world: World) -> tuple[Session, Patchy]:
    session = await ready(world)
    account = Patchy(session.keeper.account)
    object.__setattr__(session.keeper, "account", account)
    object.__setattr__(session.keeper.trader.snapshots, "account", account)
    return session, account


@pytest.mark.parametrize("how", ["silent", "stuck"])
def test_equity_that_is_not_had_stops_entries_and_marks_nothing(how: str) -> None:
    """A stuck reading is not today's equity: nothing is measured from it."""
    world = World()

    async def scenario() -> int:
        session, account = await patchy(world)
        before = len(world.events(EquityMarked))
        account.silent = how == "silent"
        account.stuck = await account.inner.read() if how == "stuck" else None
        for n in range(1, 70):
            await session.on_tick(at(CALM + n, {BTC: 95_000}))
        await ask(world, session, intent("a", CALM + 69))
        return before

    before = run(scenario())

    marks = [m for m in world.events(EquityMarked)[before:] if m.book is Book.ACCOUNT]
    assert all(mark.at_ms <= minute(CALM) for mark in marks)
    assert "SNAPSHOT_INCOMPLETE" in world.outcome("a").codes


def big(name: str, n: int) -> dict[str, Any]:
    """An entry that a fall of 20 % costs a tenth of the account."""
    return intent(name, n, margin=1500, leverage=5, stop_loss_pct=3)


def test_the_daily_loss_stops_entries_and_the_next_day_lets_them_in() -> None:
    """Through the whole of it: bars, equity, latch, verdicts; and over a restart."""
    world = World(env={"RISK_PER_TRADE_MAX_PCT": "50", "LIQUIDATION_STOPS_MIN": "1"})
    n = CALM
    ticks = list(calm())

    async def scenario() -> None:
        nonlocal n
        session = world.start()
        await play(session, ticks)
        await ask(world, session, big("a", n))
        n += 1
        ticks.append(at(n, {BTC: 84_000}))
        await session.on_tick(ticks[-1])
        await ask(world, session, big("b", n))
        session = world.start()
        await play(session, ticks)
        await ask(world, session, big("c", n))
        midnight = (DAY_MS // 2) // MINUTE_MS
        for later in range(n + 1, midnight + 2):
            up = later % 2
            ticks.append(at(later, {BTC: 84_000 * (1 + up * D("0.0007"))}))
            await session.on_tick(ticks[-1])
        await ask(world, session, big("d", midnight + 1))

    run(scenario())

    latches = world.events(LatchSet)
    assert [(e.state, e.cause) for e in latches] == [
        (TradingState.REDUCING, "DAILY_LOSS"),
        (TradingState.RUNNING, "NEW_DAY"),
    ]
    assert latches[1].at_ms == NOON_MS + DAY_MS // 2
    for name in ("b", "c"):
        assert "TRADING_REDUCING" in world.outcome(name).codes
    assert "TRADING_REDUCING" not in world.outcome("d").codes


def test_data_time_never_goes_back() -> None:
    world = World()

    async def scenario() -> Sequence[UnixMs]:
        session = await ready(world)
        clock = session.clock
        assert isinstance(clock, ManualClock)
        seen = [clock.now_ms()]
        await ask(world, session, "[]")
        session = world.start()
        await play(session, [*calm(), at(CALM + 1, {BTC: 95_000})])
        seen.append(session.clock.now_ms())
        return seen

    assert run(scenario()) == [minute(CALM), minute(CALM + 1)]

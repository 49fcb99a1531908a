"""Incidents of positions that nothing protected, or that nobody harvested."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.events import (
    Book,
    Filled,
    FillKind,
    OrderEnded,
    Sending,
    Status,
    StopArmed,
)
from bridge_patch.domain.instrument import Instrument, liquidation_price
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.services.ports import Report
from bridge_patch.services.session import Session
from bridge_patch.sim.commands import Cancel
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    bar,
    calm,
    close,
    intent,
    play,
    ready,
    run,
    tapped,
    tick,
)
from tests.simulation.tap import Tap, Trouble

D = Decimal


def account(world: World) -> list[FillKind]:
    return [f.kind for f in world.events(Filled) if f.book is Book.ACCOUNT]


async def opened(world: World, **more: Any) -> Session:
    session = await ready(world)
    await ask(world, session, intent("a", CALM, **more))
    return session


def exchange_of(session: Session) -> Any:
    return session.keeper.venue._exchange  # type: ignore[attr-defined]


def test_stop_rests_on_the_exchange_when_we_are_dead() -> None:
    """M-49: stops lived in our processes, and a monitor restarted 16,699 times."""
    world = World()
    session = run(opened(world))
    venue = session.keeper.venue
    del session  # every process of ours is gone; the exchange is not

    events = run(venue.advance(at(CALM + 1, {BTC: 92_000})))
    fills = [e for e in events if isinstance(e, Filled)]
    assert [f.kind for f in fills] == [FillKind.STOP]
    assert run(venue.advance(at(CALM + 2, {BTC: 60_000}))) == ()


@pytest.mark.parametrize("how", [Trouble.REFUSED, Trouble.REQUEST_LOST])
def test_naked_position_has_a_deadline(how: Trouble) -> None:
    """M-50: seven positions stood unprotected, because every exit service was off.

    As far as it applies here: our stops are stop-market orders, so none can trigger and
    stay unfilled.
    """
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world, (BTC, SOL))
        venue.trouble("stop", how)
        venue.trouble("reduce", Trouble.REFUSED)
        silent = 3 if how is Trouble.REQUEST_LOST else 0
        venue.trouble("find", *[Trouble.REQUEST_LOST] * silent)
        await ask(world, session, intent("a", CALM))
        assert session.recorder.ledger.naked() == (BTC,)
        await ask(world, session, intent("b", CALM, symbol=SOL))
        for n in (1, 2):
            await session.on_tick(at(CALM + n, {BTC: 95_000, SOL: 150}))
        return session, venue

    session, _ = run(scenario())

    assert "POSITION_NAKED" in world.outcome("b").codes
    assert session.recorder.ledger.naked() == ()
    run(ask(world, session, intent("c", CALM + 2, symbol=SOL)))
    assert world.outcome("c").status is Status.FILLED


def test_protective_quantity_follows_every_partial_fill() -> None:
    """M-51: a partial close left the stop at the old quantity, or cancelled it."""
    world, rng = World(), random.Random(2)

    async def scenario() -> int:
        checked, n = 0, CALM
        ticks = list(calm())
        session = world.start()
        await play(session, ticks)
        for k in range(40):
            asked = rng.choice((intent(f"i-{k}", n), _part(f"i-{k}", n, rng)))
            await ask(world, session, asked)
            if rng.random() < 0.2:
                session = world.start()
                await play(session, ticks)
            n += 1
            ticks.append(at(n, {BTC: 95_000 + rng.randrange(-300, 300)}))
            await session.on_tick(ticks[-1])
            exchange, ledger = exchange_of(session), session.recorder.ledger
            assert exchange.positions == ledger.positions
            for symbol in exchange.positions:
                stops = exchange.stops[symbol].values()  # close-all: the position's size
                assert len(stops) == 1
                assert next(iter(stops)).side is exchange.positions[symbol].side.opposite
                checked += 1
            assert set(exchange.stops) == set(exchange.positions)
        return checked

    assert run(scenario()) > 20


def _part(name: str, n: int, rng: random.Random) -> dict[str, Any]:
    return close(name, n, quantity=rng.choice((0.001, 0.013, 0.5)))


def test_protective_prices_are_sane_on_both_sides() -> None:
    """M-53: a $96 million stop, short stops on the wrong side, a stop 40 % off because it
    was computed from the signal's price."""
    listed = ListedInstruments().find(BTC)
    assert isinstance(listed, Instrument)
    for side in Side:
        world = World(env={"PRICE_COLLAR_PCT": "100"})
        wild = {"entry_price": 9_500, "take_profit_pct": 4, "stop_loss_pct": 3}
        session = run(opened(world, action=side, **wild))

        view = session.recorder.ledger.view(BTC)
        assert view.position is not None
        assert view.stop_price_usd is not None
        fill = view.position.entry_price_usd
        away = side.sign * (fill - view.stop_price_usd) / fill
        assert D("0.0299") < away <= D("0.03")
        ruin = liquidation_price(
            listed,
            side=side,
            quantity=Quantity(view.position.quantity_base),
            entry=Price(fill),
            margin_usd=view.position.margin_usd,
        )
        assert side.sign * (view.stop_price_usd - ruin) > 0
    bad = World()
    wrong = intent("w", CALM, entry_price=95_000, stop_loss=96_000)
    run(ask(bad, run(ready(bad)), {k: v for k, v in wrong.items() if k != "stop_loss_pct"}))
    assert [letter.reason for letter in bad.dead()] == ["not_understood"]


def test_stop_is_replaced_new_first_and_only_when_it_moves() -> None:
    """M-55: cancel-then-create left a gap; one stop was re-posted 175 times in 14 min."""
    world = World()
    swing = {"mode": "swing", "trail_pct": 1.0, "max_time_sec": 3600}

    async def scenario() -> tuple[Tap, list[Any]]:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM, harvest_policy=swing))
        for n in range(1, 15):
            await session.on_tick(at(CALM + n, {BTC: 95_500 + n % 2}))
        return venue, [s.event for s in world.journal.read()]

    venue, events = run(scenario())

    assert venue.kinds() == ["place", "stop", "stop", "cancel"]
    own = [e for e in events if isinstance(e, StopArmed | OrderEnded)]
    ours = [e for e in own if e.book is Book.ACCOUNT]
    assert [type(e) for e in ours] == [StopArmed, StopArmed, OrderEnded]


def test_replacement_waits_for_a_confirmed_cancel() -> None:
    """M-45: a cancel was inferred from a stale snapshot: two live orders, four times over.

    Only stops are replaced here, new first: so it is the next one that waits.
    """
    world, resting = World(), list[int]()

    class Counting(Tap):
        async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
            resting.append(len(self.inner._exchange.stops[symbol]))  # type: ignore[attr-defined]
            return await super().cancel(symbol, order_id)

    async def scenario() -> Tap:
        session = await ready(world, venue=Counting)
        venue = session.keeper.venue
        assert isinstance(venue, Counting)
        await ask(world, session, intent("a", CALM))
        venue.trouble("cancel", *[Trouble.REQUEST_LOST] * 4)
        for n in range(6):
            await session.on_tick(at(CALM + 1 + n, {BTC: 95_000}))
            move = close(f"up-{n}", CALM + 1 + n, stop_move_to=94_000 + 50 * n)
            await ask(world, session, move)
        return venue

    venue = run(scenario())

    told = [world.outcome(f"up-{n}").codes[-1] for n in range(6)]
    assert told == ["PASS", *["ORDER_UNKNOWN"] * 3, "PASS", "PASS"]
    assert max(resting) == 2
    assert len(venue.inner._exchange.stops[BTC]) == 1  # type: ignore[attr-defined]


def test_emergency_close_path_runs_end_to_end() -> None:
    """M-57: the emergency branch raised NameError the first time a price went through."""
    world = World()

    async def scenario() -> Session:
        session = await opened(world)
        exchange = exchange_of(session)
        (lost,) = exchange.stops[BTC]
        exchange.cancel(Cancel(symbol=BTC, order_id=lost))  # the venue loses our stop
        await session.on_tick(at(CALM + 1, {BTC: 92_500}))
        return session

    session = run(scenario())

    exit_ = next(s for s in world.events(Sending) if s.leg is Leg.REDUCE)
    assert exit_.intent_id.endswith("-breached")
    assert account(world) == [FillKind.ENTRY, FillKind.REDUCE]
    assert session.recorder.ledger.positions == {}
    calm_world = World()
    run(_quiet(calm_world))
    assert account(calm_world) == [FillKind.ENTRY]


async def _quiet(world: World) -> None:
    session = await opened(world)
    await session.on_tick(tick(CALM + 1, bar(BTC, CALM + 1, 94_500, low=94_000)))

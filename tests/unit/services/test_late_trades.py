"""An order that the venue never had, and that is there after all: counted, and held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    DifferenceFound,
    FilledLate,
    LatchSet,
    OrderEnded,
    Resolved,
    Settled,
    Status,
    StopArmed,
    TradingState,
)
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.holds import FILLED_LATE, SEEN_LATE
from bridge_patch.services.session import Session
from tests.simulation import lying
from tests.simulation.rig import BTC, SOL, ask, close, intent, minute, reserved_usd, run
from tests.simulation.tap import Trouble
from tests.unit.services.unknowing import HELD, NOTHING, Mute, Scene

D = Decimal


async def absent(scene: Scene, trouble: Trouble = Trouble.REPLY_LOST) -> ClientOrderId:
    """Have the venue say of an entry, which it has, that it never came."""
    await scene.begin(trouble)
    scene.venue.silence = OrderEvent.FOUND_ABSENT
    await scene.passes()
    ledger = scene.session.recorder.ledger
    assert ledger.in_doubt == {}
    assert reserved_usd(ledger) == NOTHING
    outcome = scene.world.outcome("lost")
    assert (outcome.status, outcome.codes[-1]) == (Status.VENUE_REFUSED, "ORDER_ABSENT")
    return scene.entry.order_id


def restart(scene: Scene) -> Session:
    """Another process, at the same venue: what we do not know of is there."""
    before = scene.venue
    scene.session = scene.world.start(venue=Mute)
    scene.venue.untold = before.untold
    untold = [e for report in before.untold.values() for e in report.events]
    scene.venue.inner.restore(untold)
    return scene.session


@pytest.mark.parametrize("restarted", [False, True])
def test_a_trade_of_an_order_that_the_venue_never_had_counts_and_holds(
    restarted: bool,
) -> None:
    """Its room is taken again, its position protected, and nobody opens more."""
    scene = Scene()

    async def scenario() -> ClientOrderId:
        order_id = await absent(scene)
        if restarted:
            restart(scene)
        scene.venue.owed += scene.venue.untold[order_id].events
        scene.venue.silence = OrderEvent.TIMED_OUT
        await scene.passes()
        ledger = scene.session.recorder.ledger
        assert list(ledger.in_doubt) == [order_id]
        assert reserved_usd(ledger) == HELD
        assert ledger.positions[BTC].quantity_base == D("0.042")
        assert ledger.naked() == ()
        await ask(scene.world, scene.session, intent("more", scene.n, symbol=SOL))
        scene.venue.mute = False
        await scene.passes(2)
        assert ledger.in_doubt == {}
        assert reserved_usd(ledger) == NOTHING
        return order_id

    order_id = run(scenario())
    (late,) = scene.world.events(FilledLate)
    (latch,) = scene.world.events(LatchSet)

    assert (late.order_id, late.counted_base) == (order_id, D(0))
    assert (latch.state, latch.cause) == (TradingState.REDUCING, FILLED_LATE)
    assert latch.why.startswith(f"{order_id} on BTCUSDT traded although")
    assert "TRADING_REDUCING" in scene.world.outcome("more").codes
    assert len([s for s in scene.world.events(Settled) if s.intent_id == "lost"]) == 1

    async def after() -> None:
        again = scene.world.start(venue=Mute)
        assert again.recorder.gauge.state is TradingState.REDUCING
        assert again.recorder.ledger.endings == scene.session.recorder.ledger.endings
        await ask(scene.world, scene.session, close("out", scene.n))

    run(after())
    assert scene.world.outcome("out").status is Status.FILLED
    assert scene.session.recorder.ledger.positions == {}


def test_an_order_that_stays_absent_holds_nothing() -> None:
    """Guards the rest: what is told of other orders is no incident."""
    scene = Scene()

    async def scenario() -> None:
        await absent(scene, Trouble.REQUEST_LOST)
        scene.venue.mute = False
        await ask(scene.world, scene.session, intent("next", scene.n, symbol=SOL))
        await scene.passes(3)

    run(scenario())

    assert scene.world.outcome("next").status is Status.FILLED
    assert scene.world.events(FilledLate) == []
    assert scene.world.events(LatchSet) == []
    assert scene.session.recorder.gauge.state is TradingState.RUNNING


def armed(scene: Scene) -> VenueEvent:
    return StopArmed(
        book=Book.ACCOUNT,
        at_ms=minute(scene.n),
        symbol=BTC,
        side=scene.entry.side.opposite,
        stop_price_usd=D(90_000),
        order_id=scene.entry.order_id,
        intent_id=scene.entry.intent_id,
    )


def ended(scene: Scene) -> VenueEvent:
    return OrderEnded(
        book=Book.ACCOUNT,
        at_ms=minute(scene.n),
        symbol=BTC,
        order_id=scene.entry.order_id,
        reason="expired",
    )


@pytest.mark.parametrize("told", [armed, ended])
def test_an_order_that_was_never_there_and_is_seen_without_a_trade_holds(
    told: Callable[[Scene], VenueEvent],
) -> None:
    """What proved it absent was wrong, whatever came of it; once, and not again."""
    scene = Scene()

    async def scenario() -> None:
        await absent(scene, Trouble.REQUEST_LOST)
        for _ in range(2):
            scene.venue.owed.append(told(scene))
            await scene.passes()

    run(scenario())
    (latch,) = scene.world.events(LatchSet)

    assert (latch.state, latch.cause) == (TradingState.REDUCING, SEEN_LATE)
    assert scene.entry.order_id in latch.why
    assert scene.world.events(FilledLate) == []


@pytest.mark.parametrize("restarted", [False, True])
def test_a_stop_that_was_never_there_and_is_among_the_records_holds(
    restarted: bool,
) -> None:
    """Nobody told of it, and it rests: the comparison with the venue finds it."""
    scene = Scene()

    async def scenario() -> ClientOrderId:
        await scene.begin(Trouble.REQUEST_LOST)
        scene.venue.mute = False
        await scene.passes()
        scene.venue.trouble("stop", Trouble.REQUEST_LOST)
        await ask(scene.world, scene.session, intent("held", scene.n))
        answers = scene.world.events(Resolved)
        (lost,) = (
            e.order_id
            for e in answers
            if e.leg is Leg.STOP and e.event == OrderEvent.FOUND_ABSENT
        )

        def beside(records: VenueRecords) -> VenueRecords:
            extra = lying.extra_stop(records)
            shown = replace(extra.orders[-1], order_id=lost)
            return replace(extra, orders=(*extra.orders[:-1], shown))

        if restarted:
            scene.session = scene.world.start(venue=Mute)
        scene.venue.lie = beside
        await scene.passes(4)
        return lost

    lost = run(scenario())
    (found,) = scene.world.events(DifferenceFound)
    (latch,) = scene.world.events(LatchSet)

    assert found.difference.order_id == lost
    assert (latch.state, latch.cause) == (TradingState.REDUCING, SEEN_LATE)
    assert lost in latch.why
    assert scene.session.recorder.ledger.naked() == ()

"""What stays different closes the account, is told once, and waits for a person."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    DifferenceFound,
    Judged,
    LatchSet,
    Status,
    TradingState,
    WalletCounted,
)
from bridge_patch.domain.reconcile_events import DifferenceKind as K
from bridge_patch.services.holds import (
    FOREIGN_ORDER,
    OPERATOR,
    VENUE_DIFFERS,
    WALLET_DIFFERS,
)
from tests.simulation import lying
from tests.simulation.lying import Lie, Lying
from tests.simulation.rig import (
    BTC,
    SOL,
    World,
    ready,
    run,
)
from tests.simulation.tap import Trouble
from tests.unit.services.reconciling import Scene

D = Decimal
PRICES = {BTC: 95_000, SOL: 150}
RUNNING, REDUCING = TradingState.RUNNING, TradingState.REDUCING
#: Looks, a minute apart, until each lie counts: money and resting orders may lag, modes
#: do not.
LIES: dict[str, tuple[Lie, K, str, int]] = {
    "position missing": (lying.flat, K.POSITION_MISSING, VENUE_DIFFERS, 2),
    "position less": (lying.halved, K.POSITION_LESS, VENUE_DIFFERS, 2),
    "stop missing": (lying.stopless, K.STOP_MISSING, VENUE_DIFFERS, 3),
    "stop moved": (lying.moved_stop, K.STOP_CHANGED, VENUE_DIFFERS, 3),
    "stop extra": (lying.extra_stop, K.STOP_EXTRA, VENUE_DIFFERS, 3),
    "foreign order": (lying.foreign_order, K.FOREIGN_ORDER, FOREIGN_ORDER, 2),
    "leverage": (lying.other_leverage, K.LEVERAGE, VENUE_DIFFERS, 2),
    "cross": (lying.cross, K.CROSS_MARGIN, VENUE_DIFFERS, 1),
    "hedge": (lying.hedge, K.HEDGE_MODE, VENUE_DIFFERS, 1),
    "multi": (lying.multi_assets, K.MULTI_ASSETS, VENUE_DIFFERS, 1),
    "wallet": (lying.richer, K.WALLET, WALLET_DIFFERS, 3),
}


def test_a_venue_that_agrees_is_told_nothing_about() -> None:
    """Guards the rest: it looks, with every tick, and finds nothing."""

    async def scenario() -> Scene:
        scene = await Scene.begin()
        looks = scene.venue.looks
        await scene.passes(5)
        assert scene.venue.looks == looks + 5
        assert await scene.closed("out") is Status.FILLED
        await scene.passes(3)
        return scene

    scene = run(scenario())

    assert scene.found() == scene.causes() == []
    (counted,) = scene.world.events(WalletCounted)
    assert counted.opening_usd == counted.wallet_usd == 10_000


@pytest.mark.parametrize("name", LIES)
def test_what_stays_different_closes_the_account_and_lets_us_out(name: str) -> None:
    """Not while a reading may lag; then both sides are told, once, and held."""
    lie, kind, cause, looks = LIES[name]

    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lie
        await scene.passes(looks - 1)
        assert scene.found() == []
        assert scene.state is RUNNING
        await scene.passes(1)
        assert scene.state is REDUCING
        await scene.passes(3)
        await scene.ask("beside", symbol=SOL)
        assert await scene.closed("out") is Status.FILLED
        return scene

    scene = run(scenario())

    assert scene.found()[0] is kind
    assert scene.causes() == [cause]
    (found, *_), (latch,) = (
        scene.world.events(DifferenceFound),
        scene.world.events(LatchSet),
    )
    assert found.difference.ours != found.difference.theirs
    assert latch.why == found.difference.said
    (judged,) = [j for j in scene.world.events(Judged) if j.intent_id == "beside"]
    assert "TRADING_REDUCING" in judged.codes
    assert not scene.session.recorder.ledger.positions


@pytest.mark.parametrize("name", LIES)
def test_nothing_is_sent_or_cancelled_because_of_it(name: str) -> None:
    """State never follows the venue by itself, and what is not ours is not touched."""
    lie, _, _, looks = LIES[name]

    async def scenario() -> tuple[Scene, int, object]:
        scene = await Scene.begin()
        ledger = scene.session.recorder.ledger
        before = dict(ledger.positions)
        calls = len(scene.venue.calls)
        scene.venue.lie = lie
        await scene.passes(looks + 2)
        assert ledger.positions == before
        return scene, calls, before

    scene, calls, _ = run(scenario())

    assert scene.state is REDUCING
    assert len(scene.venue.calls) == calls


def test_what_is_gone_is_said_so_and_the_hold_waits_for_a_person() -> None:
    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lying.foreign_order
        await scene.passes(3)
        scene.venue.lie = lying.honest
        await scene.passes(3)
        assert scene.gone() == [K.FOREIGN_ORDER]
        assert scene.state is REDUCING
        await scene.resume()
        await scene.passes(2)
        return scene

    scene = run(scenario())

    assert scene.state is RUNNING
    assert scene.found() == scene.gone() == [K.FOREIGN_ORDER]
    assert scene.causes() == [FOREIGN_ORDER, OPERATOR]


def test_a_person_cannot_wish_away_what_is_still_there() -> None:
    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lying.flat
        await scene.passes(2)
        await scene.resume()
        assert scene.state is RUNNING
        await scene.passes(1)
        return scene

    scene = run(scenario())

    assert scene.state is REDUCING
    assert scene.found() == [K.POSITION_MISSING]
    assert scene.causes() == [VENUE_DIFFERS, OPERATOR, VENUE_DIFFERS]


def test_who_resumes_a_wallets_hold_takes_it_for_money_that_was_moved() -> None:
    """Also for every process after this one."""

    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lying.richer
        await scene.passes(3)
        assert scene.causes() == [WALLET_DIFFERS]
        await scene.resume()
        await scene.passes(3)
        assert scene.gone() == [K.WALLET]
        again = scene.world.start(venue=Lying)
        one, two = scene.session.recorder.reckoning, again.recorder.reckoning
        assert one == two
        assert one.wallet_usd is not None
        return scene

    scene = run(scenario())

    assert scene.state is RUNNING
    assert scene.found() == [K.WALLET]


def test_a_wallet_that_moves_on_is_told_and_held_again() -> None:
    """A resume answers what its author saw, and not what was paid out since."""
    moves = {"usd": 100}

    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.lie = lambda r: lying.paid(r, moves["usd"])
        await scene.passes(3)
        holds = scene.session.recorder.gauge.holds
        since = holds.since_ms(WALLET_DIFFERS)
        moves["usd"] = -900
        await scene.passes(3)
        assert since != holds.since_ms(WALLET_DIFFERS)
        return scene

    scene = run(scenario())
    told = [e.difference.amount_usd for e in scene.world.events(DifferenceFound)]

    assert told == [100, -900]


def test_what_an_order_in_doubt_may_have_done_is_explained() -> None:
    """The venue has filled it and nobody told us: its position is not a stranger's."""

    async def scenario() -> Scene:
        world = World()
        session = await ready(world, (BTC, SOL), venue=Lying)
        scene = Scene(world, session)
        await scene.passes(1)
        scene.venue.trouble("place", Trouble.REPLY_LOST)
        scene.venue.trouble("find", *[Trouble.REPLY_LOST] * 12)
        await scene.ask("lost")
        await scene.passes(4)
        assert session.recorder.ledger.in_doubt
        return scene

    scene = run(scenario())

    assert scene.found() == scene.causes() == []
    read = run(scene.venue.inner.records())
    assert getattr(read, "positions", ())

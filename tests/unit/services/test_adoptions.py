"""A position opened by hand is left alone until a person says that it is ours."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.domain.events import (
    Filled,
    LatchSet,
    PositionVouched,
    Sending,
    Status,
    StopArmed,
    TradingState,
)
from bridge_patch.domain.harvest import POLICY_FALLBACK, HarvestMode
from bridge_patch.domain.intent import Mode, Side, Symbol
from bridge_patch.domain.order import Leg
from bridge_patch.domain.reconcile_events import DifferenceKind, Word
from bridge_patch.services.holds import FOREIGN_POSITION
from bridge_patch.services.messages import Wish
from tests.simulation.rig import BTC, CALM, World, ask, at, calm, close, intent, play, run
from tests.unit.adapters.venue_ccxt.stand import D
from tests.unit.services.adopting import PRICE, Scene
from tests.unit.services.test_switch import order, send


def test_it_is_left_alone_unless_a_person_adopts_it() -> None:
    """Counted in exposure, and nothing else: no order, no stop, no word of ours."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.by_hand()
        await scene.passes(10)

    run(scenario())

    assert scene.floor.stand.held() == D("0.02")
    assert scene.session.recorder.ledger.positions == {}
    assert scene.world.events(Sending) == []
    assert scene.world.events(PositionVouched) == []
    assert FOREIGN_POSITION in scene.session.recorder.gauge.holds


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_it_becomes_ours_with_the_venues_own_numbers_and_the_fallback_stop(
    side: str,
) -> None:
    """The stop stands at the venue, the difference is gone, a resume opens the account."""
    scene = Scene()

    async def scenario() -> PositionVouched:
        await scene.begin()
        await scene.by_hand(side)
        await scene.passes(5)
        said = await scene.adopts()
        await scene.passes(2)
        assert scene.gone() == [DifferenceKind.POSITION_EXTRA]
        assert scene.session.recorder.gauge.state is TradingState.REDUCING
        await scene.resumes()  # the fee that somebody paid has moved the wallet, too
        await scene.resumes()
        return said

    said = run(scenario())
    ledger = scene.session.recorder.ledger
    position, first = ledger.positions[BTC], scene.world.events(StopArmed)[0]
    entry_usd, sign = position.entry_price_usd, Side(side).sign

    assert (said.word, said.side, said.quantity_base) == (Word.ADOPTED, side, D("0.02"))
    assert said.harvest_policy == POLICY_FALLBACK
    assert position.signed_base == scene.floor.stand.held()
    assert position.entry_price_usd == scene.floor.stand.position().entry_price_usd
    expected_usd = entry_usd * (1 - sign * D("0.02"))
    assert first.stop_price_usd == pytest.approx(expected_usd, abs=D("0.1"))
    assert len(scene.stops) == 1  # the trail of its policy has pulled it since
    assert ledger.naked() == ()
    assert scene.session.recorder.gauge.state is TradingState.RUNNING
    assert {o.leg for o in scene.world.events(Sending)} == {Leg.STOP}


def test_its_age_counts_from_the_adoption_and_its_policy_is_the_one_named() -> None:
    """It was open for ten minutes before; a scalper holds it for thirty from then on."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.by_hand()
        await scene.passes(10)
        said = await scene.adopts(policy=HarvestMode.SCALPER)
        assert scene.session.recorder.ledger.positions[BTC].opened_ms == said.at_ms
        await scene.passes(28)
        assert scene.floor.stand.held() == D("0.02")
        await scene.passes(4)

    run(scenario())

    assert scene.floor.stand.held() == 0
    assert scene.session.recorder.ledger.positions == {}
    assert scene.stops == []
    assert scene.world.positions()[-1].policy.mode is HarvestMode.SCALPER


def test_after_a_restart_it_is_ours_still() -> None:
    """Journal, adapter and exchange agree on it, and it can be closed by an intent."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.by_hand()
        await scene.passes(3)
        await scene.adopts()
        before = dict(scene.session.recorder.ledger.positions)
        scene.session = scene.world.start(venue=scene.floor)
        ticks = [
            *calm((BTC,)),
            *(at(n, {BTC: PRICE}) for n in range(CALM + 1, scene.n + 1)),
        ]
        await play(scene.session, ticks)
        await scene.floor.stand.begin()
        assert scene.session.recorder.ledger.positions == before
        assert scene.floor.stand.venue.parts.facts.fold.positions == before
        await scene.passes(2)
        assert len(scene.stops) == 1
        await ask(scene.world, scene.session, close("out", scene.n))

    run(scenario())

    assert scene.world.outcome("out").status is Status.FILLED
    assert scene.floor.stand.held() == 0


def test_a_shadow_run_may_adopt_and_then_only_protects_and_reduces() -> None:
    scene = Scene(World(mode=Mode.SHADOW))

    async def scenario() -> None:
        await scene.begin()
        await scene.by_hand()
        await scene.passes(2)
        await scene.adopts()
        await scene.passes(2)

    run(scenario())

    assert len(scene.stops) == 1
    assert {o.leg for o in scene.world.events(Sending)} == {Leg.STOP}


async def _nothing(_: Scene) -> None:
    pass


async def _ours(scene: Scene) -> None:
    await ask(scene.world, scene.session, intent("mine", scene.n))


async def _in_doubt(scene: Scene) -> None:
    await _ours(scene)
    sent = next(o for o in scene.world.events(Sending) if o.leg is Leg.ENTRY)
    await scene.session.recorder.write(replace(sent, leg=Leg.FLATTEN, leverage=None))


async def _cross(scene: Scene) -> None:
    setting = AccountSetting(margin_types={BTC: "CROSSED"})
    set_account(scene.floor.stand.core, setting)
    await scene.by_hand()


async def _steep(scene: Scene) -> None:
    set_account(scene.floor.stand.core, AccountSetting(leverages={BTC: 50}))
    await scene.by_hand()


async def _lost(scene: Scene) -> None:
    await scene.by_hand()
    await scene.passes(1, price=93_000)


async def _dumb(scene: Scene) -> None:
    await scene.by_hand()
    scene.floor.stand.wire.unreachable = True


@pytest.mark.parametrize(
    ("arranged", "symbol", "says"),
    [
        (_nothing, BTC, "the venue states no position on BTCUSDT"),
        (_nothing, "NONEUSDT", "NONEUSDT is not a listed contract"),
        (_nothing, "ETHUSDT", "no price of ETHUSDT has been seen"),
        (_ours, BTC, "BTCUSDT is ours already"),
        (_in_doubt, BTC, "is open there: what it did is ours"),
        (_cross, BTC, "it is in cross margin: set isolated margin first"),
        (_steep, BTC, "at 50x it is liquidated 1.6 % from its entry"),
        (_lost, BTC, "and its stop stands at 2.0 %: it would be closed at once"),
        (_dumb, BTC, "the venue's records"),
    ],
)
def test_a_position_that_cannot_be_ours_is_refused_with_the_reason(
    arranged: Callable[[Scene], Awaitable[None]], symbol: str, says: str
) -> None:
    """The word is journaled all the same, with who and why, and nothing is changed."""
    scene = Scene()

    async def scenario() -> PositionVouched:
        await scene.begin()
        await arranged(scene)
        fills = len(scene.world.events(Filled))
        await send(scene.world, order("o-0", Wish.ADOPT_POSITION, symbol=Symbol(symbol)))
        await scene.session.keeper.switch.heed()
        assert len(scene.world.events(Filled)) == fills
        (said,) = scene.world.events(PositionVouched)
        return said

    said = run(scenario())

    assert said.word is Word.REFUSED
    assert says in said.detail
    assert (said.who, said.why, said.command_id) == ("ann", "because", "o-0")
    assert said.quantity_base is None


def test_the_same_word_counts_once() -> None:
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.by_hand()
        await scene.adopts()
        await send(scene.world, order("o-0", Wish.ADOPT_POSITION, symbol=BTC))
        await scene.passes(2)

    run(scenario())

    assert len(scene.world.events(PositionVouched)) == 1
    assert scene.session.recorder.ledger.positions[BTC].quantity_base == D("0.02")


def test_what_it_had_gained_before_is_no_jump_of_equity() -> None:
    """Equity had it all the while; only that we call it ours is new."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        for _ in range(5):
            await scene.by_hand()
        await scene.passes(2)
        await scene.passes(8, price=100_000)
        before = len(scene.world.events(LatchSet))
        gauge = scene.session.recorder.gauge
        jumped_usd = gauge.jump_usd
        said = await scene.adopts(price=100_000)
        assert said.gain_usd == pytest.approx(D("0.1") * 5_000, abs=D(5))
        await scene.passes(2, price=100_000)
        assert gauge.jump_usd == pytest.approx(jumped_usd, abs=D(1))
        assert len(scene.world.events(LatchSet)) == before

    run(scenario())

"""Somebody else trades on the account: it is counted, and we only get smaller."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from bridge_patch.domain.events import Judged, LatchSet, Status, TradingState
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.holds import FOREIGN_POSITION, OPERATOR, VENUE_DIFFERS
from bridge_patch.services.ports import AccountReading, PositionReading
from bridge_patch.services.session import Session
from tests.simulation.restated import restated
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    close,
    intent,
    play,
    ready,
    run,
)
from tests.simulation.tap import Tap

D = Decimal
STRANGER = PositionReading(
    symbol=SOL,
    side=Side.SELL,
    quantity_base=D(20),
    entry_price_usd=D(150),
    margin_usd=D(300),
    stop_price_usd=None,
)
PRICES = {BTC: 95_000, SOL: 150}


@dataclass
class Shared(Tap):
    """A venue on whose account there are positions that we never asked for."""

    others: list[PositionReading] = field(default_factory=list)
    instead: dict[Symbol, PositionReading] = field(default_factory=dict)

    async def read(self) -> AccountReading | Unknown:
        read = await self.inner.read()
        if isinstance(read, Unknown):
            return read
        own = [self.instead.get(p.symbol, p) for p in read.positions]
        return replace(read, positions=(*own, *self.others))

    async def records(self) -> VenueRecords | Unknown:
        read = await self.read()
        assert isinstance(read, AccountReading)
        return restated(await self.inner.records(), read.positions)


@dataclass
class Scene:
    """One process over a shared account, and the minutes that have passed."""

    world: World
    session: Session
    venue: Shared
    n: int = CALM

    @classmethod
    async def begin(cls) -> Scene:
        world = World()
        session = await ready(world, (BTC, SOL), venue=Shared)
        assert isinstance(session.keeper.venue, Shared)
        return cls(world, session, session.keeper.venue)

    async def pass_a_minute(self) -> None:
        """Pass two ticks: one look is not enough to need a person."""
        for _ in range(2):
            await self.pass_a_tick()

    async def pass_a_tick(self) -> None:
        self.n += 1
        await play(self.session, [at(self.n, PRICES)])

    async def told(self, name: str, symbol: Symbol = BTC) -> Judged:
        await ask(self.world, self.session, intent(name, self.n, symbol=symbol, margin=100))
        return next(j for j in self.world.events(Judged) if j.intent_id == IntentId(name))

    async def closed(self, name: str) -> Status:
        await ask(self.world, self.session, close(name, self.n))
        return self.world.outcome(name).status

    def causes(self) -> list[str]:
        return [latch.cause for latch in self.world.events(LatchSet)]

    @property
    def state(self) -> TradingState:
        return self.session.recorder.gauge.state


async def opened() -> Scene:
    scene = await Scene.begin()
    assert (await scene.told("mine")).codes == ("PASS",)
    return scene


@pytest.mark.parametrize(
    ("others", "foreign"),
    [
        ([STRANGER], SOL),
        ([replace(STRANGER, side=Side.BUY)], SOL),
        ([replace(STRANGER, quantity_base=D("0.1"))], SOL),
    ],
)
def test_a_strangers_position_puts_the_account_in_reducing(
    others: Sequence[PositionReading], foreign: Symbol
) -> None:
    async def scenario() -> Scene:
        scene = await opened()
        scene.venue.others += others
        await scene.pass_a_minute()
        return scene

    scene = run(scenario())
    (latch,) = scene.world.events(LatchSet)

    assert scene.state is latch.state is TradingState.REDUCING
    assert (latch.cause, latch.who) == (FOREIGN_POSITION, "governor")
    assert latch.why.startswith(f"POSITION_EXTRA on {foreign}: ours none, the venue's ")


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({}, None),
        ({"quantity_base": D("0.005")}, VENUE_DIFFERS),
        ({"quantity_base": D("0.011")}, FOREIGN_POSITION),
        ({"side": Side.SELL}, FOREIGN_POSITION),
    ],
)
def test_more_on_our_own_symbol_or_the_other_way_is_not_ours_either(
    change: dict[str, object], cause: str | None
) -> None:
    """We hold 0.010; less than that lags behind, or a trade of ours is missing."""

    async def scenario() -> Scene:
        scene = await opened()
        read = await scene.venue.inner.read()
        assert isinstance(read, AccountReading)
        (own,) = read.positions
        assert own.quantity_base == D("0.010")
        scene.venue.instead[BTC] = replace(own, **change)  # type: ignore[arg-type]
        await scene.pass_a_minute()
        return scene

    scene = run(scenario())

    assert (scene.state is TradingState.RUNNING) is (cause is None)
    assert scene.causes() == ([cause] if cause else [])


def test_beside_a_stranger_entries_are_refused_and_exposure_counts_it() -> None:
    """Even before the next minute has set the latch: the verdict reads for itself."""

    async def scenario() -> tuple[Judged, Judged]:
        scene = await Scene.begin()
        scene.venue.others.append(STRANGER)
        before = await scene.told("before")
        await scene.pass_a_minute()
        return before, await scene.told("after")

    before, after = run(scenario())

    assert before.codes == ("FOREIGN_POSITION",)
    assert after.codes == ("TRADING_REDUCING", "FOREIGN_POSITION")
    for judged in (before, after):
        assert judged.case is not None
        exposure = judged.case.exposure
        assert exposure is not None
        assert (exposure.foreign_positions, exposure.open_positions) == (1, 1)
        assert exposure.short_usd == exposure.net_short_usd == 3_000
        assert exposure.margin_usd == 300


def test_beside_a_stranger_our_own_positions_can_be_closed() -> None:
    async def scenario() -> Status:
        scene = await opened()
        scene.venue.others.append(STRANGER)
        await scene.pass_a_minute()
        return await scene.closed("out")

    assert run(scenario()) is Status.FILLED


def test_of_a_strangers_position_we_close_nothing() -> None:
    """Not ours to close, not even when it is named."""

    async def scenario() -> tuple[Scene, int]:
        scene = await Scene.begin()
        scene.venue.others.append(STRANGER)
        await scene.pass_a_minute()
        calls = len(scene.venue.calls)
        await ask(scene.world, scene.session, close("out", scene.n, symbol=SOL))
        return scene, calls

    scene, calls = run(scenario())

    outcome = scene.world.outcome("out")
    assert (outcome.status, outcome.codes) == (Status.REFUSED, ("NOTHING_TO_REDUCE",))
    assert outcome.detail == "no position of ours is open on SOLUSDT"
    assert len(scene.venue.calls) == calls


def test_the_latch_stays_when_the_stranger_goes_and_a_person_lets_go_of_it() -> None:
    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.others.append(STRANGER)
        await scene.pass_a_minute()
        scene.venue.others.clear()
        await scene.pass_a_minute()
        assert scene.state is TradingState.REDUCING
        await resume(scene)
        await scene.pass_a_minute()
        return scene

    scene = run(scenario())

    assert scene.state is TradingState.RUNNING
    assert scene.causes() == [FOREIGN_POSITION, OPERATOR]


def test_a_person_cannot_wish_a_stranger_away() -> None:
    async def scenario() -> Scene:
        scene = await Scene.begin()
        scene.venue.others.append(STRANGER)
        await scene.pass_a_minute()
        await resume(scene)
        assert (await scene.told("between")).codes == ("FOREIGN_POSITION",)
        await scene.pass_a_minute()
        return scene

    scene = run(scenario())

    assert scene.state is TradingState.REDUCING
    assert scene.causes() == [FOREIGN_POSITION, OPERATOR, FOREIGN_POSITION]


def test_a_reading_that_lags_behind_for_a_moment_needs_nobody() -> None:
    """One look refuses entries; only what stays sets a latch for a person."""

    async def scenario() -> Scene:
        scene = await opened()
        scene.venue.others.append(STRANGER)
        await scene.pass_a_tick()
        assert (await scene.told("beside", SOL)).codes[-1] == "FOREIGN_POSITION"
        scene.venue.others.clear()
        await scene.pass_a_tick()
        scene.venue.others.append(STRANGER)
        await scene.pass_a_tick()
        scene.venue.others.clear()
        await scene.pass_a_tick()
        return scene

    scene = run(scenario())

    assert scene.state is TradingState.RUNNING
    assert scene.causes() == []


async def resume(scene: Scene) -> None:
    recorder, now_ms = scene.session.recorder, UnixMs(scene.session.clock.now_ms())
    await recorder.write(
        recorder.gauge.holds.latch(
            *(TradingState.RUNNING, OPERATOR, "looked into", now_ms),
            who="ann",
            releases={FOREIGN_POSITION},
        )
    )

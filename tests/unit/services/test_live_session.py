"""A session in live time, on a virtual clock: pulses between ticks, and late ticks."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.feeds.live_clock import LiveClock
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.app.assembly import LiveTime, Ports, Run, assemble
from bridge_patch.app.settings import load_settings
from bridge_patch.app.surroundings import Surroundings
from bridge_patch.app.wiring import bounds_of
from bridge_patch.domain.events import (
    Book,
    EquityMarked,
    Filled,
    FillKind,
    Judged,
    Status,
)
from bridge_patch.domain.intent import Confidence, Mode, Side, UnixMs
from bridge_patch.domain.market import FundingTerms, Mark, Tick
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.engine import Engine, Signal, SignalSource
from bridge_patch.services.session import LATE_MS, Session
from tests.simulation.rig import (
    BTC,
    CALM,
    Silence,
    World,
    at,
    calm,
    intent,
    minute,
    run,
)

D = Decimal


@dataclass
class Live:
    """A live session that has seen a calm market, and the clock that it goes by."""

    world: World
    now: int = minute(CALM) + 300
    skew_ms: int = 20
    around: Surroundings = field(default_factory=Surroundings)

    def __call__(self) -> int:
        return self.now

    async def started(self, source: SignalSource | None = None) -> Session:
        clock = LiveClock(self, self)
        time = LiveTime(clock=clock, skew=lambda: Known(D(self.skew_ms), clock.now_ms()))
        run_ = Run(
            settings=load_settings({}),
            mode=self.world.mode,
            feed="live",
            telemetry=Silence(),
            live=time,
        )
        bus = MemoryBus(self.world.streams, self.world.wall)
        ports = Ports(
            bus=bus,
            journal=self.world.journal,
            venue=self.world.venue(),
            run_id="run-1",
            around=self.around,
        )
        session = assemble(run_, ports)
        session.engine = None if source is None else talking(source, bus)
        for tick in calm():
            if tick.at_ms < session.resumed_ms or not session.resumed_ms:
                await session.warm_up(tick)
            else:
                await session.on_tick(tick)
        await session.begin()
        return session

    async def pulse(self, session: Session, usd: int, after_ms: int = 1_000) -> None:
        """A moment later there is a mark."""
        self.now += after_ms
        at_ms = UnixMs(self.now - 100)
        told = Mark(symbol=BTC, mark_usd=D(usd), index_usd=D(usd), at_ms=at_ms)
        free = FundingTerms(symbol=BTC, rate_fraction=D(0), interval_ms=0, at_ms=at_ms)
        await session.pulse((told,), (free,))

    async def ask(self, name: str, **more: Any) -> None:
        made = {"timestamp": iso_of(UnixMs(self.now))}
        await self.world.send(intent(name, CALM, **(made | more)))


def test_an_intent_between_two_bars_is_judged_by_a_mark_of_a_second_ago() -> None:
    world = World(mode=Mode.SHADOW)

    async def scenario() -> None:
        live = Live(world)
        session = await live.started()
        await live.pulse(session, 95_000, 20_000)
        await live.ask("a")
        await live.pulse(session, 95_100)

        (judged,) = world.events(Judged)
        assert judged.case is not None
        assert world.outcome("a").status is Status.SIMULATED
        filled = [f for f in world.events(Filled) if f.book is Book.GOVERNED]
        assert [f.price_usd // 100 for f in filled] == [951]
        assert filled[0].at_ms == live.now - 100

    run(scenario())


def test_where_marks_are_silent_the_same_intent_is_refused() -> None:
    """Fail closed: that the last bar is only half a minute old helps nobody."""
    world = World(mode=Mode.SHADOW)

    async def scenario() -> None:
        live = Live(world)
        session = await live.started()
        await live.pulse(session, 95_000)
        live.now += 5_000
        await live.ask("a")
        await session.pulse()

        assert world.outcome("a").status is Status.REFUSED
        assert "MARK_STALE" in world.outcome("a").codes

    run(scenario())


def test_a_clock_that_is_not_the_venues_refuses() -> None:
    world = World(mode=Mode.SHADOW)

    async def scenario() -> None:
        live = Live(world, skew_ms=800)
        session = await live.started()
        await live.ask("a")
        await live.pulse(session, 95_000)

        assert world.outcome("a").codes == ("CLOCK_SKEWED",)

    run(scenario())


@pytest.mark.parametrize(
    ("mode", "book"), [(Mode.SHADOW, Book.GOVERNED), (Mode.LIVE, Book.ACCOUNT)]
)
def test_a_stop_is_fired_by_a_mark_and_not_by_what_the_bar_saw_before_the_entry(
    mode: Mode, book: Book
) -> None:
    """The bar's low may be older than the position; each mark behind the entry is not."""
    world = World(mode=mode)

    async def scenario() -> None:
        live = Live(world)
        session = await live.started()
        await live.ask("a")
        await live.pulse(session, 95_000)
        assert len([f for f in world.events(Filled) if f.book is book]) == 1
        for _ in range(5):
            await live.pulse(session, 95_000, 9_000)
        live.now = minute(CALM + 1) + 400
        deep = at(CALM + 1, {BTC: 95_000})
        low = Tick(at_ms=deep.at_ms, bars=(_with_low(deep, 90_000),), terms=deep.terms)
        await session.on_tick(low)
        assert len([f for f in world.events(Filled) if f.book is book]) == 1
        await live.pulse(session, 92_000)

        stops = [f for f in world.events(Filled) if f.kind is FillKind.STOP]
        assert {f.book for f in stops} == {Book.ASKED, Book.BASELINE, book}
        assert not session.recorder.ledger.positions
        told = [update.quantity_base for update in world.positions()]
        assert told[-1:] == ([] if mode is Mode.SHADOW else [0])

    run(scenario())


def _with_low(tick: Tick, low: int) -> Any:
    return replace(tick.bars[0], low=D(low))


def test_equity_is_watched_between_bars_by_the_marks_that_move_it() -> None:
    """Read by one price and explained by another, it would look like money that moved."""
    world = World(mode=Mode.SHADOW)

    async def scenario() -> None:
        live = Live(world)
        session = await live.started()
        await live.ask("a")
        await live.pulse(session, 95_000)
        before = len(world.events(EquityMarked))
        await live.pulse(session, 96_500, 6_000)

        marks = [m for m in world.events(EquityMarked)[before:] if m.book is Book.GOVERNED]
        assert marks
        assert marks[-1].equity_usd > 10_000
        assert session.recorder.gauge.jump_usd == 0

    run(scenario())


class Talker:
    """A model with one thing to say about every bar."""

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        return tuple(
            Signal(
                symbol=b.symbol,
                side=Side.BUY,
                confidence=Confidence(D("0.8")),
                source="talker",
                reason="a bar",
            )
            for b in tick.bars
        )


class Rich:
    async def equity_usd(self) -> Decimal:
        return D(10_000)


def talking(source: SignalSource, bus: Bus) -> Engine:
    return Engine(
        source=source,
        outbox=BusOutbox(bus),
        equity=Rich(),
        telemetry=Silence(),
        bounds=bounds_of(load_settings({})),
        mode=Mode.SHADOW,
    )


def test_a_bar_a_second_late_is_decided_upon_and_one_a_minute_late_is_history() -> None:
    """What was missed moves venue and books; nothing is proposed about it any more."""
    world = World(mode=Mode.SHADOW)

    async def scenario() -> None:
        live = Live(world)
        session = await live.started(Talker())
        await live.pulse(session, 95_000)
        live.now = minute(CALM + 2) + LATE_MS + 1
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        await session.on_tick(at(CALM + 2, {BTC: 95_050}))
        assert await world.unfinished() == 0
        assert not world.events(Judged)
        live.now = minute(CALM + 4) + 1_000
        await session.on_tick(at(CALM + 3, {BTC: 95_000}))
        await live.pulse(session, 95_000, 200)
        await session.on_tick(at(CALM + 4, {BTC: 95_000}))

        judged = world.events(Judged)
        assert [j.at_ms for j in judged] == [live.now]
        assert judged[0].intent_id.startswith(f"e-BTCUSDT-buy-{minute(CALM + 4)}")

    run(scenario())


def test_a_restart_plays_what_it_missed_and_nothing_twice() -> None:
    world = World(mode=Mode.SHADOW)

    async def scenario() -> None:
        live = Live(world)
        session = await live.started()
        await live.ask("a")
        await live.pulse(session, 95_000)
        live.now = minute(CALM + 1) + 200
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        opened = len(world.events(Filled))

        live.now = minute(CALM + 5) + 200
        again = await live.started()
        for n in (1, 2, 3):
            await again.on_tick(at(CALM + n, {BTC: 95_000 if n != 2 else 91_000}))
        await live.pulse(again, 95_000)

        stops = [f for f in world.events(Filled)[opened:] if f.kind is FillKind.STOP]
        assert {f.book for f in stops} == {Book.ASKED, Book.BASELINE, Book.GOVERNED}
        assert len(world.results()) == 1

    run(scenario())

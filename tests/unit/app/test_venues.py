"""A venue that was named is the one that is opened, or nothing is."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue
from bridge_patch.adapters.venue_leased import LeasedVenue
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.assembly import Run, assemble
from bridge_patch.app.binance_server.core import CREDENTIALS
from bridge_patch.app.binance_server.signing import Credentials
from bridge_patch.app.in_force import is_simulated
from bridge_patch.app.settings import load_settings
from bridge_patch.app.surroundings import Surroundings
from bridge_patch.app.venues import (
    contacted,
    environment_at,
    keys_of,
    limits_used,
    new_venue,
    simulator_keys,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, InstrumentSeen, RunStarted, Sending, Status
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Mode, Symbol, UnixMs, Unknown
from bridge_patch.domain.order import Leg
from bridge_patch.evidence.replay import rejudge
from tests.contracts.approvals import instrument
from tests.simulation.rig import BTC, CALM, World, ask, at, close, intent, ready, run
from tests.simulation.through import Through

KEYS = {"VENUE_API_KEY": "a-key", "VENUE_API_SECRET": "a-secret"}


def named(venue: str, keys: dict[str, str] | None = None, mode: Mode = Mode.LIVE) -> Run:
    settings = load_settings({"VENUE": venue, "MARKET_FEED": "live", **(keys or {})})
    telemetry = LogTelemetry(io.StringIO())
    return Run(settings=settings, mode=mode, feed="none", telemetry=telemetry)


def test_how_much_of_the_venue_s_limits_is_used_can_be_seen_through_the_lease() -> None:
    """A monitor only looks: what it sees is the share that the budget itself goes by."""
    opened = new_venue(named("binance-demo", KEYS, Mode.SHADOW))
    assert isinstance(opened, CcxtVenue)
    transport = opened.parts.transport
    transport.budget.windows[0].spend(600, transport.venue_ms())
    used = limits_used(LeasedVenue(opened, lambda: None))

    assert used == {"weight_1m": Decimal("0.25"), "orders_10s": 0, "orders_1m": 0}
    assert limits_used(new_venue(named("paper"))) == {}


@pytest.mark.parametrize(
    ("venue", "simulated"),
    [("paper", True), ("simulator", True), ("binance-demo", True), ("binance", False)],
)
def test_simulated_results_are_marked_and_absent_from_live(
    venue: str, *, simulated: bool
) -> None:
    """M-77: a silent paper fallback produced thousands of fills believed real.

    What was named is what is opened, and the record says whether it is anybody's money;
    fills of the books beside it carry the book's name.
    """
    run_ = named(venue, KEYS, Mode.SHADOW)
    opened = new_venue(run_)
    assert isinstance(opened, PaperVenue) is (venue == "paper")
    started = RunStarted(
        at_ms=UnixMs(1),
        run_id="r",
        mode=Mode.SHADOW,
        build="b",
        limits_hash="h",
        limits="",
        feed="none",
        venue=run_.settings.venue,
        equity_usd=Decimal(1),
    )
    assert is_simulated(started) is simulated
    assert {book for book in Book if not book.startswith("shadow-")} == {Book.ACCOUNT}
    run(opened.close())


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({}, "VENUE_API_KEY is none"),
        ({"VENUE_API_KEY": "k"}, "VENUE_API_SECRET is none"),
        ({"VENUE_API_SECRET": "s"}, "VENUE_API_KEY is none"),
    ],
)
def test_a_venue_without_its_keys_is_not_opened(given: dict[str, str], lacks: str) -> None:
    with pytest.raises(InvalidValueError, match=lacks) as caught:
        new_venue(named("binance-demo", given))
    assert "'k'" not in str(caught.value)


def test_the_simulator_has_keys_of_its_own_and_an_address_at_home() -> None:
    settings = load_settings({"VENUE": "simulator", "SIMULATOR_URL": "http://127.0.0.1:9"})
    key, secret = keys_of(settings)
    assert (key.reveal(), secret.reveal()) == ("sim-key", "sim-secret")
    assert environment_at(settings).rest == "http://127.0.0.1:9"
    own = load_settings({"VENUE": "simulator", **KEYS})
    assert keys_of(own)[0].reveal() == "a-key"


def test_a_simulator_takes_the_keys_that_are_set_for_it_and_no_others() -> None:
    """Then only who holds them can drive it; the real exchange's stay out of it."""
    own = load_settings({"VENUE": "simulator", **KEYS})
    real = load_settings({"VENUE": "binance", "MARKET_FEED": "live", **KEYS})

    assert simulator_keys(own)[0].reveal() == KEYS["VENUE_API_KEY"]
    for other in (load_settings({"VENUE": "simulator"}), real):
        assert Credentials.of(*simulator_keys(other)) == CREDENTIALS


def test_a_venue_is_let_go_of_also_where_it_could_not_be_contacted() -> None:
    told: list[str] = []

    class Stuck(Through):
        async def begin(self) -> None:
            told.append("begin")
            raise ConnectionRefusedError

        async def close(self) -> None:
            told.append("close")

    async def scenario() -> None:
        async with contacted(Stuck(World().venue())):
            told.append("inside")

    with pytest.raises(ConnectionRefusedError):
        run(scenario())
    assert told == ["begin", "close"]


@dataclass
class Stated:
    """A venue's rules: what was read waits until it is adopted."""

    rules: dict[Symbol, Instrument] = field(default_factory=dict)
    waiting: tuple[Instrument, ...] = ()

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        return self.rules.get(symbol) or Unknown(f"{symbol} is BREAK")

    def read_ms(self, now_ms: UnixMs) -> UnixMs:
        return now_ms

    def adopt(self) -> tuple[Instrument, ...]:
        read, self.waiting = self.waiting, ()
        self.rules |= {one.symbol: one for one in read}
        return read


def stating(stated: Stated) -> World:
    """A world whose entries are judged by what a venue states."""
    around = Surroundings(instruments=stated, adopt=stated.adopt)
    return World(assemble=lambda run, ports: assemble(run, replace(ports, around=around)))


def test_entries_go_by_the_venues_rules_and_the_journal_has_them_first() -> None:
    """And again when they change; what was judged before is judged alike again."""
    listed = instrument(BTC)
    coarse = replace(listed, quantity_step=Decimal("0.01"), quantity_min=Decimal("0.01"))
    stated = Stated(waiting=(listed,))
    world = stating(stated)

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("fine", CALM, margin=401))
        await ask(world, session, close("out", CALM))
        stated.waiting = (coarse,)
        await session.on_tick(at(CALM + 1, {BTC: 95_000}))
        await ask(world, session, intent("coarse", CALM + 1, margin=401))

    run(scenario())
    seen = [event.instrument for event in world.events(InstrumentSeen)]
    bought = [e for e in world.events(Sending) if e.leg is Leg.ENTRY]
    events = [stored.event for stored in world.journal.read()]

    assert seen == [listed, coarse]
    assert [order.quantity_base for order in bought] == [
        Decimal("0.042"),
        Decimal("0.04"),
    ]
    again = rejudge(events, load_settings(world.env).limits())
    assert (again.checked, again.mismatches) == (2, ())


def test_a_halt_at_the_venue_refuses_entries_and_lets_out() -> None:
    """Law 4: what is open keeps its stop, and is closed."""
    stated = Stated(waiting=(instrument(BTC),))
    world = stating(stated)

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("in", CALM))
        stated.rules.clear()
        await ask(world, session, close("out", CALM), intent("again", CALM))

    run(scenario())
    assert world.outcome("in").status is Status.FILLED
    assert world.outcome("out").status is Status.FILLED
    assert world.outcome("again").status is Status.REFUSED
    assert "BTCUSDT is BREAK" in world.outcome("again").detail

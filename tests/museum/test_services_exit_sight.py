"""Incidents of exits that could not see, or took for profit what was none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.streams import POSITION_UPDATE
from bridge_patch.app.status.fold import StatusFold
from bridge_patch.domain.events import Book, ExitsBlind, Filled, FillKind
from bridge_patch.domain.intent import Side
from bridge_patch.domain.market import Funding, Tick
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    PRICES,
    SOL,
    Silence,
    World,
    ask,
    at,
    bar,
    close,
    intent,
    play,
    ready,
    run,
    tick,
)

D = Decimal
SYMBOLS = (BTC, SOL)


class Heard(Silence):
    """Telemetry that keeps what was noted."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, area: str, message: str, **facts: object) -> None:
        self.notes.append(f"{area} {message}")


async def held(world: World, heard: Heard, side: Side) -> Session:
    """A position in BTC with its stop at the venue, in a market of two symbols."""
    session = await ready(world, SYMBOLS, telemetry=heard)
    await ask(world, session, intent("a", CALM, action=side))
    assert session.recorder.ledger.stop_price_usd(BTC) is not None
    return session


def blind_in(world: World) -> list[tuple[str, ...]]:
    return [event.symbols for event in world.events(ExitsBlind)]


def status(world: World) -> tuple[str, ...]:
    """What `status` says that the exits lack."""
    fold = StatusFold()
    for stored in world.journal.read():
        fold.apply(stored)
    return fold.blind


@pytest.mark.parametrize("side", list(Side))
def test_missing_risk_data_means_the_protective_default(side: Side) -> None:
    """M-58: without risk data no position was monitored, and a cycle skipped them all.

    Without bars the stop stays where it is, an alarm is raised and shown, nothing new is
    opened in any symbol; and it is over when the bars are back.
    """
    world, heard = World(), Heard()

    async def scenario() -> None:
        session = await held(world, heard, side)
        stop = session.recorder.ledger.stop_price_usd(BTC)
        silent = [tick(CALM + n, bar(SOL, CALM + n, PRICES[SOL])) for n in range(1, 5)]
        await play(session, silent)

        assert session.recorder.ledger.stop_price_usd(BTC) == stop
        assert (status(world), blind_in(world)) == ((BTC,), [(BTC,)])
        assert sum(note.startswith("EXITS ALARM: no bar") for note in heard.notes) == 1
        await ask(world, session, intent("b", CALM + 4, symbol=SOL))
        assert "EXITS_SILENT" in world.outcome("b").codes

        await session.on_tick(at(CALM + 5, {s: PRICES[s] for s in SYMBOLS}))
        await session.on_tick(at(CALM + 6, {s: PRICES[s] for s in SYMBOLS}))
        await ask(world, session, intent("c", CALM + 6, symbol=SOL))
        assert "EXITS_SILENT" not in world.outcome("c").codes
        assert (status(world), blind_in(world)) == ((), [(BTC,), ()])

    run(scenario())


@pytest.mark.parametrize("payload", ['{"symbol":"BTCUSDT","side":"UP"}', "{"])
def test_an_unreadable_position_means_the_protective_default(payload: str) -> None:
    """The other half of M-58: a statement that nobody could read was passed over."""
    world, heard = World(), Heard()

    async def scenario() -> None:
        session = await held(world, heard, Side.BUY)
        stop = session.recorder.ledger.stop_price_usd(BTC)
        fields = (("event_type", "position.update"), ("payload", payload))
        spoilt = Post(POSITION_UPDATE, Envelope(fields))
        await MemoryBus(world.streams, world.wall).publish((spoilt,))
        await session.on_tick(at(CALM + 1, {s: PRICES[s] for s in SYMBOLS}))

        assert session.recorder.ledger.stop_price_usd(BTC) == stop
        assert len(status(world)) == 1
        assert sum("cannot be read" in note for note in heard.notes) == 1
        await ask(world, session, intent("b", CALM + 1, symbol=SOL))
        assert "EXITS_SILENT" in world.outcome("b").codes

        await ask(world, session, close("z", CALM + 1))  # with that it is stated again
        await session.on_tick(at(CALM + 2, {s: PRICES[s] for s in SYMBOLS}))
        assert status(world) == ()

    run(scenario())


def moved(side: Side, n: int, pct: str, *fundings: Funding) -> Tick:
    price = PRICES[BTC] * (1 + side.sign * D(pct) / 100)
    return replace(tick(CALM + n, bar(BTC, CALM + n, price)), fundings=fundings)


@pytest.mark.parametrize("side", list(Side))
def test_profit_exit_covers_fees_and_funding(side: Side) -> None:
    """M-60: exits booked as profit lost money, and funding cost 1.55 % a day at 20x.

    A scalper takes its half at 1 % with ordinary costs. With 1.2 % of funding paid it waits
    until a close pays for that too, long and short.
    """

    async def scenario(world: World, rate: str) -> list[tuple[Decimal, Decimal]]:
        session = await ready(world)
        await ask(world, session, intent("a", CALM, action=side, harvest_policy="scalper"))
        paid = Funding(
            symbol=BTC,
            at_ms=tick(CALM + 1).at_ms,
            rate_fraction=D(rate) * side.sign,
        )
        await session.on_tick(moved(side, 1, "0.1", paid))
        for n, pct in enumerate(("0.9", "1.1", "1.3", "1.5", "1.6"), start=2):
            await session.on_tick(moved(side, n, pct))
        fills = [f for f in world.events(Filled) if f.book is Book.ACCOUNT]
        entry, *exits = fills
        parts = [f for f in exits if f.kind is FillKind.REDUCE]
        cost = entry.fee_usd + D(rate) * entry.quantity_base * entry.price_usd
        return [
            (
                side.sign * (part.price_usd / entry.price_usd - 1) * 100,
                part.realised_usd
                - part.fee_usd
                - cost * part.quantity_base / entry.quantity_base,
            )
            for part in parts
        ]

    (cheap,) = run(scenario(World(), "0"))
    (dear,) = run(scenario(World(), "0.012"))

    assert D("1.0") < cheap[0] < D("1.2")
    assert D("1.3") < dear[0] < D("1.6")
    assert min(cheap[1], dear[1]) > 0

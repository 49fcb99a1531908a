"""What is sent is what was approved: every value, a thousand times, on the real judge."""

import asyncio
import random
from decimal import Decimal

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_paper import PaperVenue, entry_of, reduction_of
from bridge_patch.domain.events import Resolved
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import Book, Filled, FillKind
from bridge_patch.services.ports import AccountReading
from bridge_patch.sim.commands import ArmStop, Enter, Reduce
from bridge_patch.sim.ledger import leverage_of
from tests.contracts.approvals import (
    BTC,
    SOL,
    entry_approval,
    instrument,
    reduction_approval,
)
from tests.questions import NOW

D = Decimal


def market(symbol: Symbol, price: Decimal) -> Tick:
    bar = Bar(
        symbol=symbol,
        open_ms=UnixMs(NOW - 60_000),
        close_ms=NOW,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=D(1_000_000),
    )
    return Tick(at_ms=NOW, bars=(bar,))


def test_every_value_of_a_thousand_approvals_is_the_value_that_is_traded() -> None:
    """Symbol, side, quantity, leverage and margin; a wrong number here is real money."""
    rng = random.Random(11)
    differ = set()
    for number in range(1000):
        symbol = rng.choice((BTC, SOL))
        tick_usd = instrument(symbol).price_tick
        mark = rng.randint(500_000, 1_200_000) * tick_usd / (1 if symbol == BTC else 50)
        mark = mark // tick_usd * tick_usd
        approved = entry_approval(
            symbol=symbol,
            side=rng.choice(list(Side)),
            margin=str(D(rng.randint(10_000, 100_000)) / 100),
            leverage=str(D(rng.randint(10, 400)) / 10),
            mark=str(mark),
            equity="100000",
            intent=f"i-{number}",
        )
        order_id = ClientOrderId(f"o-{number}")
        venue = PaperVenue(wallet_usd=D(100_000), instruments=ListedInstruments())
        asyncio.run(venue.advance(market(symbol, mark)))
        report = asyncio.run(venue.place(approved, order_id))
        (fill,) = report.events

        assert entry_of(approved, order_id) == Enter(
            symbol=approved.symbol,
            side=approved.side,
            quantity_base=approved.quantity.base,
            leverage=approved.leverage,
            order_id=order_id,
            intent_id=approved.intent_id,
        )
        assert report.event is OrderEvent.FILLED
        assert isinstance(fill, Filled)
        assert fill.book is Book.ACCOUNT
        assert fill.kind is FillKind.ENTRY
        assert (fill.symbol, fill.side) == (approved.symbol, approved.side)
        assert (fill.order_id, fill.intent_id) == (order_id, approved.intent_id)
        assert fill.quantity_base == approved.quantity.base
        assert fill.quantity_base * mark == approved.notional.usd
        assert leverage_of(fill) == approved.leverage
        slippage = fill.price_usd / mark
        assert fill.margin_usd <= approved.margin.usd * max(slippage, D(1)) + D("1e-8")
        differ.add((fill.symbol, fill.side, approved.leverage))
    assert len(differ) > 100, "the approvals must differ for this to mean something"


def test_every_value_of_a_reduction_is_the_value_that_is_sent() -> None:
    rng = random.Random(12)
    for number in range(200):
        side = rng.choice((1, -1))
        position = Position(
            symbol=BTC,
            signed_base=side * D(rng.randint(2, 5000)) / 1000,
            first_base=D(5),
            entry_price_usd=D(95_000),
            margin_usd=D(1000),
            opened_ms=NOW,
        )
        part = str(position.quantity_base / 2 // D("0.001") * D("0.001"))
        level = str(rng.randint(900_000, 1_000_000) * D("0.1"))
        order_id = ClientOrderId(f"o-{number}")
        now = reduction_approval(position=position, quantity=part, intent=f"r-{number}")
        resting = reduction_approval(position=position, stop_at=level, intent=f"s-{number}")

        assert reduction_of(now, order_id) == Reduce(
            symbol=BTC,
            side=position.side.opposite,
            quantity_base=now.quantity.base,
            order_id=order_id,
            intent_id=now.intent_id,
        )
        assert reduction_of(resting, order_id) == ArmStop(
            symbol=BTC,
            side=position.side.opposite,
            stop_price_usd=D(level),
            order_id=order_id,
            intent_id=resting.intent_id,
        )


def test_a_simulated_venue_needs_neither_announcements_nor_answers() -> None:
    """They are in the journal for real venues; what happened says it all here."""
    venue = PaperVenue(wallet_usd=D(100_000), instruments=ListedInstruments())
    order_id, intent_id = ClientOrderId("o-1"), IntentId("i-1")
    answer = Resolved(
        at_ms=NOW, intent_id=intent_id, order_id=order_id, leg=Leg.ENTRY, event="REJECTED"
    )
    before = asyncio.run(venue.read())
    venue.restore((answer,))

    assert asyncio.run(venue.read()) == before


def traded(kind: FillKind, side: Side, base: str, margin: str, number: int) -> Filled:
    """A trade of the account at the same price and moment."""
    return Filled(
        book=Book.ACCOUNT,
        at_ms=NOW,
        symbol=BTC,
        side=side,
        kind=kind,
        quantity_base=D(base),
        price_usd=D(100_000),
        fee_usd=D(1),
        realised_usd=D(0),
        margin_usd=D(margin),
        order_id=ClientOrderId(f"bp-{number}"),
        trade_id=f"t-{number}",
        intent_id=IntentId(f"i-{number}"),
    )


def test_a_reduction_told_before_its_entry_leaves_what_it_left_there() -> None:
    """Seed 682 of the campaign: the margin of a part was told as that of the whole."""
    entry = traded(FillKind.ENTRY, Side.SELL, "0.015", "285", 1)
    part = traded(FillKind.REDUCE, Side.BUY, "0.010", "-190", 2)
    told, happened = (
        PaperVenue(wallet_usd=D(10_000), instruments=ListedInstruments()) for _ in range(2)
    )
    for venue in (told, happened):
        asyncio.run(venue.advance(market(BTC, D(100_000))))
    told.restore((part,))
    flat = asyncio.run(told.read())
    told.restore((entry,))
    happened.restore((entry, part))

    assert isinstance(flat, AccountReading)
    assert (flat.positions, flat.equity_usd) == ((), D(9_999))  # its money counts at once
    assert asyncio.run(told.read()) == asyncio.run(happened.read())
    assert asyncio.run(told.records()) == asyncio.run(happened.records())

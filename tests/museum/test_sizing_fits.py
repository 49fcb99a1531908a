"""Incidents of size: orders that fitted neither the balance nor the venue's grid."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.events import (
    Book,
    Filled,
    Judged,
    OrderRefused,
    Sending,
    Verdict,
)
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Symbol, Unknown
from bridge_patch.domain.order import Leg
from bridge_patch.domain.position import Position
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge_reduction
from bridge_patch.services.ports import AccountReading
from bridge_patch.services.session import Session
from tests.museum.test_verdict_of_exits import after
from tests.questions import BTC_RULES, FINE, position, reasons, reduction
from tests.simulation.rig import (
    BTC,
    CALM,
    PRICES,
    ROOMY,
    SOL,
    World,
    ask,
    close,
    intent,
    ready,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble

D = Decimal
ETH = Symbol("ETHUSDT")
PRICES.setdefault(ETH, D(2_500))
STEP = D("0.001")


def orders(world: World) -> list[Sending]:
    return [e for e in world.events(Sending) if e.leg is Leg.ENTRY]


async def _after(world: World, *messages: Any) -> tuple[Session, Tap]:
    session, venue = await tapped(world)
    await ask(world, session, *messages)
    return session, venue


#: No other limit holds back what the balance does.
ONLY_BALANCE = {
    **ROOMY,
    "MIN_ORDER_USD": "5",
    "ORDER_NOTIONAL_MAX_EQUITY_MULTIPLE": "125",
    "INITIAL_MARGIN_MAX_PCT": "100",
    "RISK_PER_TRADE_MAX_PCT": "100",
    "UNKNOWN_ORDERS_MAX": "1000",
}


def with_costs(order: Sending) -> Decimal:
    """Margin with two fees and two slippages."""
    assert order.margin_usd is not None
    assert order.leverage is not None
    return order.margin_usd * (1 + D("0.002") * order.leverage)


@pytest.mark.parametrize("pending", [False, True])
def test_margin_and_fees_fit_the_available_balance(pending: bool) -> None:
    """M-15: a model asked for 471 USDT on a 94 USDT account; every order came back -2019.

    `pending`: no reply ever comes, so that each order only stands as a reservation.
    """
    world = World(env=ONLY_BALANCE)
    wallet = D("94.37")
    poor = PaperVenue(wallet_usd=wallet, instruments=ListedInstruments())

    async def scenario() -> AccountReading | Unknown:
        symbols = (BTC, SOL, ETH)
        session = await ready(world, symbols, venue=lambda _: Tap(poor))
        venue = session.keeper.venue
        assert isinstance(venue, Tap)
        if pending:
            venue.trouble("place", *[Trouble.REQUEST_LOST] * 9)
        await ask(world, session, intent("i-0", CALM, symbol=SOL, margin=40))
        await ask(world, session, intent("i-1", CALM, margin=30))
        before = await session.keeper.account.read()
        await ask(world, session, intent("i-2", CALM, symbol=ETH, margin=471))
        await ask(world, session, intent("more", CALM, margin=5))
        return before

    before = run(scenario())

    first, second, third, more = world.events(Judged)
    assert first.verdict is second.verdict is Verdict.ACCEPT
    assert (third.verdict, third.binding) == (Verdict.CLAMP, "available_balance")
    assert more.verdict is Verdict.REJECT
    assert isinstance(before, AccountReading)
    free = before.available_usd
    counted = orders(world) if pending else orders(world)[2:]
    taken = sum((with_costs(order) for order in counted), D(0))
    assert len(orders(world)) == 3
    assert free - D("0.02") < taken <= free
    assert world.events(OrderRefused) == []


def listed() -> list[Instrument]:
    known = ListedInstruments()
    found = [known.find(symbol) for symbol in known.symbols]
    return [one for one in found if isinstance(one, Instrument)]


@pytest.mark.parametrize("rules", listed(), ids=lambda rules: rules.symbol)
@pytest.mark.parametrize("side", Side)
def test_full_close_leaves_no_dust(rules: Instrument, side: Side) -> None:
    """M-16: 0.3 at a step of 0.1 became 0.2, and 0.005 became 0.00499."""
    step = rules.quantity_step
    assert all(isinstance(n, Decimal) for n in (step, rules.quantity_min))
    for steps in (1, 3, 5, 7, 29, 1_000_003):
        held = replace(position(side.sign * steps * step), symbol=rules.symbol)
        wish = replace(reduction(), symbol=rules.symbol)
        whole = judge_reduction(wish, held, rules)
        assert isinstance(whole, ApprovedReduction)
        assert whole.quantity.base == steps * step
        assert after(held, whole) is None

        left: Position | None = held
        turns = 0
        while left is not None:  # in thirds, whatever the grid makes of them
            part = replace(reduction(None, left.quantity_base / 3), symbol=rules.symbol)
            third = judge_reduction(part, left, rules)
            assert isinstance(third, ApprovedReduction)
            assert third.quantity.base % step == 0
            left, turns = after(left, third), turns + 1
            least = rules.quantity_min if left else D(0)
            assert (left.quantity_base if left else D(0)) >= least
        assert turns < 50


def test_quantity_obeys_venue_filters_or_is_refused() -> None:
    """M-17: missing filters fell back to three decimals, and a $4 order was sent."""
    for margin in ("50", "123.45", "450", "999.99"):
        verdict = FINE.sized(margin, "15").verdict()
        assert isinstance(verdict, Approved)
        exact = verdict.margin.usd * verdict.leverage / 95_000
        assert verdict.quantity.base % BTC_RULES.quantity_step == 0
        assert exact - BTC_RULES.quantity_step < verdict.quantity.base <= exact

    for rules, code in (
        (replace(BTC_RULES, quantity_min=D("0.072")), "QUANTITY_BELOW_MIN"),
        (replace(BTC_RULES, notional_min=D("6746")), "QUANTITY_BELOW_MIN"),
        (replace(BTC_RULES, quantity_step=D("0.08")), "QUANTITY_BELOW_MIN"),
        (replace(BTC_RULES, quantity_max=D("0.07")), "QUANTITY_ABOVE_MAX"),
        (Unknown("no filters"), "SYMBOL_UNKNOWN"),
    ):
        assert code in reasons(FINE.knowing(instrument=rules).verdict())

    world = World(env=ROOMY | {"MIN_ORDER_USD": "1"})
    small = intent("small", CALM, margin=4, leverage=5)
    session, venue = run(_after(world, small, intent("good", CALM), close("out", CALM)))
    assert world.outcome("small").codes == ("QUANTITY_BELOW_MIN",)
    entry, left = (f for f in world.events(Filled) if f.book is Book.ACCOUNT)
    assert entry.quantity_base % STEP == 0
    assert entry.quantity_base == left.quantity_base
    assert session.recorder.ledger.positions == {}
    assert venue.kinds()[0] == "place"

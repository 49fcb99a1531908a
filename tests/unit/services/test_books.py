"""A shadow book trades what it is told, as the venue would, and folds to what it lived."""

from __future__ import annotations

import itertools
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FillKind,
    Judged,
    OrderRefused,
    StopArmed,
)
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import (
    IntentId,
    Proposal,
    ReduceIntent,
    Side,
    StopDistance,
)
from bridge_patch.domain.market import Tick
from bridge_patch.domain.money import Leverage, Margin, Price, Quantity
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.books import ShadowBook, Wish
from bridge_patch.sim.exchange import Exchange
from tests.simulation.rig import BTC, SOL, at, bar, minute, tick
from tests.unit.adapters.lines_samples import ACCEPTED

D = Decimal
SCALPER = POLICIES[HarvestMode.SCALPER]
SWING = POLICIES[HarvestMode.SWING]
PATIENT = HarvestPolicy(mode=HarvestMode.SWING, trail_pct=D(20), hold_max_sec=7200)


def book() -> ShadowBook:
    exchange = Exchange(
        book=Book.GOVERNED, wallet_usd=D(10_000), instruments=ListedInstruments()
    )
    return ShadowBook(exchange, ListedInstruments())


def wish(
    *,
    leverage: str = "10",
    side: Side = Side.BUY,
    policy: HarvestPolicy = PATIENT,
    stop: str = "0.02",
    name: str = "a",
) -> Wish:
    return Wish(
        intent_id=IntentId(name),
        symbol=BTC,
        side=side,
        proposal=Proposal(margin=Margin(D(400)), leverage=Leverage(D(leverage))),
        stop=StopDistance(D(stop)),
        policy=policy,
    )


def out(**more: object) -> ReduceIntent:
    plain = ReduceIntent(
        id=IntentId("r"),
        symbol=BTC,
        side=None,
        quantity=None,
        stop_at=None,
        simulate=False,
        reason="",
        created_ms=minute(1),
        source="ai",
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def opened(**more: object) -> tuple[ShadowBook, tuple[VenueEvent, ...]]:
    one = book()
    one.on_tick(at(1, {BTC: 95_000}))
    return one, one.enter(wish(**more))  # type: ignore[arg-type]


def filled(events: tuple[VenueEvent, ...]) -> list[Filled]:
    return [e for e in events if isinstance(e, Filled)]


def test_an_entry_is_filled_and_protected_at_its_own_stop() -> None:
    _one, events = opened()
    (fill,) = filled(events)

    assert fill.book is Book.GOVERNED
    assert fill.quantity_base == D("0.042")  # 4,000 / 95,000, cut down to 0.001
    armed = [e for e in events if isinstance(e, StopArmed)]
    exact = fill.price_usd * D("0.98")
    assert exact <= armed[0].stop_price_usd <= exact + D("0.1")


def test_leverage_is_a_whole_number_as_at_the_venue_and_the_margin_unchanged() -> None:
    """15.5x of 400 would post more than 400 at the 15x that the venue can set."""
    _one, events = opened(leverage="15.5")
    (fill,) = filled(events)

    assert fill.quantity_base == D("0.063")  # 400 x 15 / 95,000
    assert fill.margin_usd <= D("401")


@pytest.mark.parametrize("leverage", ["0.5", "10"])
def test_what_cannot_be_an_order_is_none(leverage: str) -> None:
    one = book()
    if leverage == "0.5":
        one.on_tick(at(1, {BTC: 95_000}))

    assert one.enter(wish(leverage=leverage)) == ()  # below 1x, or without a price


def test_the_venues_rules_still_apply_to_what_was_asked() -> None:
    one = book()
    one.on_tick(at(1, {BTC: 95_000}))
    huge = replace(
        wish(), proposal=Proposal(margin=Margin(D(50_000)), leverage=Leverage(D(10)))
    )

    assert [type(e) for e in one.enter(huge)] == [OrderRefused]


def test_a_position_that_cannot_have_its_stop_is_closed_again() -> None:
    """So it would be live, and a book that keeps it would know better than the venue."""
    one, events = opened(stop="0.00001")

    assert [e.kind for e in filled(events)] == [FillKind.ENTRY, FillKind.REDUCE]
    assert one.exchange.positions == {}


def test_a_reduction_closes_a_part_or_all_and_moves_the_stop() -> None:
    one, _ = opened()
    one.reduce(out(quantity=Quantity(D("0.02"))))
    assert one.exchange.positions[BTC].quantity_base == D("0.022")
    one.reduce(out(stop_at=Price(D(94_900))))
    assert one.exchange.stop_price_usd(BTC) == 94_900
    assert len(one.exchange.stops[BTC]) == 1
    one.reduce(out(side=Side.BUY))
    assert BTC in one.exchange.positions
    one.reduce(out(side=Side.SELL))

    assert one.exchange.positions == {}
    assert one.reduce(out()) == ()


def test_a_stop_that_is_refused_leaves_the_old_one() -> None:
    one, _ = opened()
    before = one.exchange.stop_price_usd(BTC)
    one.reduce(out(stop_at=Price(D(96_000))))

    assert one.exchange.stop_price_usd(BTC) == before


def test_a_scalper_takes_its_half_once_and_then_trails() -> None:
    one, _ = opened(policy=SCALPER)
    for n, price in ((2, 96_100), (3, 96_200), (4, 96_300)):
        one.on_tick(at(n, {BTC: price}))

    position = one.exchange.positions[BTC]
    assert (position.first_base, position.quantity_base) == (D("0.042"), D("0.021"))
    assert one.exchange.stop_price_usd(BTC) == D("95818.5")  # 0.5 % below 96,300


def test_the_longest_hold_needs_no_price() -> None:
    """A market that fell silent does not keep a position open for ever."""
    one, _ = opened(policy=replace(PATIENT, hold_max_sec=60))
    events = one.on_tick(tick(2, bar(SOL, 2, 150)))

    assert [e.kind for e in filled(events)] == [FillKind.REDUCE]
    assert one.exchange.positions == {}


def market() -> list[Tick]:
    """Up, down, up again, through the stops of some."""
    prices = [95_000, 95_400, 95_900, 96_300, 96_800, 96_500, 97_400, 96_900, 97_900]
    return [
        tick(n, bar(BTC, n, p, open_=q, high=max(p, q) + 30, low=min(p, q) - 30))
        for n, (q, p) in enumerate(itertools.pairwise(prices), start=2)
    ]


def judged(wanted: Wish) -> Judged:
    return replace(
        ACCEPTED, intent_id=wanted.intent_id, harvest_policy=wanted.policy, at_ms=minute(1)
    )


@pytest.mark.parametrize("policy", [SCALPER, SWING, POLICIES[HarvestMode.TREND_RUNNER]])
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("cut", range(9))
def test_a_book_folds_to_the_state_it_lived(
    policy: HarvestPolicy, side: Side, cut: int
) -> None:
    """Cut anywhere: what was journaled and the bars are all that a restart needs."""
    wanted = wish(policy=policy, side=side)
    lived, journal = book(), list[Event]()
    ticks = [at(1, {BTC: 95_000}), *market()]
    for n, one in enumerate(ticks[: cut + 1]):
        journal += lived.on_tick(one)
        if n == 0:
            journal += [judged(wanted), *lived.enter(wanted)]

    folded = book()
    for event in journal:
        folded.fold(event)
    folded.follow_open()
    for one in ticks[: cut + 1]:
        folded.see(one)

    assert folded.exchange.ledger == lived.exchange.ledger
    assert folded._tracks == lived._tracks
    rest = ticks[cut + 1 :]
    assert [folded.on_tick(t) for t in rest] == [lived.on_tick(t) for t in rest]


def test_bars_of_before_the_entry_are_not_the_positions_best_price() -> None:
    one, _ = opened()
    before = one._tracks[BTC].best_price_usd
    one.see(tick(1, bar(BTC, 1, 95_000, high=190_000)))

    assert one._tracks[BTC].best_price_usd == before


def test_no_two_orders_of_a_book_share_an_id() -> None:
    one, events = opened()
    ids = [e.order_id for e in events if isinstance(e, Filled | StopArmed)]
    for n in range(2, 9):
        later = one.on_tick(at(n, {BTC: 95_000 + 300 * n}))
        ids += [e.order_id for e in later if isinstance(e, Filled | StopArmed)]
    again = one.reduce(out()) + one.enter(wish(name="a"))
    ids += [e.order_id for e in again if isinstance(e, Filled | StopArmed)]

    assert len(ids) == len(set(ids)) > 4

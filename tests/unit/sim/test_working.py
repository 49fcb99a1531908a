"""The walk of a bar past resting orders: what is reached, in which order, and where."""

from decimal import Decimal

import pytest

from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.domain.market import Bar
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import Book, TrailingSet
from bridge_patch.sim.working import (
    Condition,
    Conditional,
    Limit,
    Pull,
    Resting,
    Ruin,
    Touch,
    Walk,
)
from tests.unit.sim.scenery import BTC, bar

D = Decimal
TICK = D("0.1")
BUY, SELL = Side.BUY, Side.SELL


def limit(side: Side, price: str, name: str = "limit") -> Limit:
    return Limit(ClientOrderId(name), side, D(price))


def stop(side: Side, price: str, name: str = "stop") -> Conditional:
    return Conditional(ClientOrderId(name), side, Condition.STOP, D(price))


def target(side: Side, price: str, name: str = "target") -> Conditional:
    return Conditional(ClientOrderId(name), side, Condition.TAKE_PROFIT, D(price))


def trail(callback: str, best: str | None, activation: str = "100") -> TrailingSet:
    return TrailingSet(
        book=Book.ACCOUNT,
        at_ms=UnixMs(0),
        symbol=BTC,
        side=SELL,
        callback_pct=D(callback),
        activation_usd=D(activation),
        best_usd=None if best is None else D(best),
        order_id=ClientOrderId("trail"),
        intent_id=IntentId("i"),
    )


def position(side: Side = BUY) -> Position:
    return Position(
        symbol=BTC,
        signed_base=D(side.sign),
        first_base=D(1),
        entry_price_usd=D(100),
        margin_usd=D(10),
        opened_ms=UnixMs(0),
    )


def told(
    one: Bar, *resting: Resting, held: Position | None = None, ruin: Ruin | None = None
) -> list[tuple[str, str]]:
    """Walk to the end; each order leaves when it is reached, as a filled one does."""
    walk, left, seen = Walk(one, held, TICK), list(resting), []
    while (step := walk.next(left, ruin)) is not None:
        if isinstance(step, Pull):
            moved = {trail.order_id: trail for trail in step.trails}
            left = [
                moved.get(o.order_id, o) if isinstance(o, TrailingSet) else o for o in left
            ]
            continue
        assert isinstance(step, Touch)
        if isinstance(step.reached, Ruin):
            seen.append(("ruin", str(step.price_usd)))
            ruin = None
            continue
        seen.append((str(step.reached.order_id), str(step.price_usd)))
        left.remove(step.reached)
    return seen


@pytest.mark.parametrize(
    ("order", "reached"),
    [
        (limit(BUY, "90"), False),
        (limit(BUY, "90.1"), True),
        (limit(SELL, "110"), False),
        (limit(SELL, "109.9"), True),
        (stop(SELL, "90"), True),
        (stop(SELL, "89.9"), False),
        (stop(BUY, "110"), True),
        (stop(BUY, "110.1"), False),
        (target(BUY, "90"), True),
        (target(SELL, "110"), True),
        (target(SELL, "110.1"), False),
    ],
)
def test_a_touch_fires_and_only_passing_through_fills(
    order: Resting, reached: bool
) -> None:
    """Others stand before a limit order, and a bar does not say how many."""
    one = bar("90", "110", minute=2, open_="100", close="100")

    assert bool(told(one, order)) is reached


def test_the_extreme_against_the_position_comes_first() -> None:
    one = bar("90", "110", minute=2, open_="100", close="100")
    orders = stop(SELL, "95"), target(SELL, "105")
    mirrored = target(BUY, "95"), stop(BUY, "105")

    assert told(one, *orders, held=position()) == [("stop", "95"), ("target", "105")]
    assert told(one, *mirrored, held=position(SELL)) == [("stop", "105"), ("target", "95")]


def test_the_nearer_order_comes_first_and_ruin_before_a_stop_at_its_level() -> None:
    one = bar("90", "100", minute=2, open_="100", close="95")
    near, far = stop(SELL, "98", "near"), stop(SELL, "94", "far")
    ruin = Ruin(BUY, D(94))

    assert told(one, far, near, held=position(), ruin=ruin) == [
        ("near", "98"),
        ("ruin", "94"),
        ("far", "94"),
    ]


def test_a_gap_ruins_before_a_nearer_stop_and_fires_at_the_open() -> None:
    one = bar("80", "90", minute=2, open_="85", close="85")
    ruin = Ruin(BUY, D(88))

    assert told(one, stop(SELL, "95"), held=position(), ruin=ruin)[0] == ("ruin", "85")
    assert told(one, stop(SELL, "95"), held=position()) == [("stop", "85")]


def test_a_limit_goes_before_a_conditional_at_its_level() -> None:
    one = bar("90", "100", minute=2, open_="100", close="95")

    assert told(one, target(BUY, "95"), limit(BUY, "95")) == [
        ("limit", "95"),
        ("target", "95"),
    ]


def test_a_trail_is_pulled_by_the_favourable_extreme_and_may_fire_on_the_way_back() -> None:
    one = bar("100", "110", minute=2, open_="101", close="105")

    assert told(one, trail("5", "100"), held=position()) == [("trail", "104.5")]
    assert told(one, trail("20", "100"), held=position()) == []


def test_a_trail_sleeps_until_its_activation_price() -> None:
    one = bar("100", "110", minute=2, open_="101", close="105")

    assert told(one, trail("5", None, "110.1"), held=position()) == []
    assert told(one, trail("5", None, "110"), held=position()) == [("trail", "104.5")]


def test_where_nothing_is_open_a_bar_that_rose_saw_its_low_first() -> None:
    orders = limit(BUY, "95"), limit(SELL, "105", "sale")
    rose = bar("90", "110", minute=2, open_="100", close="101")
    fell = bar("90", "110", minute=2, open_="100", close="99")

    assert [name for name, _ in told(rose, *orders)] == ["limit", "sale"]
    assert [name for name, _ in told(fell, *orders)] == ["sale", "limit"]


def test_an_order_made_on_the_way_is_met_from_there_on() -> None:
    """What a fired order becomes rests from where the price is, not from the open."""
    one = bar("90", "110", minute=2, open_="100", close="105")
    walk = Walk(one, position(), TICK)
    fired = walk.next([stop(SELL, "95")], None)
    met = walk.next([limit(SELL, "97", "child"), limit(BUY, "98", "crossed")], None)
    after = walk.next([limit(SELL, "97", "child")], None)

    assert isinstance(fired, Touch)
    assert fired.price_usd == D(95)
    assert isinstance(met, Touch)
    assert (met.reached, met.price_usd) == (limit(BUY, "98", "crossed"), D(95))
    assert isinstance(after, Touch)
    assert after.price_usd == D(97)

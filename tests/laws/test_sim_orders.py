"""The exchange's laws of orders: what may open, what may rest, where it may fill."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given

from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position, wallet_change
from bridge_patch.domain.venue_events import Filled, FillKind, StopArmed, TrailingSet
from tests.laws.exchange_scripts import FIRST, Step, World, played, scripts

D = Decimal


@given(script=scripts)
def test_only_an_entry_opens_enlarges_or_flips(script: list[Step]) -> None:
    """Reductions, stops and liquidations shrink; whatever the order of things."""
    world = World()
    for step in (FIRST, *script):
        before = dict(world.exchange.positions)
        world.take(step)
        if step[0] == "enter":
            continue
        for symbol, position in world.exchange.positions.items():
            was: Position = before[symbol]
            assert position.side is was.side
            assert position.quantity_base <= was.quantity_base


@given(script=scripts)
def test_orders_rest_only_where_something_is_open(script: list[Step]) -> None:
    """An orphan would close the next position."""
    world = World()
    for step in (FIRST, *script):
        world.take(step)
        resting = set(world.exchange.stops) | set(world.exchange.trails)
        assert resting <= set(world.exchange.positions)


@given(script=scripts)
def test_a_stop_never_fills_better_than_its_level(script: list[Step]) -> None:
    """Of a trail the level is the one it stood at when it was last told of."""
    world, levels = World(), dict[ClientOrderId, Decimal]()
    for step in (FIRST, *script):
        positions = dict(world.exchange.positions)
        for told in world.take(step):
            match told:
                case StopArmed(order_id=order_id, stop_price_usd=level):
                    levels[order_id] = level
                case TrailingSet(best_usd=Decimal() as best) as trail:
                    share = trail.callback_pct / 100
                    levels[trail.order_id] = best * (1 + trail.side.sign * share)
                case Filled(kind=FillKind.STOP) as fill:
                    sign, level = fill.side.sign, levels[fill.order_id]
                    ruined = wallet_change(fill) == -positions[fill.symbol].margin_usd
                    assert sign * fill.price_usd >= sign * level or ruined
                case _:
                    pass


@given(script=scripts)
def test_a_trail_never_gives_way(script: list[Step]) -> None:
    """Its extreme only gets better, and nothing else of it ever changes."""
    known: dict[ClientOrderId, TrailingSet] = {}
    for told in played(script).told:
        if not isinstance(told, TrailingSet):
            continue
        was = known.get(told.order_id)
        if was is not None:
            assert told.best_usd is not None
            sign = -told.side.sign
            threshold = was.activation_usd if was.best_usd is None else was.best_usd
            assert sign * told.best_usd >= sign * threshold
            assert replace(was, at_ms=told.at_ms, best_usd=told.best_usd) == told
        known[told.order_id] = told


@given(script=scripts)
def test_market_orders_take_at_most_their_share_of_a_bar(script: list[Step]) -> None:
    """Entries strictly; a reduction may always close the least quantity, or the dust."""
    world, least = World(), D("0.001")
    volumes: dict[Symbol, Decimal] = {}
    taken: dict[tuple[Symbol, int], Decimal] = {}
    for step in (FIRST, *script):
        what, symbol, _, _, two = step
        if what == "bar":
            volumes[symbol] = D(two) / 20
        for told in world.take(step):
            if not isinstance(told, Filled) or what not in {"enter", "reduce"}:
                continue
            key = symbol, world.minute
            taken[key] = taken.get(key, D(0)) + told.quantity_base
            spare = 2 * least if what == "reduce" else D(0)
            assert taken[key] <= volumes[symbol] / 10 + spare or (
                told.kind is FillKind.REDUCE and told.quantity_base <= 2 * least
            )

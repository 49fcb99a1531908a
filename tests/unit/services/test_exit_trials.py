"""Trials of exits: one entry, several ways out, and nothing else between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import bounds_of
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import Side
from bridge_patch.domain.market import Tick
from bridge_patch.evidence.trades import ExitReason
from bridge_patch.policy.harvesting import Hold, step, track_of
from bridge_patch.services.exit_trials import (
    ExitTrials,
    Trial,
    Way,
    policy_of,
    ways_of,
)
from bridge_patch.services.market import MarketView
from bridge_patch.sim.costs import Costs
from tests.simulation.rig import BTC, PRICES, WOBBLE, bar, minute, tick

D = Decimal
START = PRICES[BTC]
#: Minutes of the calm before, which volatility needs.
CALM = 400


def market(path: Callable[[int], float], minutes: int = 400) -> Iterator[Tick]:
    """A calm that wobbles, then a path: its price as a multiple, by the minute."""
    for n in range(1, CALM + minutes + 1):
        wobble = 1 + (n % 2) * WOBBLE
        level = D(str(round(path(max(n - CALM, 0)), 6))) * wobble
        price = (START * level).quantize(D("0.1"))
        yield tick(n, replace(bar(BTC, n, price), volume=D(100_000)))


def tried(mode: HarvestMode, ticks: Iterator[Tick]) -> list[Trial]:
    trials = ExitTrials(
        BTC,
        mode,
        instruments=ListedInstruments(),
        bounds=bounds_of(load_settings({})),
        bar_ms=60_000,
    )
    view = MarketView()
    for one in ticks:
        view.on_tick(one)
        trials.on_tick(one, view)
    return list(trials.trials())


def falling(per_minute: float) -> Callable[[int], float]:
    return lambda n: float((1 - per_minute) ** n)


@pytest.mark.parametrize("mode", HarvestMode)
def test_every_way_takes_the_same_entries_on_both_sides(mode: HarvestMode) -> None:
    found = tried(mode, market(falling(0.0002)))

    assert found
    assert {one.side for one in found} == set(Side)
    for at_ms in {one.at_ms for one in found}:
        sides = [one for one in found if one.at_ms == at_ms]
        assert [one.side for one in sides] in (list(Side), list(Side)[::-1])
    for one in found:
        assert tuple(one.ends) == ways_of(mode)
        assert one.at_ms % (2 * POLICIES[mode].hold_max_sec * 1000 + 60_000) == 0


@pytest.mark.parametrize("mode", HarvestMode)
def test_in_a_market_that_stands_still_every_way_costs_a_way_in_and_a_way_out(
    mode: HarvestMode,
) -> None:
    """By hand: twice five basis points of fee and the slippage of a small BTC order."""
    found = tried(mode, market(lambda _: 1.0))
    wobble_bp = float(WOBBLE) * 10_000

    assert found
    for one in found:
        for end in one.ends.values():
            assert end.cost_bp == pytest.approx(10, abs=0.01)
            assert end.reason is ExitReason.TIME
            assert end.hold_ms == POLICIES[mode].hold_max_sec * 1000
            slipped = 2 * float(Costs().slippage_fraction(BTC, D(5_000))) * 10_000
            assert -10 - slipped - wobble_bp - 1 < end.net_bp < -10 + wobble_bp


def test_a_fixed_stop_ends_where_it_stands_and_a_hold_runs_on() -> None:
    """A long falls five percent an hour, and swing's hard stop is two away, or less."""
    longs = [
        one
        for one in tried(HarvestMode.SWING, market(falling(0.0008)))
        if one.side is Side.BUY and one.at_ms > minute(CALM)
    ]

    assert longs
    for one in longs:
        assert one.ends[Way.FIXED_STOP].reason is ExitReason.STOP
        assert one.ends[Way.HARVEST].reason is ExitReason.TRAIL
        assert one.ends[Way.HOLD].reason is ExitReason.TIME
        assert one.ends[Way.HARVEST].net_bp > one.ends[Way.FIXED_STOP].net_bp
        assert one.ends[Way.FIXED_STOP].net_bp > one.ends[Way.HOLD].net_bp


def test_who_holds_without_a_stop_can_be_liquidated_and_that_is_counted() -> None:
    """Left out of a simulation, liquidation makes holding look better than it is."""
    every_ms = 2 * POLICIES[HarvestMode.SWING].hold_max_sec * 1000 + 60_000
    entered = (-minute(CALM) % every_ms) // 60_000

    def fallen(n: int) -> float:
        return max(0.7, 1 - 0.01 * max(n - entered - 5, 0))

    found = tried(HarvestMode.SWING, market(fallen, minutes=300))
    longs = [one for one in found if one.side is Side.BUY and one.at_ms > minute(CALM)]

    assert longs[0].ends[Way.HOLD].reason is ExitReason.LIQUIDATION
    assert longs[0].ends[Way.FIXED_STOP].reason is ExitReason.STOP
    assert longs[0].ends[Way.HARVEST].reason is ExitReason.TRAIL


@pytest.mark.parametrize("mode", HarvestMode)
@pytest.mark.parametrize("way", [Way.FIXED_STOP, Way.HOLD])
@pytest.mark.parametrize("side", Side)
def test_a_baseline_moves_no_stop_and_takes_no_part_whatever_the_gain(
    mode: HarvestMode, way: Way, side: Side
) -> None:
    """A short can gain no more than the whole, a long nine times its price here."""
    track = track_of(
        side=side,
        entry_price_usd=D(100),
        first_base=D(1),
        open_base=D(1),
        opened_ms=minute(0),
        policy=policy_of(mode, way),
        stop_price_usd=D(98) if side is Side.BUY else D(102),
    )
    gains = (D(101), D(150), D(1000)) if side is Side.BUY else (D(99), D(50), D("0.1"))
    for price in gains:
        track, action = step(track, high=price, low=price, close=price, now_ms=minute(1))

        assert action == Hold()


def test_only_the_mode_whose_trail_waits_is_tried_with_the_trail_alone() -> None:
    assert [Way.TRAIL in ways_of(mode) for mode in HarvestMode] == [True, False, False]
    assert policy_of(HarvestMode.SCALPER, Way.TRAIL).partial_close_fraction == 0

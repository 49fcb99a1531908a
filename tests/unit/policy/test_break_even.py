"""Break-even: what a position has cost and will cost, and what is not called a profit."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.policy.harvesting import (
    Action,
    CloseAll,
    ExitReason,
    Hold,
    MoveStop,
    ReducePart,
    Track,
    observed,
    step,
    track_of,
)

D = Decimal
LONG, SHORT = Side.BUY, Side.SELL
OPENED = UnixMs(1_746_372_780_000)
SWING, SCALPER = POLICIES[HarvestMode.SWING], POLICIES[HarvestMode.SCALPER]
#: Its trail is too wide to matter: what moves its stop is break-even alone.
EVEN = replace(SWING, trail_pct=D(10), break_even_trigger_pct=D("0.6"))
#: Two taker fees and the slippage of the exit, of a notional of 200 USD.
ENTRY_FEE, EXIT = D("0.1"), D("0.001")


def opened(policy: HarvestPolicy, side: Side = LONG, *, cost: Decimal = ENTRY_FEE) -> Track:
    """Two units from 100 with a hard stop of 2 %."""
    return track_of(
        side=side,
        entry_price_usd=D(100),
        first_base=D(2),
        open_base=D(2),
        opened_ms=OPENED,
        policy=policy,
        stop_price_usd=D(100) - 2 * side.sign,
        cost_usd=cost,
        exit_fraction=EXIT,
    )


def seen(track: Track, *prices: str) -> tuple[Track, Action]:
    """One bar of these prices; the last is its close."""
    numbers = [D(price) for price in prices]
    return step(
        track,
        high=max(numbers),
        low=min(numbers),
        close=numbers[-1],
        now_ms=UnixMs(OPENED + 60_000),
    )


def net_usd(track: Track, price: Decimal) -> Decimal:
    """What closing all of it at this price leaves, every cost counted."""
    gross = track.side.sign * track.open_base * (price - track.entry_price_usd)
    return gross - track.cost_usd - track.exit_fraction * track.open_base * price


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("cost", ["0.1", "1.7", "-0.4", "0"])
def test_at_break_even_nothing_is_left_and_nothing_lacking(side: Side, cost: str) -> None:
    track = opened(EVEN, side, cost=D(cost))

    assert abs(net_usd(track, track.break_even_usd)) < D("1E-20")
    beyond = track.break_even_usd + side.sign * D("0.0001")
    assert track.nets(beyond)
    assert net_usd(track, beyond) > 0
    assert not track.nets(track.break_even_usd)


@pytest.mark.parametrize(
    ("side", "short_of_it", "there"),
    [(LONG, "100.59", "100.6"), (SHORT, "99.41", "99.4")],
)
def test_from_its_trigger_on_the_stop_stands_at_break_even(
    side: Side, short_of_it: str, there: str
) -> None:
    """0.05 a unit was paid, and 0.1 % of the price will be: the entry after costs."""
    track, action = seen(opened(EVEN, side), short_of_it)
    assert action == Hold()

    track, action = seen(track, there)
    assert isinstance(action, MoveStop)
    assert action.reason is ExitReason.BREAK_EVEN
    assert action.price_usd == track.break_even_usd
    assert side.sign * (action.price_usd - 100) > D("0.14")
    assert abs(net_usd(track, action.price_usd)) < D("1E-20")


def test_the_stop_never_goes_back_from_break_even() -> None:
    """Funding that is received lowers the price that pays; the stop has gone further."""
    track, _ = seen(opened(EVEN), "100.6")
    richer = observed(
        track, open_base=D(2), stop_price_usd=track.stop_price_usd, cost_usd=D("-0.2")
    )
    assert richer.break_even_usd < track.break_even_usd

    assert seen(richer, "100.5")[1] == Hold()


def test_funding_that_was_paid_moves_break_even_away() -> None:
    track, _ = seen(opened(EVEN), "100.6")
    poorer = observed(
        track, open_base=D(2), stop_price_usd=track.stop_price_usd, cost_usd=D("0.5")
    )

    _, action = seen(poorer, "100.5")
    assert action == MoveStop(price_usd=poorer.break_even_usd, reason=ExitReason.BREAK_EVEN)


@pytest.mark.parametrize(
    ("side", "bar"), [(LONG, ("100.7", "100.1")), (SHORT, ("99.3", "99.9"))]
)
def test_a_bar_that_came_and_went_closes_at_once(side: Side, bar: tuple[str, str]) -> None:
    """A stop on the wrong side of the price would fire, and is not sent."""
    assert seen(opened(EVEN, side), *bar)[1] == CloseAll(
        reason=ExitReason.BREAK_EVEN_BREACHED
    )


def test_a_trigger_below_the_costs_waits_for_them() -> None:
    """At 0.1 % a close still loses: break-even is at 0.15 %."""
    eager = replace(EVEN, break_even_trigger_pct=D("0.1"))

    assert seen(opened(eager), "100.14")[1] == Hold()
    assert isinstance(seen(opened(eager), "100.16")[1], MoveStop)


def test_the_nearer_of_trail_and_break_even_counts() -> None:
    both = replace(EVEN, trail_pct=D(1))
    _, early = seen(opened(both), "100.9")
    track, late = seen(opened(both), "101.5")

    assert isinstance(early, MoveStop)
    assert early.reason is ExitReason.BREAK_EVEN
    assert late == MoveStop(price_usd=track.trail_price_usd, reason=ExitReason.TRAIL)


def test_a_scalpers_part_is_taken_at_one_percent_with_ordinary_costs() -> None:
    assert seen(opened(SCALPER), "100.99")[1] == Hold()
    assert isinstance(seen(opened(SCALPER), "101")[1], ReducePart)


@pytest.mark.parametrize(
    ("side", "losing", "paying"), [(LONG, "101.7", "101.9"), (SHORT, "98.3", "98.1")]
)
def test_a_part_that_would_not_pay_is_not_taken(
    side: Side, losing: str, paying: str
) -> None:
    """1.55 % of funding a day at 20x was paid for profits that lost money."""
    track, action = seen(opened(SCALPER, side, cost=D("3.4")), losing)
    assert net_usd(track, D(losing)) < 0
    assert action == Hold()

    track, action = seen(track, paying)
    assert net_usd(track, D(paying)) > 0
    assert action == ReducePart(quantity_base=D(1), reason=ExitReason.PARTIAL_PROFIT)


def test_what_one_bar_calls_for_happens_in_order() -> None:
    """A leap over part and break-even: the part first, the stop with the next bar."""
    both = replace(SCALPER, break_even_trigger_pct=D("0.6"), trail_pct=D(5))
    track, first = seen(opened(both), "101.5")
    assert first == ReducePart(quantity_base=D(1), reason=ExitReason.PARTIAL_PROFIT)

    track = observed(
        track, open_base=D(1), stop_price_usd=D(98), cost_usd=track.cost_usd / 2
    )
    _, second = seen(track, "101.5")
    assert second == MoveStop(price_usd=track.break_even_usd, reason=ExitReason.BREAK_EVEN)


def test_what_was_asked_for_counts_as_done() -> None:
    """Also where the venue refused it, and nothing of the position is gone."""
    asked = observed(
        opened(SCALPER), open_base=D(2), stop_price_usd=D(98), partial_done=True
    )

    assert asked.trailing
    assert not isinstance(seen(asked, "101.5")[1], ReducePart)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"entry_price_usd": D(0)}, "entry_price_usd"),
        ({"best_price_usd": D("NaN")}, "best_price_usd"),
        ({"stop_price_usd": D(-1)}, "stop_price_usd"),
        ({"open_base": D(0)}, "open_base"),
        ({"first_base": D("Infinity")}, "first_base"),
        ({"open_base": D(3)}, "must not exceed"),
        ({"cost_usd": D("NaN")}, "cost_usd"),
        ({"exit_fraction": D(1)}, "exit_fraction"),
        ({"exit_fraction": D("-0.1")}, "exit_fraction"),
    ],
)
def test_what_is_no_position_is_not_tracked(change: dict[str, D], fault: str) -> None:
    with pytest.raises(InvalidValueError, match=fault):
        replace(opened(EVEN), **change)  # type: ignore[arg-type]

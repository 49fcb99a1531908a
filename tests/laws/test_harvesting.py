"""What the exit policies promise on every price path, for longs and for shorts."""

import random
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given

from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import Side
from bridge_patch.policy.harvesting import (
    MOVE_MIN_FRACTION,
    CloseAll,
    ExitReason,
    Hold,
    MoveStop,
    ReducePart,
    Track,
    track_of,
)
from tests.laws.journeys import Bar, Seen, journeys, opened, travelled

D = Decimal


def test_random_prices_lead_to_every_action_on_both_sides() -> None:
    """Guards the laws: paths on which nothing happens would keep all of them."""
    chance = random.Random(2)
    found: set[tuple[Side, str]] = set()
    for side, mode in [(side, mode) for side in Side for mode in HarvestMode] * 40:
        even = chance.choice([D(0), D("0.4")])
        policy = replace(POLICIES[mode], hold_max_sec=1200, break_even_trigger_pct=even)
        track = opened(side, policy, cost_fraction=D("0.0005"), exit_fraction=D("0.001"))
        price, bars = D(100), []
        for _ in range(30):
            price = price * (1000 + chance.randint(-8, 8)) / 1000
            wick = D(chance.choice([0, 5])) / 1000
            bars.append(Bar(price * (1 + wick), price * (1 - wick), price, obeyed=True))
        found |= {
            (side, "HOLD" if isinstance(s.action, Hold) else s.action.reason)
            for s in travelled(track, bars)
        }

    assert found == {(side, word) for side in Side for word in ["HOLD", *ExitReason]}


@given(journeys())
def test_a_stop_only_moves_towards_profit(journey: list[Seen]) -> None:
    """The ratchet: also where the venue refused a move, and past every gap."""
    asked: Decimal | None = None
    for seen in journey:
        if isinstance(seen.action, MoveStop):
            sign, stop = seen.before.side.sign, seen.before.stop_price_usd
            assert stop is None or sign * (seen.action.price_usd - stop) > 0
            assert asked is None or sign * (seen.action.price_usd - asked) >= 0
            asked = seen.action.price_usd
        else:
            assert seen.after.stop_price_usd == seen.before.stop_price_usd


@given(journeys())
def test_the_best_price_is_never_forgotten(journey: list[Seen]) -> None:
    best = journey[0].before.best_price_usd
    for seen in journey:
        long = seen.before.side is Side.BUY
        best = max(best, seen.bar.high) if long else min(best, seen.bar.low)

        assert seen.after.best_price_usd == best


@given(journeys())
def test_a_stop_is_never_put_on_the_wrong_side_of_the_price(journey: list[Seen]) -> None:
    """There it would fire at once: closing is then said in so many words."""
    for seen in journey:
        if isinstance(seen.action, MoveStop):
            assert seen.before.side.sign * (seen.bar.close - seen.action.price_usd) > 0


@given(journeys())
def test_at_most_one_part_is_taken(journey: list[Seen]) -> None:
    parts = [s for s in journey if isinstance(s.action, ReducePart)]

    assert len(parts) <= 1


@given(journeys())
def test_no_action_asks_for_more_than_is_open(journey: list[Seen]) -> None:
    """A reduction never flips: a part is less than all, and all is asked for by name."""
    for seen in journey:
        if isinstance(seen.action, ReducePart):
            assert 0 < seen.action.quantity_base < seen.before.open_base


@given(journeys())
def test_no_position_outlives_its_longest_hold(journey: list[Seen]) -> None:
    """Asked again on every bar until it is done, and never asked for too early."""
    for minute, seen in enumerate(journey, 1):
        over = minute * 60 >= seen.before.policy.hold_max_sec
        late = seen.action == CloseAll(reason=ExitReason.MAX_HOLD)

        assert late == over


@given(journeys())
def test_a_part_is_only_taken_at_its_profit(journey: list[Seen]) -> None:
    for seen in journey:
        if isinstance(seen.action, ReducePart):
            track, close = seen.before, seen.bar.close
            entry, policy = track.entry_price_usd, track.policy
            gain_pct = track.side.sign * (close - entry) / entry * 100
            assert gain_pct >= policy.partial_trigger_pct - D("1E-20")
            expected = track.first_base * policy.partial_close_fraction
            assert seen.action.quantity_base == expected


@given(journeys())
def test_what_is_called_a_profit_pays_for_itself(journey: list[Seen]) -> None:
    """After entry fee, funding, exit fee and expected slippage: M-60."""
    for seen in journey:
        if isinstance(seen.action, Hold):
            continue
        track, close = seen.before, seen.bar.close
        gross = track.side.sign * track.open_base * (close - track.entry_price_usd)
        net = gross - track.cost_usd - track.open_base * close * track.exit_fraction
        if seen.action.reason in {ExitReason.PARTIAL_PROFIT, ExitReason.BREAK_EVEN}:
            assert net > 0


@given(journeys())
def test_a_restart_keeps_stage_and_level(journey: list[Seen]) -> None:
    """What is rebuilt from the venue's facts closes where the old state would have closed.

    Never nearer, and no further off than a move that was not worth making.
    """
    for last, seen in pairwise(journey):
        was = seen.before
        again = track_of(
            side=was.side,
            entry_price_usd=was.entry_price_usd,
            first_base=was.first_base,
            open_base=was.open_base,
            opened_ms=was.opened_ms,
            policy=was.policy,
            stop_price_usd=was.stop_price_usd,
        )
        assert again.partial_done == (was.open_base < was.first_base)
        lost = was.side.sign * (level(was) - level(again))
        if again.trailing:
            assert lost >= -D("1E-18")
        settled = isinstance(last.action, Hold | MoveStop) and last.bar.obeyed
        if again.trailing and settled:
            assert again.stop_price_usd is not None
            assert lost < MOVE_MIN_FRACTION * again.stop_price_usd


def level(track: Track) -> Decimal:
    """The price at which this track closes: the nearer of trail and stop."""
    nearer = max if track.side is Side.BUY else min
    stop = track.stop_price_usd
    return nearer(track.trail_price_usd, track.trail_price_usd if stop is None else stop)

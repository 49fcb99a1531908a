"""Each exit policy on scripted prices, long and short, against its text."""

from dataclasses import replace
from decimal import Decimal

import pytest

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
    overdue,
    step,
    track_of,
)

D = Decimal
SCALPER, SWING, RUNNER = HarvestMode
LONG, SHORT = Side.BUY, Side.SELL
OPENED = UnixMs(1_746_372_780_000)
HOLD = Hold()
HALF = ReducePart(quantity_base=D(1), reason=ExitReason.PARTIAL_PROFIT)


def move(price: str) -> MoveStop:
    return MoveStop(price_usd=D(price), reason=ExitReason.TRAIL)


def closed(reason: str) -> CloseAll:
    return CloseAll(reason=ExitReason(reason))


def opened(policy: HarvestPolicy | HarvestMode, side: Side, stop: str | None = "") -> Track:
    """Two units from 100, with the hard stop of 2 % unless another is named."""
    usual = {LONG: "98", SHORT: "102"}[side]
    return track_of(
        side=side,
        entry_price_usd=D(100),
        first_base=D(2),
        open_base=D(2),
        opened_ms=OPENED,
        policy=POLICIES[policy] if isinstance(policy, HarvestMode) else policy,
        stop_price_usd=None if stop is None else D(stop or usual),
    )


def at(minute: float) -> UnixMs:
    return UnixMs(OPENED + int(minute * 60_000))


def seen(track: Track, bar: str, minute: float = 1) -> tuple[Track, Action]:
    """Take one bar, written "close" or "extreme close"; the other extreme is the close."""
    *extremes, close = map(D, bar.split())
    prices = [*extremes, close]
    return step(track, high=max(prices), low=min(prices), close=close, now_ms=at(minute))


#: (extreme and close of each minute's bar, what has to follow)
SCRIPTS: dict[tuple[HarvestMode, Side], list[tuple[str, Action]]] = {
    (SCALPER, LONG): [
        ("100.9", HOLD),
        ("100.1", HOLD),  # 0.8 % below the best: the trail waits for the partial
        ("101.2 100.99", HOLD),  # 1 % was seen, and is gone
        ("101", HALF),
        ("101 100.9", move("100.694")),  # the best so far was 101.2
        ("102 101.8", move("101.49")),
        ("101.5", HOLD),
        ("101.49", closed("TRAIL_BREACHED")),
    ],
    (SCALPER, SHORT): [
        ("99.1", HOLD),
        ("99.9", HOLD),
        ("98.8 99.01", HOLD),
        ("99", HALF),
        ("99 99.1", move("99.294")),
        ("98 98.2", move("98.49")),
        ("98.48", HOLD),
        ("98.49", closed("TRAIL_BREACHED")),
    ],
    (SWING, LONG): [
        ("100", move("99")),
        ("100.01 100", HOLD),  # 0.01 % better is not worth two orders
        ("101 100.5", move("99.99")),
        ("110 109", move("108.9")),  # 10 % up, and no part is taken
        ("108.91", HOLD),
        ("108.9", closed("TRAIL_BREACHED")),
    ],
    (SWING, SHORT): [
        ("100", move("101")),
        ("99.99 100", HOLD),
        ("99 99.5", move("99.99")),
        ("90 90.8", move("90.9")),
        ("90.89", HOLD),
        ("90.9", closed("TRAIL_BREACHED")),
    ],
    (RUNNER, LONG): [
        ("100", HOLD),  # the trail of 2 % is where the hard stop stands
        ("101 100.5", move("98.98")),
        ("103.5 102.99", move("101.43")),
        ("103", HALF),
        ("103", HOLD),
        ("105 104", move("102.9")),
        ("102.91", HOLD),
        ("102.9", closed("TRAIL_BREACHED")),
    ],
    (RUNNER, SHORT): [
        ("100", HOLD),
        ("99 99.5", move("100.98")),
        ("96.5 97.01", move("98.43")),
        ("97", HALF),
        ("97", HOLD),
        ("95 96", move("96.9")),
        ("96.89", HOLD),
        ("96.9", closed("TRAIL_BREACHED")),
    ],
}
HOLD_MINUTES = {SCALPER: 30, SWING: 60, RUNNER: 120}


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("mode", HarvestMode)
def test_each_harvest_mode_does_what_its_text_says(mode: HarvestMode, side: Side) -> None:
    """The policy's own part of M-59: one that promised to take half took none."""
    track = opened(mode, side)
    done: list[Action] = []
    for minute, (bar, _) in enumerate(SCRIPTS[mode, side], 1):
        track, action = seen(track, bar, minute)
        done.append(action)
        if isinstance(action, ReducePart):
            left = track.open_base - action.quantity_base
            track = observed(track, open_base=left, stop_price_usd=track.stop_price_usd)

    assert done == [expected for _, expected in SCRIPTS[mode, side]]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("mode", HarvestMode)
def test_the_longest_hold_ends_every_position(mode: HarvestMode, side: Side) -> None:
    minutes = HOLD_MINUTES[mode]
    track, early = seen(opened(mode, side), "100", minutes - 0.001)
    _, late = seen(track, "100", minutes)

    assert not isinstance(early, CloseAll)
    assert late == closed("MAX_HOLD")
    assert not overdue(track, at(minutes - 0.001))
    assert overdue(track, at(minutes))


def test_every_word_is_said_by_some_path() -> None:
    """No tier is out of reach; those that need a path of their own are tested elsewhere.

    Time and hard stop below, break-even in test_break_even.
    """
    said = {
        action.reason
        for script in SCRIPTS.values()
        for _, action in script
        if not isinstance(action, Hold)
    }

    below = {ExitReason.MAX_HOLD, ExitReason.STOP_BREACHED}
    elsewhere = {ExitReason.BREAK_EVEN, ExitReason.BREAK_EVEN_BREACHED}
    assert said | below | elsewhere == set(ExitReason)
    assert said.isdisjoint(below | elsewhere)


@pytest.mark.parametrize(
    ("side", "before", "through"), [(LONG, "98.1", "98"), (SHORT, "101.9", "102")]
)
def test_a_price_through_the_stop_closes_at_once(
    side: Side, before: str, through: str
) -> None:
    """The venue should have done it; a position that is still open is not left to hope."""
    track, action = seen(opened(SCALPER, side), before)
    assert action == HOLD

    assert seen(track, through)[1] == closed("STOP_BREACHED")


def test_the_first_reason_that_applies_is_the_one_given() -> None:
    """Time before trail before partial before moving the stop."""
    held = replace(opened(RUNNER, LONG), best_price_usd=D(110))
    at_trail = "107.8"  # 2 % below the best, 7.8 % above the entry

    assert seen(held, at_trail, 120)[1] == closed("MAX_HOLD")
    assert seen(held, at_trail, 119)[1] == closed("TRAIL_BREACHED")
    assert seen(held, "107.81", 119)[1] == HALF
    taken, _ = seen(held, "107.81", 119)
    assert seen(taken, "107.81", 119)[1] == move("107.80")


def test_a_hard_stop_nearer_than_the_trail_stays() -> None:
    """A stop only moves towards profit: half a percent is not loosened to two."""
    track, action = seen(opened(RUNNER, LONG, "99.5"), "101 100.9")
    assert action == HOLD
    assert track.stop_price_usd == D("99.5")

    assert seen(track, "101.6 101")[1] == move("99.568")


def test_a_move_is_made_from_two_hundredths_of_a_percent_on() -> None:
    """A peer replaced a stop 175 times in 14 minutes."""
    track = opened(SWING, LONG, "100")

    assert seen(track, "101.03 101")[1] == HOLD  # 100.0197
    assert seen(track, "101.0304 101")[1] == move("100.020096")


def test_a_stop_that_is_not_there_is_asked_for_by_the_trail() -> None:
    assert seen(opened(SWING, LONG, None), "100")[1] == move("99")
    assert seen(opened(SWING, SHORT, None), "100")[1] == move("101")
    assert seen(opened(SCALPER, LONG, None), "100")[1] == HOLD  # its trail is asleep


def test_a_stop_that_did_not_move_is_asked_for_again() -> None:
    """The venue refused: what counts is where the stop stands, not where it should."""
    track, first = seen(opened(SWING, LONG), "100")
    assert first == move("99")
    assert seen(track, "100")[1] == HOLD

    track = observed(track, open_base=D(2), stop_price_usd=D(98))
    assert seen(track, "100")[1] == move("99")


def test_the_partial_close_is_asked_for_once() -> None:
    """Filled, refused or on its way: only the venue's own word can bring it back."""
    track, action = seen(opened(SCALPER, LONG), "101")
    assert action == HALF

    for minute in range(2, 10):
        track, action = seen(track, "101", minute)
        assert not isinstance(action, ReducePart)


def test_a_part_that_is_everything_closes_everything() -> None:
    """A reduction of all that is open would leave the stop behind without a position."""
    whole = replace(POLICIES[SCALPER], partial_close_fraction=D(1))
    fewer = replace(opened(SCALPER, LONG), open_base=D("0.8"))

    assert seen(opened(whole, LONG), "101")[1] == closed("PARTIAL_PROFIT")
    assert seen(fewer, "101")[1] == closed("PARTIAL_PROFIT")


def test_a_trail_that_waits_for_a_partial_that_never_comes_does_not_wait() -> None:
    never = replace(POLICIES[SCALPER], partial_close_fraction=D(0))

    assert opened(never, LONG).trailing
    assert not opened(SCALPER, LONG).trailing


@pytest.mark.parametrize(
    ("side", "stop", "best", "better"),
    [(LONG, "101.97", "103", "103.1"), (SHORT, "97.97", "97", "96.9")],
)
def test_exit_state_is_rebuilt_after_restart(
    side: Side, stop: str, best: str, better: str
) -> None:
    """The policy's own part of M-56: peaks were kept in memory, and forgotten."""
    lost = track_of(
        side=side,
        entry_price_usd=D(100),
        first_base=D(2),
        open_base=D(1),
        opened_ms=OPENED,
        policy=POLICIES[SWING],
        stop_price_usd=D(stop),
    )

    track, _ = seen(lost, f"{best} {best}")

    assert track.best_price_usd == D(best)
    assert track.trail_price_usd == D(stop)
    assert track.partial_done
    assert seen(track, stop)[1] == closed("TRAIL_BREACHED")
    assert seen(track, best, 60)[1] == closed("MAX_HOLD")
    # without the bars since the entry the stop says where it had come to
    assert seen(lost, stop)[1] == closed("STOP_BREACHED")
    assert isinstance(seen(lost, better)[1], MoveStop)


def test_a_hard_stop_says_nothing_about_the_best_price() -> None:
    """Read as a trail, 99.9 would tell of a price of 100.4 that nobody has seen."""
    assert opened(SWING, LONG).best_price_usd == D(100)
    assert opened(SWING, SHORT).best_price_usd == D(100)
    assert opened(SCALPER, LONG, "99.9").best_price_usd == D(100)
    assert not opened(SCALPER, LONG, "99.9").partial_done

"""Shorts mirror longs: the exit policies see ratios, and ratios have no side."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.policy.harvesting import CloseAll, Hold, MoveStop, ReducePart, Track, step
from tests.laws.journeys import (
    MINUTE_MS,
    OPENED,
    Bar,
    Seen,
    opened,
    policies,
    travelled,
)

D = Decimal

#: Moves in thousandths and a half: never exactly on a level, where rounding would decide.
offsets = st.integers(-12, 12).map(lambda n: D(n) / 1000 + D("0.0005"))


@given(st.lists(offsets, min_size=1, max_size=40))
def test_a_short_does_what_a_long_does_in_ratios_to_the_best(moves: list[Decimal]) -> None:
    """Each close is the best price plus, for a short minus, the same share of it."""
    stories = []
    for side in Side:
        track = opened(side, POLICIES[HarvestMode.SWING])
        best, bars = D(100), []
        for share in moves:
            close = best * (1 + side.sign * share)
            best = max(best, close) if side is Side.BUY else min(best, close)
            bars.append(Bar(close, close, close, obeyed=True))
        stories.append([told(seen) for seen in travelled(track, bars)])

    assert stories[0] == stories[1]


def told(seen: Seen) -> tuple[str, str]:
    """An action without its side: a stop as its distance from the best price."""
    match seen.action:
        case MoveStop(price_usd=price):
            away = seen.after.side.sign * (seen.after.best_price_usd - price)
            return "MOVE", f"{away / seen.after.best_price_usd:.12f}"
        case Hold():
            return "HOLD", ""
        case CloseAll(reason=reason) | ReducePart(reason=reason):
            return "REDUCE", reason


shares = st.integers(-40, 40).map(lambda n: D(n) / 1000 + D("0.00055"))


@given(
    policy=policies(),
    gain=shares,
    giveback=st.integers(0, 40).map(lambda n: D(n) / 1000 + D("0.00057")),
    minute=st.integers(0, 70),
    done=st.booleans(),
)
def test_at_equal_ratios_both_sides_decide_alike(
    policy: HarvestPolicy, gain: Decimal, giveback: Decimal, minute: int, *, done: bool
) -> None:
    """All that counts is gain from the entry, give-back from the best, age and stage."""
    decided = []
    for side in Side:
        best = D(100)
        close = best * (1 - side.sign * giveback)
        track = Track(
            side=side,
            entry_price_usd=close / (1 + side.sign * gain),
            first_base=D(4),
            open_base=D(2) if done else D(4),
            opened_ms=OPENED,
            policy=policy,
            best_price_usd=best,
            stop_price_usd=None,
            partial_done=done,
        )
        bar = Bar(close, close, close, obeyed=True)
        now = UnixMs(OPENED + minute * MINUTE_MS)
        after, action = step(track, high=bar.high, low=bar.low, close=bar.close, now_ms=now)
        decided.append(told(Seen(track, after, action, bar)))

    assert decided[0] == decided[1]

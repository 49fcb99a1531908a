"""The exit brain's opinion: what to do with an open position after each price.

Percentages are price moves in the position's favour, as a share of the price they start
from: a long is trailed at best x (1 - t), a short at best x (1 + t). Gains and give-backs
carry the side's sign, so at equal ratios to entry and best a short does what a long does.

What is called a profit pays for itself: a part is taken, and a stop pulled to break-even,
only beyond the price at which a close earns back what the position has cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, final

from bridge_patch.domain.intent import UnixMs
from bridge_patch.policy.track import Track, better, observed, overdue, seen, track_of

__all__ = [
    "MOVE_MIN_FRACTION",
    "Action",
    "CloseAll",
    "ExitReason",
    "Hold",
    "MoveStop",
    "ReducePart",
    "Track",
    "observed",
    "overdue",
    "seen",
    "step",
    "track_of",
]

#: A stop moves only when that improves it by this share of its own price: 0.02 %. Every
#: replacement is two orders at the venue, and noise would ask for hundreds of them.
MOVE_MIN_FRACTION: Final = Decimal("0.0002")


class ExitReason(StrEnum):
    """Why a position is reduced or its stop moved; stable, recorded and shown."""

    MAX_HOLD = "MAX_HOLD"
    STOP_BREACHED = "STOP_BREACHED"
    TRAIL_BREACHED = "TRAIL_BREACHED"
    BREAK_EVEN_BREACHED = "BREAK_EVEN_BREACHED"
    PARTIAL_PROFIT = "PARTIAL_PROFIT"
    TRAIL = "TRAIL"
    BREAK_EVEN = "BREAK_EVEN"


@final
@dataclass(frozen=True, slots=True)
class Hold:
    """Leave the position as it is."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReducePart:
    """Close this much of the position, in the base asset; always less than is open."""

    quantity_base: Decimal
    reason: ExitReason


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAll:
    """Close whatever is open."""

    reason: ExitReason


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MoveStop:
    """Rest the stop at this price, not yet rounded to the tick."""

    price_usd: Decimal
    reason: ExitReason


Action: TypeAlias = Hold | ReducePart | CloseAll | MoveStop


def step(
    track: Track, *, high: Decimal, low: Decimal, close: Decimal, now_ms: UnixMs
) -> tuple[Track, Action]:
    """Take in a completed bar and say what to do; the first of these that applies.

    The longest hold is over, the close is through trail, stop or break-even, the partial
    profit is reached, the stop can be pulled closer. The bar must begin after the entry.
    What one bar calls for and another thing comes before is decided on the next.

    The best price follows the bar's extreme, because a trail set by it is the tighter one.
    The partial close looks at the close only: it is traded at the next price, not at the
    extreme, and a decision has to rest on what was there when it was made.
    """
    track = seen(track, high=high, low=low)
    if overdue(track, now_ms):
        return track, CloseAll(reason=ExitReason.MAX_HOLD)
    if (breach := _breach(track, close)) is not None:
        return track, CloseAll(reason=breach)
    if _partial_reached(track, close):
        return replace(track, partial_done=True), _take_part(track)
    return _pull_stop(track)


def _breach(track: Track, close: Decimal) -> ExitReason | None:
    """Name the level that the close has reached or passed."""
    sign, stop = track.side.sign, track.stop_price_usd
    if track.trailing and sign * (close - track.trail_price_usd) <= 0:
        return ExitReason.TRAIL_BREACHED
    if stop is not None and sign * (close - stop) <= 0:
        return ExitReason.STOP_BREACHED
    if track.breaking_even and sign * (close - track.break_even_usd) <= 0:
        return ExitReason.BREAK_EVEN_BREACHED
    return None


def _partial_reached(track: Track, close: Decimal) -> bool:
    policy = track.policy
    if track.partial_done or policy.partial_close_fraction == 0:
        return False
    return track.gained(close, policy.partial_trigger_pct) and track.nets(close)


def _take_part(track: Track) -> ReducePart | CloseAll:
    part = track.first_base * track.policy.partial_close_fraction
    if part >= track.open_base:
        return CloseAll(reason=ExitReason.PARTIAL_PROFIT)
    return ReducePart(quantity_base=part, reason=ExitReason.PARTIAL_PROFIT)


def _pull_stop(track: Track) -> tuple[Track, Action]:
    """Move the stop towards profit, if that is due and worth two orders."""
    due = _level_due(track)
    if due is None:
        return track, Hold()
    stop = track.stop_price_usd
    if stop is not None:
        gained = track.side.sign * (due.price_usd - stop)
        if gained < MOVE_MIN_FRACTION * stop:
            return track, Hold()
    return replace(track, stop_price_usd=due.price_usd), due


def _level_due(track: Track) -> MoveStop | None:
    """Return where the stop should stand, if not at the hard stop: the nearest level."""
    trail, even = track.trail_price_usd, track.break_even_usd
    even_is_nearer = not track.trailing or better(track.side, trail, even) == even
    if track.breaking_even and even_is_nearer:
        return MoveStop(price_usd=even, reason=ExitReason.BREAK_EVEN)
    return MoveStop(price_usd=trail, reason=ExitReason.TRAIL) if track.trailing else None

"""The exit brain's opinion: what to do with an open position after each price.

Percentages are price moves in the position's favour, as a share of the price they start
from: a long is trailed at best x (1 - t), a short at best x (1 + t). Gains and give-backs
carry the side's sign, so at equal ratios to entry and best a short does what a long does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.money import HUNDRED, ONE

#: A stop moves only when that improves it by this share of its own price: 0.02 %. Every
#: replacement is two orders at the venue, and noise would ask for hundreds of them.
MOVE_MIN_FRACTION: Final = Decimal("0.0002")


class ExitReason(StrEnum):
    """Why a position is reduced or its stop moved; stable, recorded and shown."""

    MAX_HOLD = "MAX_HOLD"
    STOP_BREACHED = "STOP_BREACHED"
    TRAIL_BREACHED = "TRAIL_BREACHED"
    PARTIAL_PROFIT = "PARTIAL_PROFIT"
    TRAIL = "TRAIL"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """An open position as its harvest policy sees it.

    `first_base` is what the entry filled, `open_base` what is left of it. `best_price_usd`
    is the highest price since the entry for a long, the lowest for a short.
    `stop_price_usd` is the stop at the venue, or asked for there; None while there is none.
    `partial_done` turns true when the partial close is decided, and never back.
    """

    side: Side
    entry_price_usd: Decimal
    first_base: Decimal
    open_base: Decimal
    opened_ms: UnixMs
    policy: HarvestPolicy
    best_price_usd: Decimal
    stop_price_usd: Decimal | None
    partial_done: bool

    def __post_init__(self) -> None:
        stop = self.stop_price_usd
        faults = [
            f"{name} must be finite and positive, was {value}"
            for name, value in (
                ("entry_price_usd", self.entry_price_usd),
                ("first_base", self.first_base),
                ("open_base", self.open_base),
                ("best_price_usd", self.best_price_usd),
                ("stop_price_usd", ONE if stop is None else stop),
            )
            if not (value.is_finite() and value > 0)
        ]
        if not faults and self.open_base > self.first_base:
            faults.append(
                f"open_base {self.open_base} must not exceed first_base {self.first_base}"
            )
        if faults:
            raise InvalidValueError("; ".join(faults))

    @property
    def trailing(self) -> bool:
        """Whether the trail is active: from the entry, or once the partial is decided.

        A policy that waits for a partial close it never makes is trailed from the entry.
        """
        policy = self.policy
        waits = policy.trail_after_partial and policy.partial_close_fraction > 0
        return self.partial_done or not waits

    @property
    def trail_price_usd(self) -> Decimal:
        """The price at which the trail says that the move is over, active or not."""
        return self.best_price_usd * (ONE - self.side.sign * _fraction(self.policy))


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


def track_of(
    *,
    side: Side,
    entry_price_usd: Decimal,
    first_base: Decimal,
    open_base: Decimal,
    opened_ms: UnixMs,
    policy: HarvestPolicy,
    stop_price_usd: Decimal | None,
) -> Track:
    """Build the state of a position from plain facts, at its opening or after a restart.

    A missing part counts as the partial close. The best price is not a fact that anybody
    keeps: it is the better of the entry and of what the stop, read as a trail, implies, so
    an active trail resumes where it had pulled the stop to.
    """
    track = Track(
        side=side,
        entry_price_usd=entry_price_usd,
        first_base=first_base,
        open_base=open_base,
        opened_ms=opened_ms,
        policy=policy,
        best_price_usd=entry_price_usd,
        stop_price_usd=stop_price_usd,
        partial_done=open_base < first_base,
    )
    if stop_price_usd is None or not track.trailing:
        return track
    implied = stop_price_usd / (ONE - side.sign * _fraction(policy))
    return replace(track, best_price_usd=_better(side, entry_price_usd, implied))


def observed(track: Track, *, open_base: Decimal, stop_price_usd: Decimal | None) -> Track:
    """Take over what the venue says is open and where the stop stands.

    What was only asked for is forgotten: a stop that did not move is asked for again.
    """
    return replace(
        track,
        open_base=open_base,
        stop_price_usd=stop_price_usd,
        partial_done=track.partial_done or open_base < track.first_base,
    )


def seen(track: Track, *, high: Decimal, low: Decimal) -> Track:
    """Take in the prices of a bar that was acted upon before: only the best may change."""
    extreme = high if track.side is Side.BUY else low
    return replace(track, best_price_usd=_better(track.side, track.best_price_usd, extreme))


def overdue(track: Track, now_ms: UnixMs) -> bool:
    """Tell whether the longest hold is over; no price is needed, so silence cannot help."""
    return now_ms - track.opened_ms >= track.policy.hold_max_sec * 1000


def step(
    track: Track, *, high: Decimal, low: Decimal, close: Decimal, now_ms: UnixMs
) -> tuple[Track, Action]:
    """Take in a completed bar and say what to do; the first of these that applies.

    The longest hold is over, the close is through the trail or the stop, the partial profit
    is reached, the trail can pull the stop closer. The bar must begin after the entry.

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
    return None


def _partial_reached(track: Track, close: Decimal) -> bool:
    policy, entry = track.policy, track.entry_price_usd
    if track.partial_done or policy.partial_close_fraction == 0:
        return False
    gain = track.side.sign * (close - entry)
    return gain * HUNDRED >= policy.partial_trigger_pct * entry


def _take_part(track: Track) -> ReducePart | CloseAll:
    part = track.first_base * track.policy.partial_close_fraction
    if part >= track.open_base:
        return CloseAll(reason=ExitReason.PARTIAL_PROFIT)
    return ReducePart(quantity_base=part, reason=ExitReason.PARTIAL_PROFIT)


def _pull_stop(track: Track) -> tuple[Track, Action]:
    """Move the stop towards profit, if the trail is active and it is worth two orders."""
    if not track.trailing:
        return track, Hold()
    level, stop = track.trail_price_usd, track.stop_price_usd
    if stop is not None and track.side.sign * (level - stop) < MOVE_MIN_FRACTION * stop:
        return track, Hold()
    moved = replace(track, stop_price_usd=level)
    return moved, MoveStop(price_usd=level, reason=ExitReason.TRAIL)


def _better(side: Side, one: Decimal, other: Decimal) -> Decimal:
    """Return the price that is further in the position's favour."""
    return max(one, other) if side is Side.BUY else min(one, other)


def _fraction(policy: HarvestPolicy) -> Decimal:
    return policy.trail_pct / HUNDRED

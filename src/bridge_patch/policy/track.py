"""An open position as its harvest policy sees it: facts, and what follows from them.

It is a fold. After a restart `track_of` builds it from what the venue and the journal say,
and `seen` takes in the bars since the entry: peak, stage, levels and deadline are then what
they were. Of the stop at the venue and the levels that the bars give the tighter counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.domain.money import HUNDRED, ONE, ZERO


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """An open position as its harvest policy sees it.

    `first_base` is what the entry filled, `open_base` what is left of it. `best_price_usd`
    is the highest price since the entry for a long, the lowest for a short.
    `stop_price_usd` is the stop at the venue, or asked for there; None while there is none.
    `partial_done` turns true when the partial close is decided, and never back.

    `cost_usd` is what the open part has cost so far, entry fees and funding paid, negative
    where it was paid more than that; `exit_fraction` is what closing it will cost, fee and
    expected slippage as a fraction of the price.
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
    cost_usd: Decimal = ZERO
    exit_fraction: Decimal = ZERO

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
        if not self.cost_usd.is_finite():
            faults.append(f"cost_usd must be finite, was {self.cost_usd}")
        if not (self.exit_fraction.is_finite() and 0 <= self.exit_fraction < 1):
            faults.append(f"exit_fraction must be from 0 to 1, was {self.exit_fraction}")
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

    @property
    def break_even_usd(self) -> Decimal:
        """The price at which a close nets zero: the entry after costs, paid and to come."""
        sign = self.side.sign
        paid = self.entry_price_usd + sign * self.cost_usd / self.open_base
        return paid / (ONE - sign * self.exit_fraction)

    def nets(self, price_usd: Decimal) -> bool:
        """Tell whether a close at that price earns more than the position costs."""
        return self.side.sign * (price_usd - self.break_even_usd) > 0

    @property
    def breaking_even(self) -> bool:
        """Whether the best price calls for the stop to stand at break-even."""
        trigger, best = self.policy.break_even_trigger_pct, self.best_price_usd
        return trigger > 0 and self.gained(best, trigger) and self.nets(best)

    def gained(self, price_usd: Decimal, trigger_pct: Decimal) -> bool:
        """Tell whether a price is so many percent of the entry in the favour."""
        gain = self.side.sign * (price_usd - self.entry_price_usd)
        return gain * HUNDRED >= trigger_pct * self.entry_price_usd


def track_of(
    *,
    side: Side,
    entry_price_usd: Decimal,
    first_base: Decimal,
    open_base: Decimal,
    opened_ms: UnixMs,
    policy: HarvestPolicy,
    stop_price_usd: Decimal | None,
    partial_done: bool = False,
    cost_usd: Decimal = ZERO,
    exit_fraction: Decimal = ZERO,
) -> Track:
    """Build the state of a position from plain facts, at its opening or after a restart.

    A missing part counts as the partial close, and so does one that was asked for. The best
    price is the entry's until `seen` takes in the bars since. Where they cannot be had the
    stop says enough: it stands where the best price had pulled it to, and a close at it
    ends the position all the same.
    """
    return Track(
        side=side,
        entry_price_usd=entry_price_usd,
        first_base=first_base,
        open_base=open_base,
        opened_ms=opened_ms,
        policy=policy,
        best_price_usd=entry_price_usd,
        stop_price_usd=stop_price_usd,
        partial_done=partial_done or open_base < first_base,
        cost_usd=cost_usd,
        exit_fraction=exit_fraction,
    )


def observed(
    track: Track,
    *,
    open_base: Decimal,
    stop_price_usd: Decimal | None,
    partial_done: bool = False,
    cost_usd: Decimal | None = None,
    exit_fraction: Decimal | None = None,
) -> Track:
    """Take over what the venue says is open and where the stop stands, and what it cost.

    What was only asked for is forgotten: a stop that did not move is asked for again.
    """
    return replace(
        track,
        open_base=open_base,
        stop_price_usd=stop_price_usd,
        partial_done=track.partial_done or partial_done or open_base < track.first_base,
        cost_usd=track.cost_usd if cost_usd is None else cost_usd,
        exit_fraction=track.exit_fraction if exit_fraction is None else exit_fraction,
    )


def seen(track: Track, *, high: Decimal, low: Decimal) -> Track:
    """Take in the prices of a bar that was acted upon before: only the best may change."""
    extreme = high if track.side is Side.BUY else low
    return replace(track, best_price_usd=better(track.side, track.best_price_usd, extreme))


def overdue(track: Track, now_ms: UnixMs) -> bool:
    """Tell whether the longest hold is over; no price is needed, so silence cannot help."""
    return now_ms - track.opened_ms >= track.policy.hold_max_sec * 1000


def better(side: Side, one: Decimal, other: Decimal) -> Decimal:
    """Return the price that is further in the position's favour."""
    return max(one, other) if side is Side.BUY else min(one, other)


def _fraction(policy: HarvestPolicy) -> Decimal:
    return policy.trail_pct / HUNDRED

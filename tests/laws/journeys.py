"""Positions on random price paths, as the exit policies see them."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import Side, UnixMs
from bridge_patch.policy.harvesting import (
    Action,
    CloseAll,
    ReducePart,
    Track,
    observed,
    step,
    track_of,
)

OPENED = UnixMs(1_746_372_780_000)
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Bar:
    """One minute, and whether the venue then did what was asked."""

    high: Decimal
    low: Decimal
    close: Decimal
    obeyed: bool


@dataclass(frozen=True)
class Seen:
    """One step: what was known, what was decided, and at which price."""

    before: Track
    after: Track
    action: Action
    bar: Bar


@st.composite
def policies(draw: st.DrawFn) -> HarvestPolicy:
    """The documented ones, and others that can be written."""
    if draw(st.booleans()):
        return POLICIES[draw(st.sampled_from(HarvestMode))]
    return HarvestPolicy(
        mode=draw(st.sampled_from(HarvestMode)),
        trail_pct=draw(st.decimals("0.1", "5", places=2)),
        hold_max_sec=draw(st.integers(60, 3600)),
        partial_trigger_pct=draw(st.decimals("0.1", "3", places=2)),
        partial_close_fraction=draw(st.decimals("0", "1", places=2)),
        trail_after_partial=draw(st.booleans()),
        break_even_trigger_pct=draw(
            st.just(Decimal(0)) | st.decimals("0.1", "2", places=2)
        ),
    )


def opened(
    side: Side,
    policy: HarvestPolicy,
    *,
    entry: Decimal = Decimal(100),
    quantity: Decimal = Decimal(1),
    stop_fraction: Decimal | None = Decimal("0.02"),
    cost_fraction: Decimal = Decimal(0),
    exit_fraction: Decimal = Decimal(0),
) -> Track:
    """A fresh position, with its hard stop where it has one; costs of the notional."""
    away = None if stop_fraction is None else 1 - side.sign * stop_fraction
    return track_of(
        side=side,
        entry_price_usd=entry,
        first_base=quantity,
        open_base=quantity,
        opened_ms=OPENED,
        policy=policy,
        stop_price_usd=None if away is None else entry * away,
        cost_usd=entry * quantity * cost_fraction,
        exit_fraction=exit_fraction,
    )


@st.composite
def tracks(draw: st.DrawFn) -> Track:
    return opened(
        draw(st.sampled_from(Side)),
        draw(policies()),
        entry=draw(st.decimals("0.5", "100000", places=2)),
        quantity=draw(st.decimals("0.001", "1000", places=3)),
        stop_fraction=draw(st.none() | st.decimals("0.003", "0.08", places=3)),
        cost_fraction=draw(st.decimals("-0.002", "0.02", places=4)),
        exit_fraction=draw(st.decimals("0", "0.005", places=4)),
    )


@st.composite
def journeys(draw: st.DrawFn) -> list[Seen]:
    """A position from its opening to its closing, or to the end of the prices.

    A venue that does not obey leaves position and stop as they were.
    """
    track = draw(tracks())
    steps = st.tuples(
        st.integers(-15, 15), st.integers(0, 8), st.integers(0, 8), st.booleans()
    )
    price = track.entry_price_usd
    bars = []
    for change, up, down, obeyed in draw(st.lists(steps, min_size=1, max_size=40)):
        opened, price = price, price * (1000 + change) / 1000
        high = max(opened, price) * (1000 + up) / 1000
        low = min(opened, price) * (1000 - down) / 1000
        bars.append(Bar(high, low, price, obeyed))
    return list(travelled(track, bars))


def travelled(track: Track, bars: list[Bar]) -> Iterator[Seen]:
    for minute, bar in enumerate(bars, 1):
        after, action = step(
            track,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            now_ms=UnixMs(OPENED + minute * MINUTE_MS),
        )
        yield Seen(track, after, action, bar)
        if isinstance(action, CloseAll) and bar.obeyed:
            return
        left = after.open_base
        stop = after.stop_price_usd if bar.obeyed else track.stop_price_usd
        if isinstance(action, ReducePart) and bar.obeyed:
            left -= action.quantity_base
        track = observed(
            after,
            open_base=left,
            stop_price_usd=stop,
            cost_usd=after.cost_usd * left / after.open_base,
        )

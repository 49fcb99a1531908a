"""The values of a moment as series: what is not known has none, and is never a zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final, TypeAlias

from bridge_patch.adapters import metrics
from bridge_patch.adapters.metrics import Metric
from bridge_patch.adapters.metrics_sample import BusSeen, Identity, Sample
from bridge_patch.domain.account_events import TradingState
from bridge_patch.domain.reconcile_events import DifferenceKind

Value: TypeAlias = tuple[Metric, tuple[str, ...], float]
_HUNDRED: Final = 100
_SEC_MS: Final = 1000


def info_of(identity: Identity, sample: Sample | None) -> Value:
    """Return what a process runs as; its state is "" where it does not judge."""
    state = sample.state if sample else ""
    who = (identity.part, identity.mode, state, identity.limits_hash)
    return metrics.INFO, (*who, identity.build, identity.venue), 1.0


def gauges_of(sample: Sample, now_ms: int) -> Iterator[Value]:
    """Yield every series of the execution; ages are at `now_ms` of the run's clock."""
    for state in TradingState:
        yield metrics.STATE, (state,), float(state is sample.state)
    yield from _equity(sample)
    yield from _exposure(sample)
    yield from _troubles(sample, now_ms)
    yield from _ages(sample, now_ms)
    for (window, of), count in sample.orders.items():
        yield metrics.ORDERS_WINDOW, (window, of), float(count)
    for window, most in sample.orders_max.items():
        yield metrics.ORDERS_WINDOW_LIMIT, (window,), float(most)
    for limit, share in sample.limits_used.items():
        yield metrics.VENUE_USED, (limit,), float(share)


def bus_of(bus: BusSeen) -> Iterator[Value]:
    """Yield what waits for the execution, where the bus could be looked at."""
    yield from _known(metrics.LAG, bus.lag)
    yield from _known(metrics.PENDING, bus.pending)
    if bus.lag is not None:
        yield metrics.WAITING_AGE, (), (bus.oldest_age_ms or 0) / _SEC_MS
    for stream, count in bus.entries.items():
        yield metrics.BUS_ENTRIES, (stream,), float(count)


def _equity(sample: Sample) -> Iterator[Value]:
    equity = sample.equity
    yield from _known(metrics.EQUITY, equity.equity_usd)
    yield from _known(metrics.PEAK, equity.peak_usd)
    yield from _known(metrics.DAY_START, equity.day_start_usd)
    for metric, percent in (
        (metrics.DRAWDOWN, equity.drawdown_pct),
        (metrics.DRAWDOWN_LIMIT, equity.drawdown_max_pct),
        (metrics.DAY_LOSS, equity.day_loss_pct),
        (metrics.DAY_LOSS_LIMIT, equity.day_loss_max_pct),
    ):
        yield from _known(metric, None if percent is None else percent / _HUNDRED)


def _exposure(sample: Sample) -> Iterator[Value]:
    exposure = sample.exposure
    for of, used in exposure.used_usd.items():
        yield metrics.EXPOSURE, (of,), float(used)
    for of, most in exposure.most_usd.items():
        yield metrics.EXPOSURE_LIMIT, (of,), float(most)
    yield metrics.MARGIN, (), float(exposure.margin_usd)
    yield from _known(metrics.MARGIN_LIMIT, exposure.margin_max_usd)
    yield metrics.RESERVED, (), float(exposure.reserved_usd)
    yield metrics.POSITIONS, (), float(exposure.positions)
    yield metrics.POSITIONS_LIMIT, (), float(exposure.positions_max)


def _troubles(sample: Sample, now_ms: int) -> Iterator[Value]:
    """Yield what should be zero; each is told also where it is."""
    unknown_ms = min(sample.unknown_ms, default=now_ms)
    naked_ms = min(sample.naked.values(), default=now_ms)
    yield metrics.UNKNOWN, (), float(len(sample.unknown_ms))
    yield metrics.UNKNOWN_AGE, (), _age(unknown_ms, now_ms)
    yield metrics.NAKED, (), float(len(sample.naked))
    yield metrics.NAKED_AGE, (), _age(naked_ms, now_ms)
    kinds = Counter(difference.kind for difference in sample.differences)
    for kind in DifferenceKind:
        yield metrics.DIFFERENCES, (kind,), float(kinds[kind])


def _ages(sample: Sample, now_ms: int) -> Iterator[Value]:
    ages = sample.ages
    for metric, at_ms in (
        (metrics.ACCOUNT_AGE, sample.equity.at_ms),
        (metrics.MARK_AGE, ages.mark_ms),
        (metrics.EXITS_AGE, ages.exits_ms),
    ):
        if at_ms is not None:
            yield metric, (), _age(at_ms, now_ms)
    yield metrics.MARKS_MISSING, (), float(ages.marks_missing)


def _age(at_ms: int, now_ms: int) -> float:
    return max(now_ms - at_ms, 0) / _SEC_MS


def _known(metric: Metric, value: Decimal | int | None) -> Iterator[Value]:
    if value is not None:
        yield metric, (), float(value)

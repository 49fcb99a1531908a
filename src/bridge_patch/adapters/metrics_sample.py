"""What one process knows of itself at one moment: values that a scrape may look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.account_events import TradingState
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.reconcile_events import Difference


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a process runs as, from its start on."""

    part: str
    mode: str
    limits_hash: str
    build: str
    venue: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EquityKnown:
    """What the account is worth, in USD, and its losses against their limits, in percent.

    Each is None where it could not be had; `unread_sec` is for how long that has been so.
    """

    equity_usd: Decimal | None = None
    at_ms: UnixMs | None = None
    why: str = ""
    unread_sec: float = 0.0
    peak_usd: Decimal | None = None
    day_start_usd: Decimal | None = None
    drawdown_pct: Decimal | None = None
    drawdown_max_pct: Decimal
    day_loss_pct: Decimal | None = None
    day_loss_max_pct: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureKnown:
    """Exposure and margin, with what is reserved, in USD; limits by the same words.

    `used_usd` has long, short, gross and net. A position without a price counts at entry.
    """

    used_usd: Mapping[str, Decimal]
    most_usd: Mapping[str, Decimal]
    margin_usd: Decimal
    margin_max_usd: Decimal | None
    reserved_usd: Decimal
    positions: int
    positions_max: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Ages:
    """When things were last heard of, in the time of the run's clock; None is never.

    `mark_ms` is the oldest price of the symbols that may be entered. `exits_ms` is since
    when an exit process is silent; None where exits are decided in this one.
    """

    mark_ms: UnixMs | None = None
    mark_age_max_ms: int
    marks_missing: int = 0
    account_age_max_ms: int
    exits_ms: UnixMs | None = None
    exits_silence_max_ms: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The execution at one moment, taken between two pieces of work.

    `now_ms` is the run's clock then: the present of a live run, data time of a replay.
    `cause` is why the account is in its state, "" at first.
    `naked` tells since when each position lacks a stop over all of it, `unknown_ms` when
    the orders in doubt were sent, oldest first. `orders` counts by window and kind.
    """

    now_ms: UnixMs
    live: bool
    state: TradingState
    cause: str
    equity: EquityKnown
    exposure: ExposureKnown
    ages: Ages
    unknown_ms: tuple[UnixMs, ...] = ()
    unknown_age_max_ms: int
    naked: Mapping[Symbol, UnixMs] = field(default_factory=dict)
    differences: tuple[Difference, ...] = ()
    orders: Mapping[tuple[str, str], int] = field(default_factory=dict)
    orders_max: Mapping[str, int] = field(default_factory=dict)
    limits_used: Mapping[str, Decimal] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BusSeen:
    """What waits on the bus for the execution, as it was last looked at.

    `away` is why it could not be looked at, "" where it could. `alarm` says which limit of
    the backlog is passed, "" for none.
    """

    lag: int | None = None
    pending: int | None = None
    oldest_ms: UnixMs | None = None
    oldest_age_ms: int | None = None
    alarm: str = ""
    entries: Mapping[str, int] = field(default_factory=dict)
    away: str = ""

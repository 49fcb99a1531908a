"""What `status` says, every part a value: for a screen or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.adapters.bus_look import Place
from bridge_patch.domain.events import Book
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.services.backlog import Backlog


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """The newest run in the journal; `since_ms` is data time.

    `gate` is what the gate said to a live start, "" of one in shadow.
    """

    run_id: str
    mode: str
    build: str
    limits_hash: str
    venue: str
    simulated: bool
    feed: str
    since_ms: UnixMs
    market: str = ""
    gate: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StateView:
    """What the account may do, and who said so; `since_ms` None is from the start."""

    state: str
    cause: str
    who: str
    why: str
    since_ms: UnixMs | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EquityView:
    """Equity against its limits; percentages are positive where money was lost."""

    book: Book
    equity_usd: Decimal
    at_ms: UnixMs
    peak_usd: Decimal | None
    day_start_usd: Decimal | None
    day_loss_pct: Decimal | None
    day_loss_max_pct: Decimal
    drawdown_pct: Decimal | None
    drawdown_max_pct: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureView:
    """What is open and what is reserved for orders in doubt, against the limits."""

    notional_usd: Decimal
    notional_max_usd: Decimal
    margin_usd: Decimal
    margin_pct: Decimal | None
    margin_max_pct: Decimal
    reserved_notional_usd: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionView:
    """An open position; `stop_price_usd` None is NAKED. The gain is at the last price."""

    book: Book
    symbol: str
    side: str
    quantity_base: Decimal
    entry_price_usd: Decimal
    stop_price_usd: Decimal | None
    last_price_usd: Decimal
    margin_usd: Decimal
    unrealised_usd: Decimal
    opened_ms: UnixMs
    age_ms: int
    policy: str | None
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class NakedView:
    """Positions at the venue that no stop covers, with their ages, and how it ever was.

    `spells` counts how often one was NAKED, `total_sec` adds up for how long.
    """

    now_sec: Mapping[str, Decimal]
    spells: int
    total_sec: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtView:
    """An order whose fate is not known, for how long, and what is reserved for it."""

    order_id: str
    intent_id: IntentId
    symbol: str
    side: str
    leg: str
    state: str
    quantity_base: Decimal
    age_ms: int
    reserved_notional_usd: Decimal
    reserved_margin_usd: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceView:
    """What journal and venue do not agree on, with both sides; `since_ms` is data time."""

    kind: str
    symbol: str | None
    order_id: str | None
    ours: str
    theirs: str
    since_ms: UnixMs
    age_ms: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CountsView:
    """Counts by verdict, by the code of a refusal, and of what was never judged."""

    entries: Mapping[str, int]
    refusals: Mapping[str, int]
    reductions: Mapping[str, int]
    dead_letters: Mapping[str, int]
    expired: int
    duplicates: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class JournalView:
    """The journal's end; `recorded_ms` is wall-clock time, `fault` "" where it is sound."""

    path: str
    entries: int
    head_seq: int
    fault: str
    recorded_ms: int | None
    recorded_ago_ms: int | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LeaseView:
    """Which process acts, "" for none; by its own clock it was alive at `renewed_ms`.

    It is `overdue` when it has not renewed for a whole term: then a standby takes over.
    """

    holder: str
    token: int
    renewed_ms: int
    renewed_ago_ms: int
    overdue: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stand; `data_ms` is the newest data time there is.

    `outage` is why the journal's writer cannot write, "" where it can. `compared` tells
    whether the venue's records were ever compared with the journal. `blind` names the open
    positions of which the exits lack what they decide by.
    """

    fail_open: str
    outage: str
    run: RunView | None
    state: StateView
    equity: EquityView | None
    exposure: ExposureView
    positions: tuple[PositionView, ...]
    naked: NakedView
    in_doubt: tuple[DoubtView, ...]
    blind: tuple[Symbol, ...]
    compared: bool
    differences: tuple[DifferenceView, ...]
    this_run: CountsView
    all_runs: CountsView
    data_ms: UnixMs
    decided_ms: UnixMs | None
    decided_id: IntentId | None
    bus: tuple[Place, ...]
    backlog: Backlog
    streams: Mapping[str, int]
    lease: LeaseView | None
    journal: JournalView

"""Every metric there is, defined once: pages, dashboard and alert rules go by this table.

Names follow Prometheus: base units, `_total` for what only grows, ratios from 0 to 1. Label
values are members of closed enums, so the number of series is bounded; no label holds an
id, a symbol or anything that came in a payload.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, final

PREFIX: Final = "bridge_patch_"
#: Between what may be ordered at all and the largest limit a person may set, in USD.
USD_BUCKETS: Final = (10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 1e4, 5e4)
LEVERAGE_BUCKETS: Final = (1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 50.0, 80.0)
#: From within a machine to an exchange that is in trouble; times have whole milliseconds.
STEP_BUCKETS: Final = (
    0.001,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1.0,
    2.5,
    10.0,
    60.0,
)


class Kind(StrEnum):
    """How Prometheus reads a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Origin(StrEnum):
    """Where a value comes from, and so what it is worth after a restart."""

    JOURNAL = "journal"
    MOMENT = "moment"
    PROCESS = "process"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: `name` is whole, and as it is scraped."""

    name: str
    kind: Kind
    origin: Origin
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


def _counted(name: str, text: str, *labels: str) -> Metric:
    return Metric(
        name=f"{PREFIX}{name}_total",
        kind=Kind.COUNTER,
        origin=Origin.JOURNAL,
        help=text,
        labels=labels,
    )


def _spread(name: str, text: str, buckets: tuple[float, ...], *labels: str) -> Metric:
    return Metric(
        name=f"{PREFIX}{name}",
        kind=Kind.HISTOGRAM,
        origin=Origin.JOURNAL,
        help=text,
        labels=labels,
        buckets=buckets,
    )


def _standing(name: str, text: str, *labels: str) -> Metric:
    return Metric(
        name=f"{PREFIX}{name}",
        kind=Kind.GAUGE,
        origin=Origin.MOMENT,
        help=text,
        labels=labels,
    )


def _own(name: str, text: str, *labels: str) -> Metric:
    grows = name.endswith("_total")
    return Metric(
        name=f"{PREFIX}{name}",
        kind=Kind.COUNTER if grows else Kind.GAUGE,
        origin=Origin.PROCESS,
        help=text,
        labels=labels,
    )


EVENTS: Final = _counted("events", "Events that became durable in the journal", "kind")
PUBLISHED: Final = _counted(
    "intents_published", "Entries that this engine proposed", "mode"
)
RECEIVED: Final = _counted("intents_received", "Intents that were understood")
DECISIONS: Final = _counted(
    "decisions",
    "Verdicts; code is the headline reason, PASS where nothing objected",
    *("action", "mode", "verdict", "code"),
)
OUTCOMES: Final = _counted("outcomes", "Intents that ended, by how they ended", "status")
DUPLICATES: Final = _counted("duplicates", "Messages whose id was taken already")
DEAD_LETTERS: Final = _counted("dead_letters", "Messages that were set aside", "reason")
ORDERS_SENT: Final = _counted("orders_sent", "Orders that were about to leave", "leg")
ORDERS_ANSWERED: Final = _counted(
    "orders_answered", "Answers to orders, by the order table", "leg", "outcome"
)
ORDERS_REFUSED: Final = _counted("orders_refused", "Orders that the venue refused", "book")
FILLS: Final = _counted(
    "fills", "Trades, in the account and the shadow books", "book", "kind"
)
FEES: Final = _counted("fees_usd", "Fees that were paid, in USD", "book")
LATCHES: Final = _counted("latches", "Changes of the account's state", "book", "state")
FOUND: Final = _counted("differences_found", "Differences to the venue's records", "kind")

MARGIN_ASKED: Final = _spread("margin_asked_usd", "Margin as proposed", USD_BUCKETS)
MARGIN_GOVERNED: Final = _spread("margin_governed_usd", "Margin as approved", USD_BUCKETS)
LEVERAGE_ASKED: Final = _spread("leverage_asked", "Leverage as proposed", LEVERAGE_BUCKETS)
LEVERAGE_GOVERNED: Final = _spread(
    "leverage_governed", "Leverage as approved", LEVERAGE_BUCKETS
)
STEP: Final = _spread(
    "step_seconds",
    "Time between two steps of an intent; on a replay, data time",
    STEP_BUCKETS,
    "step",
)

INFO: Final = _standing(
    "run_info",
    "1, with what this process runs as",
    *("part", "mode", "state", "limits_hash", "build", "venue"),
)
STATE: Final = _standing("state", "1 for the state the account is in", "state")
EQUITY: Final = _standing("equity_usd", "Equity as it was last read")
PEAK: Final = _standing("equity_peak_usd", "The peak that drawdown is measured from")
DAY_START: Final = _standing("equity_day_start_usd", "What the UTC day began with")
DRAWDOWN: Final = _standing("drawdown_ratio", "Fall from the peak")
DRAWDOWN_LIMIT: Final = _standing("drawdown_limit_ratio", "DRAWDOWN_MAX_PCT, as a ratio")
DAY_LOSS: Final = _standing("day_loss_ratio", "Loss of the UTC day; a gain is negative")
DAY_LOSS_LIMIT: Final = _standing("day_loss_limit_ratio", "DAILY_LOSS_MAX_PCT, as a ratio")
EXPOSURE: Final = _standing(
    "exposure_usd", "Exposure at our marks, with what is reserved, in USD", "of"
)
EXPOSURE_LIMIT: Final = _standing(
    "exposure_limit_usd", "How much exposure there may be, in USD", "of"
)
MARGIN: Final = _standing("margin_usd", "Margin posted, with what is reserved")
MARGIN_LIMIT: Final = _standing("margin_limit_usd", "INITIAL_MARGIN_MAX_PCT of equity")
RESERVED: Final = _standing("reserved_usd", "Exposure held for orders in doubt")
POSITIONS: Final = _standing("positions_open", "Positions that are open")
POSITIONS_LIMIT: Final = _standing("positions_limit", "OPEN_POSITIONS_MAX")
UNKNOWN: Final = _standing("orders_unknown", "Orders whose end is not known")
UNKNOWN_AGE: Final = _standing("orders_unknown_oldest_seconds", "Age of the oldest of them")
NAKED: Final = _standing("positions_naked", "Positions that no stop covers whole")
NAKED_AGE: Final = _standing("naked_seconds", "For how long the oldest has been naked")
DIFFERENCES: Final = _standing(
    "differences_open", "Differences to the venue's records that stand", "kind"
)
ACCOUNT_AGE: Final = _standing("account_age_seconds", "Age of the account reading")
MARK_AGE: Final = _standing("mark_age_seconds", "Age of the oldest price of our symbols")
MARKS_MISSING: Final = _standing("marks_missing", "Symbols of which no price was seen")
EXITS_AGE: Final = _standing("exits_age_seconds", "Since when the exit process is silent")
ORDERS_WINDOW: Final = _standing(
    "orders_window", "Orders sent within the window", "window", "of"
)
ORDERS_WINDOW_LIMIT: Final = _standing(
    "orders_window_limit", "Orders that the venue takes within the window", "window"
)
VENUE_USED: Final = _standing(
    "venue_limit_used_ratio", "Share of the venue's request limits used up", "limit"
)
LAG: Final = _standing("bus_lag", "Intents that were not handed out yet")
PENDING: Final = _standing("bus_pending", "Intents handed out that have no end yet")
WAITING_AGE: Final = _standing("bus_oldest_seconds", "Age of the oldest intent that waits")
BUS_ENTRIES: Final = _standing("bus_entries", "Entries kept of a stream", "stream")

HEALTHY: Final = _own("healthy", "1 where /healthz says 200")
LOOP_AGE: Final = _own("loop_age_seconds", "Since when the loop made no progress")
LOOP_TURNS: Final = _own("loop_turns_total", "How often the loop came round")
OUTAGE: Final = _own("outage", "1 while bus or journal cannot be used")
STARTS: Final = _own("starts_total", "Starts of this process, kept over restarts")
STARTS_LATELY: Final = _own("starts_lately", "Starts within the last ten minutes")
ALARM: Final = _own("alarm", "1 while an alarm stands", "alarm", "severity")
ALARMS: Final = _own("alarms_raised_total", "How often an alarm began to stand", "alarm")
ALERTS: Final = _own(
    "alerts_total", "Messages to people, by what became of them", "outcome"
)
LOST: Final = _own("telemetry_lost_total", "Events that could not be counted or shown")

METRICS: Final = (
    *(EVENTS, PUBLISHED, RECEIVED, DECISIONS, OUTCOMES, DUPLICATES, DEAD_LETTERS),
    *(ORDERS_SENT, ORDERS_ANSWERED, ORDERS_REFUSED, FILLS, FEES, LATCHES, FOUND),
    *(MARGIN_ASKED, MARGIN_GOVERNED, LEVERAGE_ASKED, LEVERAGE_GOVERNED, STEP),
    *(INFO, STATE, EQUITY, PEAK, DAY_START, DRAWDOWN, DRAWDOWN_LIMIT, DAY_LOSS),
    *(DAY_LOSS_LIMIT, EXPOSURE, EXPOSURE_LIMIT, MARGIN, MARGIN_LIMIT, RESERVED),
    *(POSITIONS, POSITIONS_LIMIT, UNKNOWN, UNKNOWN_AGE, NAKED, NAKED_AGE, DIFFERENCES),
    *(ACCOUNT_AGE, MARK_AGE, MARKS_MISSING, EXITS_AGE, ORDERS_WINDOW),
    *(ORDERS_WINDOW_LIMIT, VENUE_USED, LAG, PENDING, WAITING_AGE, BUS_ENTRIES),
    *(HEALTHY, LOOP_AGE, LOOP_TURNS, OUTAGE, STARTS, STARTS_LATELY, ALARM, ALARMS),
    *(ALERTS, LOST),
)

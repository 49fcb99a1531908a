"""Every setting, defined once: its name is the field's in upper case."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.bus_retention import KEEP_LEAST
from bridge_patch.adapters.bus_url import BusUrl
from bridge_patch.adapters.journal_url import JournalUrl
from bridge_patch.app.forms import (
    Form,
    addresses_or_none,
    bus_url,
    file_or_none,
    folder,
    folder_or_none,
    journal_url,
    keys_or_none,
    loopback_url,
    loopback_url_or_none,
    one_of,
    secret_or_none,
    whole,
    zero_or,
)
from bridge_patch.app.limit_settings import USD, LimitSettings, row
from bridge_patch.domain.secret import Secret

#: The journal's file, in whatever folder holds the state of a run.
JOURNAL_NAME: Final = "bridge.db"
#: The demo's log; in a folder that has one, bus and journal are the demo's.
DEMO_LOG_NAME: Final = "demo.log"
#: How long a process that shows no sign of life is waited for before another takes over.
LEASE_TTL_SEC: Final = 6
#: Ports that need no rights to be had.
PORT_LEAST: Final = 1_024
PORT_MOST: Final = 65_535
#: The key that signs it, unless a setting names another file.
KEY_NAME: Final = "journal.key"


class VenueName(StrEnum):
    """Where live orders go."""

    PAPER = "paper"
    SIMULATOR = "simulator"
    BINANCE_DEMO = "binance-demo"
    BINANCE = "binance"


class MarketFeed(StrEnum):
    """Which market is followed: a recorded one, or the exchange's own as it goes."""

    REPLAY = "replay"
    LIVE = "live"


class Requirement(StrEnum):
    """Whether something is asked for; auto leaves it to what else is set."""

    AUTO = "auto"
    TRUE = "true"
    FALSE = "false"


class ExitsProcess(StrEnum):
    """Where exits are decided: within the execution, or by a process of their own."""

    EMBEDDED = "embedded"
    SEPARATE = "separate"


class SignalName(StrEnum):
    """Which built-in model the engine asks; an AI of your own publishes to the bus."""

    EXAMPLE = "example"
    HONEST = "honest"
    BOTH = "both"


class LogFormat(StrEnum):
    """How log events are printed."""

    CONSOLE = "console"
    JSON = "json"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(LimitSettings):
    """Everything the process was told, and nothing it guessed.

    The order is that of `docs/settings.md` and of the shipped env file: what governs first.
    """

    venue: VenueName = row("paper", one_of(VenueName), "", "where live orders go")
    simulator_url: str = row(
        "http://127.0.0.1:8797",
        loopback_url(),
        "",
        "where `bridge-patch exchange` listens, for VENUE=simulator",
    )
    venue_api_key: Secret | None = row(
        "none", secret_or_none(), "", "the exchange's key; only the execution keeps it"
    )
    venue_api_secret: Secret | None = row(
        "none", secret_or_none(), "", "the exchange's secret; only the execution keeps it"
    )
    require_promotion: Requirement = row(
        "auto",
        one_of(Requirement),
        "",
        "whether a live start needs a recorded promotion; auto asks for one where the venue"
        " is real money",
    )
    shadow_min_hours: int = row(
        *("24", whole(1, 8_760), "h"),
        "least time in shadow, on a live market, behind a promotion",
    )
    paper_equity_usd: Decimal = row("10000", USD, "USD", "what a paper account starts with")
    market_feed: MarketFeed = row(
        "replay",
        one_of(MarketFeed),
        "",
        "the market that is followed: recorded bars, or the exchange's public streams",
    )
    market_url: str | None = row(
        "none",
        loopback_url_or_none(),
        "",
        "a simulator whose streams are followed in place of the venue's own exchange",
    )
    market_data_dir: Path | None = row(
        "none", folder_or_none(), "", "folder of recorded bars for a replay"
    )
    signal_source: SignalName = row(
        "example",
        one_of(SignalName),
        "",
        "the model asked: dice for show, a calibrated one that may abstain, or both",
    )
    example_ai_seed: int = row(
        "1", whole(0, 2**31 - 1), "", "the same seed gives the same example AI"
    )
    exits_process: ExitsProcess = row(
        "embedded",
        one_of(ExitsProcess),
        "",
        "who decides on exits: the execution itself, or `bridge-patch exits`",
    )
    state_dir: Path = row("var", folder(), "", "holds the journal and the embedded bus")
    reconcile_sec: int = row(
        *("10", whole(1, 300), "s"),
        "how often the journal is compared with the venue's own records",
    )
    naked_max_sec: int = row(
        *("5", whole(1, 60), "s"),
        "how long a position may be without a confirmed stop before it is closed",
    )
    backlog_alarm_entries: int = row(
        *("1000", whole(1, 1_000_000_000), ""),
        "so many intents that wait are an alarm",
    )
    backlog_alarm_age_sec: int = row(
        *("60", whole(1, 86_400), "s"),
        "an intent that waits for so long is an alarm",
    )
    bus_url: BusUrl = row(
        "embedded", bus_url(), "", "the bus: a file in the state folder, or a server"
    )
    bus_ca_file: Path | None = row(
        "none", file_or_none(), "", "who signed a rediss:// server's certificate"
    )
    bus_keep_entries: int = row(
        "200000",
        zero_or(KEEP_LEAST, 1_000_000_000),
        "",
        "how much is kept of each stream that grows with a run; 0 keeps all",
    )
    journal_url: JournalUrl = row(
        "embedded",
        journal_url(),
        "",
        "where the journal is: in the state folder, or on a PostgreSQL server",
    )
    lease_ttl_sec: int = row(
        str(LEASE_TTL_SEC),
        whole(2, 60),
        "s",
        "how long a silent process holds the account before a standby takes over",
    )
    journal_key_file: Path = row(
        KEY_NAME,
        folder(),
        "",
        "signs the journal's checkpoints; a path in STATE_DIR, or a whole one elsewhere",
    )
    bus_signing_key: Secret | None = row(
        "none",
        keys_or_none(),
        "",
        "signs and checks every message on the bus; of several keys the first signs",
    )
    metrics_port_engine: int = row(
        *("0", zero_or(PORT_LEAST, PORT_MOST), ""),
        "where the engine serves /metrics and /healthz on 127.0.0.1; 0 is nowhere",
    )
    metrics_port_execution: int = row(
        *("0", zero_or(PORT_LEAST, PORT_MOST), ""),
        "the same of the execution, and of `bridge-patch run`",
    )
    metrics_port_exits: int = row(
        *("0", zero_or(PORT_LEAST, PORT_MOST), ""), "the same of `bridge-patch exits`"
    )
    alert_urls: Secret | None = row(
        "none",
        addresses_or_none(),
        "",
        "who is told of alarms: addresses of apprise, which hold its tokens",
    )
    log_format: LogFormat = row(
        "console", one_of(LogFormat), "", "log lines for people, or JSON"
    )

    def without_keys(self) -> Settings:
        """Return the same without the exchange's keys, for a process that never trades."""
        return replace(self, venue_api_key=None, venue_api_secret=None)

    @property
    def journal_path(self) -> Path:
        """Where the journal is; the embedded bus lives in the same file."""
        return self.state_dir / JOURNAL_NAME

    @property
    def journal_key_path(self) -> Path:
        """Where the key that signs the journal is: never inside it."""
        return self.state_dir / self.journal_key_file


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One setting as it is defined above, under its name."""

    name: str
    default: str
    form: Form
    unit: str
    meaning: str


#: Every setting, in order; docs, env file and `check` are made from this.
ROWS: Final = tuple(Row(name=f.name.upper(), **f.metadata) for f in fields(Settings))

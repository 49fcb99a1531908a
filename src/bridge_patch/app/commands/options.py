"""What a person asks of each command, checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import final

from bridge_patch.domain.events import Verdict
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """`demo`; None leaves the choice to settings and data."""

    data: Path | None
    symbols: tuple[Symbol, ...] | None
    state: Path
    seed: int | None
    days_shadow: int
    days_live: int | None
    quiet: bool
    verbose: bool
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """`run`, `engine`, `execution` and `exits`; from `start_ms` on and before `end_ms`."""

    data: Path | None
    env_file: Path | None
    state: Path | None
    start_ms: UnixMs | None
    end_ms: UnixMs | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOptions:
    """`exchange`; `speed` zero stands still until the surface under /sim moves it.

    With `today` the data is moved in time, so that its first bar closes now.
    """

    data: Path | None
    env_file: Path | None
    symbols: tuple[Symbol, ...] | None
    start_ms: UnixMs | None
    end_ms: UnixMs | None
    speed: float
    today: bool
    port: int
    wallet_usd: Decimal | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions:
    """`check`."""

    env_file: Path | None
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorOptions:
    """`doctor`; streams are listened to for `listen_sec`."""

    env_file: Path | None
    listen_sec: int
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class JournalOptions:
    """Which journal to read: `journal`, else the one in the settings' state folder."""

    journal: Path | None
    env_file: Path | None
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """`verify`; `dump` is in place of a journal, and needs no settings.

    It is a folder that `export` wrote, or one file of an archive. With `all_signed` every
    entry must be covered by a signature; those up to `unsigned_until` may be older than
    signing.
    """

    source: JournalOptions
    dump: Path | None = None
    public_key: Path | None = None
    all_signed: bool = False
    unsigned_until: int = 0


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """`export`."""

    source: JournalOptions
    folder: Path


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """`report`; without `out` it stands beside the journal, and `show` opens it."""

    source: JournalOptions
    out: Path | None
    show: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionsOptions:
    """`decisions`."""

    source: JournalOptions
    symbol: Symbol | None
    verdict: Verdict | None
    code: str | None
    last: int | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsOptions:
    """`positions`; `shadow` shows what every shadow book holds, too."""

    source: JournalOptions
    shadow: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TraceOptions:
    """`trace`."""

    source: JournalOptions
    intent_id: IntentId


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSymbolOptions:
    """`trace --symbol`: the newest `last` intents of a symbol that were judged."""

    source: JournalOptions
    symbol: Symbol
    last: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SignalOptions:
    """`signal`; `stated` has the payload's names, each value as it was typed."""

    stated: Mapping[str, str | bool]
    intent_id: IntentId | None
    valid_sec: int | None
    state: Path | None
    env_file: Path | None
    wait: bool
    timeout_sec: int
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOptions:
    """`halt`, `reduce` and `resume`; `who` None is the user of this machine."""

    wish: str
    symbol: Symbol | None
    why: str
    who: str | None
    wait_sec: int
    state: Path | None
    env_file: Path | None
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownOptions:
    """`unknown adopt` and `unknown close`; `who` None is the user of this machine.

    Without quantity and price an adoption takes what the venue tells.
    """

    wish: str
    order_id: str
    quantity_base: Decimal | None
    price_usd: Decimal | None
    fee_usd: Decimal | None
    why: str
    who: str | None
    wait_sec: int
    state: Path | None
    env_file: Path | None
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptOptions:
    """`positions adopt`; `policy` None is the documented fallback."""

    symbol: Symbol
    policy: str | None
    why: str
    who: str | None
    wait_sec: int
    state: Path | None
    env_file: Path | None
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ModeOptions:
    """`promote` and `demote`; what only a promotion has is at its default for the other."""

    why: str
    who: str | None
    wait_sec: int
    state: Path | None
    env_file: Path | None
    as_json: bool
    override_hours: int | None = None
    dry_run: bool = False


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DrainOptions:
    """`drain`; without `yes` nothing is changed."""

    yes: bool
    state: Path | None
    env_file: Path | None
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveOptions:
    """`archive`; one of `keep_days` and `before_ms`. Without `yes` nothing is changed."""

    keep_days: int | None
    before_ms: UnixMs | None
    yes: bool
    state: Path | None
    env_file: Path | None
    as_json: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DiffOptions:
    """`limits diff`: two env files, and for how long to compare them."""

    first: Path
    second: Path
    as_json: bool
    within_sec: float

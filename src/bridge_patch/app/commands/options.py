"""What a person asks of each command, checked before anything is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Verdict
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs

_ID_MAX: Final = 512


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
class TraceOptions:
    """`trace`."""

    source: JournalOptions
    intent_id: IntentId


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


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FetchOptions:
    """`data fetch`; bars that open from `start_ms` on and close by `end_ms`."""

    symbols: tuple[Symbol, ...] | None
    start_ms: UnixMs
    end_ms: UnixMs
    interval: str
    cache: Path | None
    env_file: Path | None


def read_time(text: str) -> UnixMs:
    """Return a date or a time as milliseconds; without a zone it is UTC.

    >>> read_time("2025-05-05"), read_time("2025-05-05T00:00:00Z")
    (1746403200000, 1746403200000)
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        msg = f"a time must read like 2025-05-05 or 2025-05-05T13:30:00Z, was {text!r}"
        raise InvalidValueError(msg) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return UnixMs(round(moment.timestamp() * 1000))


def read_period(start: str | None, end: str | None) -> tuple[UnixMs | None, UnixMs | None]:
    """Return both ends of a period, None where it is open."""
    start_ms = None if start is None else read_time(start)
    end_ms = None if end is None else read_time(end)
    if start_ms is not None and end_ms is not None and start_ms >= end_ms:
        msg = f"--from must be before --to, was {start!r} and {end!r}"
        raise InvalidValueError(msg)
    return start_ms, end_ms


def read_verdict(text: str) -> Verdict:
    """Return a verdict, in upper or lower case.

    >>> read_verdict("clamp")
    <Verdict.CLAMP: 'CLAMP'>
    """
    try:
        return Verdict(text.upper())
    except ValueError:
        msg = f"--verdict must be accept, clamp or reject, was {text!r}"
        raise InvalidValueError(msg) from None


def read_intent_id(text: str) -> IntentId:
    """Return an intent's id; also as a log line shows it, `intent=…`."""
    bare = text.removeprefix("intent=")
    if not bare or len(bare) > _ID_MAX:
        msg = f"ID must be an intent's id, as in a log line's intent=…, was {text[:64]!r}"
        raise InvalidValueError(msg)
    return IntentId(bare)

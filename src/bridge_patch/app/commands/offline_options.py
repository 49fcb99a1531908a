"""What a person asks of the commands that are about no run: trials, files, bars."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from bridge_patch.domain.intent import Symbol, UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class HarvestOptions:
    """`harvest`; `page` is the Markdown file whose generated part is written again.

    The crashes only, where `crashes_only`; from `start_ms` on and before `end_ms`.
    """

    data: Path
    page: Path | None
    crashes_only: bool
    as_json: bool
    start_ms: UnixMs | None
    end_ms: UnixMs | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InstallOptions:
    """`install`; without a `prefix` it is this machine that is installed on.

    With `reuse` the release runs in this very environment, which only a prefix may.
    """

    prefix: Path | None
    reuse: bool
    uninstall: bool
    purge: bool
    dry_run: bool
    as_json: bool


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

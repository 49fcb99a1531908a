"""Which crashes the recorded markets hold, and every entry that is tried in them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, final

from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.adapters.feeds.series import Window
from bridge_patch.app.harvest.attempt import attempt, lifetime
from bridge_patch.app.harvest.markets import Place
from bridge_patch.app.harvest.outcome import SIZER, Asked, Attempt
from bridge_patch.app.harvest.parallel import on_all_cores
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Side, Symbol, UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """A violent stretch: whose, and the moments (UTC) at which entries are tried."""

    name: str
    symbols: tuple[Symbol, ...]
    entries_ms: tuple[UnixMs, ...]


def _at(day: str, *times: str) -> tuple[UnixMs, ...]:
    moments = (
        datetime.fromisoformat(f"{day}T{time}").replace(tzinfo=UTC) for time in times
    )
    return tuple(UnixMs(int(moment.timestamp()) * 1000) for moment in moments)


_FELL: Final = tuple(
    Symbol(f"{name}USDT") for name in ("BTC", "ETH", "BNB", "ADA", "LINK", "LTC", "SUI")
)
CRASHES: Final = (
    Crash(
        name="LAYER, 2025-05-06",
        symbols=(Symbol("LAYERUSDT"),),
        entries_ms=_at(
            "2025-05-06",
            *("04:30", "06:30", "07:00", "07:15", "07:30", "07:45", "08:00", "08:15"),
        ),
    ),
    Crash(
        name="tariffs, 2025-04-07",
        symbols=_FELL,
        entries_ms=_at("2025-04-07", "05:50", "06:10", "06:30"),
    ),
    Crash(
        name="rebound, 2025-04-09",
        symbols=_FELL,
        entries_ms=_at("2025-04-09", "17:00", "17:15"),
    ),
)


def crashes_in(places: Sequence[Place]) -> Iterator[tuple[Place, Crash, Symbol]]:
    """Yield every crash of a symbol that some folder has all the bars of."""
    for crash in CRASHES:
        window = lifetime(crash.entries_ms[0], crash.entries_ms[-1])
        for place in places:
            for symbol in crash.symbols:
                if symbol in place.symbols and _covers(place, symbol, window):
                    yield place, crash, symbol


def play_crashes(
    found: Sequence[tuple[Place, Crash, Symbol]], tell: Callable[[int, int], None]
) -> tuple[Attempt, ...]:
    """Play every entry of these crashes, on both sides, in every mode."""
    return tuple(one for played in on_all_cores(played_in, found, tell) for one in played)


def played_in(job: tuple[Place, Crash, Symbol]) -> list[Attempt]:
    """Play one crash of one symbol: each entry, and past the sizer where that abstains."""
    place, crash, symbol = job
    first_ms, last_ms = crash.entries_ms[0], crash.entries_ms[-1]
    feed = replay(place.folder, (symbol,), lifetime(first_ms, last_ms))
    attempts = []
    for at_ms in crash.entries_ms:
        for mode in HarvestMode:
            for side in Side:
                asked = Asked(
                    crash=crash.name, symbol=symbol, side=side, mode=mode, at_ms=at_ms
                )
                attempts.append(asyncio.run(attempt(feed, asked)))
                if attempts[-1].said.startswith(SIZER):
                    attempts.append(
                        asyncio.run(attempt(feed, asked, forced=True, wide=True))
                    )
    return attempts


def _covers(place: Place, symbol: Symbol, window: Window) -> bool:
    """Tell whether a folder has this symbol's bars from end to end of a window."""
    info = replay(place.folder, (symbol,)).info
    return (
        window.start_ms is not None
        and window.end_ms is not None
        and info.start_ms <= window.start_ms
        and window.end_ms <= info.end_ms
    )

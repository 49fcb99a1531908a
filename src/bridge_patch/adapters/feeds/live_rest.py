"""The exchange's public REST answers: time, bars that closed, settlements and intervals.

No key, no redirect, one asserted host. Nothing is tried again here: whoever asks does so
anew when it is time. Past half of the weight that the exchange grants a minute, and as long
as it tells us to wait, nothing is asked at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, Final, TypeVar, final

from bridge_patch.adapters.feeds.live_frames import (
    MINUTE_MS,
    FundingInfo,
    FundingRow,
    KlineRow,
    ServerTime,
    bar_of_row,
    funding_of,
    interval_ms_of,
    read_as,
)
from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding
from bridge_patch.services.ports import Clock

#: Bars in one answer; a page costs 5 of the 2,400 weight units of a minute.
PAGE_BARS: Final = 1_000
_TIMEOUT_SEC: Final = 5.0
_BYTES_MAX: Final = 4_000_000
_WEIGHT_USED_MAX: Final = 1_200
_TOLD_TO_WAIT: Final = frozenset({418, 429})
_WAIT_MS: Final = 60_000
_WAIT_MAX_MS: Final = 3_600_000
_OK: Final = 200

T = TypeVar("T")


class NoAnswerError(BridgeError):
    """The exchange did not answer; the message says why. To be asked again later."""


class RefusedError(BridgeError):
    """The exchange answered that there is no such thing."""


def web() -> ModuleType:
    """Return the client library, which is an extra."""
    try:
        import aiohttp  # noqa: PLC0415 - a replay does not need it
    except ImportError as e:
        msg = f"MARKET_FEED=live needs bridge-patch[exchange]: install that extra ({e})"
        raise InvalidValueError(msg) from e
    return aiohttp


@final
class PublicRest:
    """Asks one origin; `session` is an aiohttp.ClientSession of whoever opened it."""

    def __init__(self, origin: str, session: Any, clock: Clock) -> None:
        self._origin, self._session, self._clock = origin, session, clock
        self._silent_until_ms = 0

    def now_ms(self) -> UnixMs:
        """Return the present by which an answer is judged."""
        return self._clock.now_ms()

    async def server_ms(self) -> int:
        """Return the exchange's time."""
        return (await self._get(ServerTime, "time", {})).server_time

    async def bars(
        self, symbol: Symbol, start_ms: UnixMs, end_ms: UnixMs
    ) -> tuple[Bar, ...]:
        """Return up to a page of closed bars that open in [start, end), oldest first."""
        asked = {
            "symbol": symbol,
            "interval": "1m",
            "startTime": str(start_ms),
            "endTime": str(end_ms - 1),
            "limit": str(PAGE_BARS),
        }
        now_ms = self._clock.now_ms()
        rows = await self._get(list[KlineRow], "klines", asked)
        bars = [bar_of_row(symbol, row, now_ms) for row in rows]
        found = [bar for bar in bars if bar is not None]
        opens = [bar.open_ms for bar in found]
        if opens != sorted(set(opens)) or not all(start_ms <= o < end_ms for o in opens):
            msg = f"{symbol} bars must be those asked for, one of each minute, in order"
            raise InvalidValueError(msg)
        return tuple(found)

    async def settled(
        self, symbol: Symbol, start_ms: UnixMs, end_ms: UnixMs
    ) -> tuple[Funding, ...]:
        """Return the settlements that took place in [start, end), oldest first."""
        asked = {
            "symbol": symbol,
            "startTime": str(start_ms),
            "endTime": str(end_ms - 1),
            "limit": "1000",
        }
        rows = await self._get(list[FundingRow], "fundingRate", asked)
        found = [funding_of(row) for row in rows if row.symbol == symbol]
        inside = [f for f in found if start_ms <= f.at_ms < end_ms]
        return tuple(sorted(inside, key=lambda funding: funding.at_ms))

    async def intervals_ms(self) -> Mapping[Symbol, int]:
        """Return the contracts that settle in an interval of their own."""
        rows: Sequence[FundingInfo] = await self._get(list[FundingInfo], "fundingInfo", {})
        return {Symbol(row.symbol): interval_ms_of(row) for row in rows}

    async def _get(self, kind: type[T], what: str, asked: Mapping[str, str]) -> T:
        now_ms = self._clock.now_ms()
        if now_ms < self._silent_until_ms:
            msg = f"{what}: the exchange told us to wait"
            raise NoAnswerError(msg)
        try:
            status, body = await self._answer(what, asked)
        except (web().ClientError, TimeoutError, OSError) as e:
            msg = f"{what}: {type(e).__name__}"
            raise NoAnswerError(msg) from e
        if status == _OK:
            return read_as(kind, body)
        msg = f"{what}: HTTP {status}"
        if status in _TOLD_TO_WAIT or status >= 500:  # noqa: PLR2004 - theirs, not ours
            raise NoAnswerError(msg)
        raise RefusedError(msg)

    async def _answer(self, what: str, asked: Mapping[str, str]) -> tuple[int, bytes]:
        async with self._session.get(
            f"{self._origin}/fapi/v1/{what}",
            params=asked,
            allow_redirects=False,
            timeout=web().ClientTimeout(total=_TIMEOUT_SEC),
        ) as reply:
            body = await reply.content.read(_BYTES_MAX + 1)
            while len(body) <= _BYTES_MAX and (more := await reply.content.read(65_536)):
                body += more
            used = reply.headers.get("X-MBX-USED-WEIGHT-1M", "0")
            heavy = used.isdecimal() and int(used[:9]) > _WEIGHT_USED_MAX
            if heavy or reply.status in _TOLD_TO_WAIT:
                self._wait(reply.headers.get("Retry-After", ""), told=not heavy)
            return reply.status, body[:_BYTES_MAX]

    def _wait(self, seconds: str, *, told: bool) -> None:
        """Ask nothing for as long as we were told to, or until the next minute begins."""
        now_ms = self._clock.now_ms()
        wait_ms = MINUTE_MS - now_ms % MINUTE_MS
        if told:
            wait_ms = int(seconds[:6]) * 1_000 if seconds.isdecimal() else _WAIT_MS
        self._silent_until_ms = now_ms + min(wait_ms, _WAIT_MAX_MS)

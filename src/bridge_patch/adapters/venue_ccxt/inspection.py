"""Everything about an account and its venue that can be read without changing anything.

Of the calls only the one for the listen key writes: it makes the account's key, or returns
and extends the one there is. It is never given back: the stream of a running execution may
hang on it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar, final

from bridge_patch.adapters.venue_ccxt.budget import SHARES
from bridge_patch.adapters.venue_ccxt.calls import (
    ACCOUNT,
    ALGO_OPEN_ALL,
    INCOME,
    INFO,
    KEY_MAKE,
    MULTI_ASSETS,
    OPEN_ORDERS_ALL,
    POSITION_SIDE,
    POSITIONS,
    SYMBOL_CONFIG,
    TIME,
    Call,
    Purpose,
)
from bridge_patch.adapters.venue_ccxt.environment import Environment
from bridge_patch.adapters.venue_ccxt.frames import AccountUpdate, OrderUpdate, read_frame
from bridge_patch.adapters.venue_ccxt.inspection_calls import (
    ACCOUNT_CONFIG,
    BRACKETS,
    KEY_RIGHTS,
    TRADING_STATUS,
    AccountConfig,
    KeyRights,
    SymbolBrackets,
    TradingStatus,
)
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.replies import (
    AccountReply,
    AlgoReply,
    ExchangeInfo,
    Income,
    ListenKey,
    MultiAssets,
    OrderReply,
    PositionRisk,
    PositionSide,
    SymbolConfig,
)
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.adapters.venue_ccxt.wire import Wire
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, Unknown

T = TypeVar("T")
Outcome: TypeAlias = Accepted[T] | Refused | Unknown

#: How often the clock is asked; the quickest answer says most about it.
CLOCK_SAMPLES: Final = 7
#: Accounts younger than this may not go beyond 20x; bookings are kept for 90 days.
YOUNG_MS: Final = 60 * 86_400_000
_BOOKINGS_MS: Final = 89 * 86_400_000
#: How much longer than it is listened an event is waited for that a reading found.
_LATE_SEC: Final = 2.0


@final
@dataclass(frozen=True, slots=True)
class ClockSample:
    """One answer of the venue's clock: how far it is from ours, and how long it took."""

    offset_ms: int
    took_ms: float


@final
@dataclass(slots=True)
class Heard:
    """What a stream said: `events` are frames of it, `told` those about the account.

    `why` is why there is nothing more to hear, "" while it was open to the end.
    """

    connected: bool = False
    events: int = 0
    told: int = 0
    why: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSeen:
    """A user stream beside two readings of the account, before and after it."""

    key: Outcome[ListenKey]
    heard: Heard
    before: Outcome[AccountReply]
    after: Outcome[AccountReply]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WeightSeen:
    """How much of the address's budget is used up, and how much entries may use of it."""

    used: int
    most: int
    entries_most: int
    quiet_ms: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All of it. `rights` None is where no host tells them; times in ms."""

    environment: Environment
    clock: tuple[ClockSample, ...] | Refused | Unknown
    rights: Outcome[KeyRights] | None
    config: Outcome[AccountConfig]
    sides: Outcome[PositionSide]
    assets: Outcome[MultiAssets]
    symbols: Outcome[list[SymbolConfig]]
    brackets: Outcome[list[SymbolBrackets]]
    info: Outcome[ExchangeInfo]
    status: Outcome[TradingStatus]
    bookings: Outcome[list[Income]]
    orders: Outcome[list[OrderReply]]
    algos: Outcome[list[AlgoReply]]
    positions: Outcome[list[PositionRisk]]
    user: StreamSeen
    market: Heard
    weight: WeightSeen
    took_ms: tuple[float, ...]


@final
@dataclass(slots=True)
class Inspector:
    """Reads one environment; each call once, in the order that is told."""

    environment: Environment
    transport: Transport
    wire: Wire
    took_ms: list[float] = field(default_factory=list)

    async def ask(
        self, call: Call[T], params: Mapping[str, str] | None = None
    ) -> Outcome[T]:
        """Make one call, and keep how long its answer took."""
        begun = time.monotonic()
        outcome = await self.transport.call(call, params or {}, purpose=Purpose.READ)
        if isinstance(outcome, Accepted):
            self.took_ms.append((time.monotonic() - begun) * 1000)
        return outcome

    async def inspect(self, symbol: Symbol, listen_sec: float) -> Inspection:
        """Read everything, listening meanwhile: to the account, to `symbol`'s prices."""
        clock = await self._clock()
        path = f"/market/ws/{symbol.lower()}@markPrice@1s"
        market = asyncio.create_task(self._hear(path, listen_sec))
        info = await self.ask(INFO)
        if isinstance(info, Accepted):
            self.transport.budget.learn(info.value.rate_limits)
        told = self.environment.rights
        old_ms = self.transport.venue_ms()
        window = {
            "startTime": str(old_ms - _BOOKINGS_MS),
            "endTime": str(old_ms - YOUNG_MS),
        }
        return Inspection(
            environment=self.environment,
            clock=clock,
            config=await self.ask(ACCOUNT_CONFIG),
            rights=await self.ask(KEY_RIGHTS) if told else None,
            sides=await self.ask(POSITION_SIDE),
            assets=await self.ask(MULTI_ASSETS),
            symbols=await self.ask(SYMBOL_CONFIG),
            brackets=await self.ask(BRACKETS),
            info=info,
            status=await self.ask(TRADING_STATUS),
            bookings=await self.ask(INCOME, {**window, "limit": "1"}),
            orders=await self.ask(OPEN_ORDERS_ALL),
            algos=await self.ask(ALGO_OPEN_ALL),
            positions=await self.ask(POSITIONS),
            user=await self._user(listen_sec),
            market=await market,
            weight=self._weight(),
            took_ms=tuple(self.took_ms),
        )

    async def _clock(self) -> tuple[ClockSample, ...] | Refused | Unknown:
        samples = []
        for _ in range(CLOCK_SAMPLES):
            asked_ms = self.transport.now_ms()
            outcome = await self.ask(TIME)
            if not isinstance(outcome, Accepted):
                return outcome
            middle_ms = (asked_ms + self.transport.now_ms()) // 2
            samples.append(
                ClockSample(outcome.value.server_time - middle_ms, self.took_ms[-1])
            )
        return tuple(samples)

    async def _user(self, listen_sec: float) -> StreamSeen:
        """Listen to the account between two readings of it."""
        key, heard = await self.ask(KEY_MAKE), Heard()
        before = after = await self.ask(ACCOUNT)
        if isinstance(key, Accepted):
            path = f"/private/ws/{key.value.listen_key}"
            listening = asyncio.create_task(
                self._hear(path, listen_sec + _LATE_SEC, heard, are_ours=True)
            )
            await asyncio.wait([listening], timeout=listen_sec)
            after = await self.ask(ACCOUNT)
            if standing(before) == standing(after):
                listening.cancel()
            await asyncio.wait([listening])
        return StreamSeen(key=key, heard=heard, before=before, after=after)

    async def _hear(
        self,
        path: str,
        seconds: float,
        heard: Heard | None = None,
        *,
        are_ours: bool = False,
    ) -> Heard:
        """Count what a stream says; the path may be a secret, and is not told."""
        heard = heard or Heard()
        try:
            async with asyncio.timeout(seconds), aclosing(self.wire.frames(path)) as frames:
                async for text in frames:
                    heard.connected = True
                    heard.events += bool(text)
                    if text and are_ours:
                        told = isinstance(read_frame(text), OrderUpdate | AccountUpdate)
                        heard.told += told
            heard.why = "the exchange closed it"
        except TimeoutError:
            heard.why = "" if heard.connected else "no connection in time"
        except InvalidValueError as error:
            heard.why = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, there is no stream
            heard.why = type(error).__name__
        return heard

    def _weight(self) -> WeightSeen:
        now_ms, budget = self.transport.venue_ms(), self.transport.budget
        window = budget.windows[0]
        return WeightSeen(
            used=window.at(now_ms),
            most=window.most,
            entries_most=int(window.most * SHARES[Purpose.ENTRY]),
            quiet_ms=max(budget.quiet_until_ms - now_ms, 0),
        )


def standing(outcome: Outcome[AccountReply]) -> object:
    """Return what the account owns and holds, prices apart, to compare two readings."""
    if not isinstance(outcome, Accepted):
        return None
    account = outcome.value
    owned = frozenset((a.asset, a.wallet_balance) for a in account.assets)
    held = {(p.symbol, p.position_side, p.position_amt) for p in account.positions}
    return owned, frozenset(h for h in held if h[2])

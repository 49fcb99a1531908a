"""The account as the venue states it: read together, not older than it says, or Unknown.

What cannot be read is never flat. Two readings of one thing that disagree were taken while
it moved, and are none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeVar, final

from bridge_patch.adapters.venue_ccxt.calls import (
    ACCOUNT,
    ALGO_OPEN,
    ALGO_OPEN_ALL,
    POSITIONS,
    Call,
    Purpose,
)
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.parts import Parts
from bridge_patch.adapters.venue_ccxt.replies import (
    AccountPosition,
    AccountReply,
    AlgoReply,
    PositionRisk,
)
from bridge_patch.adapters.venue_ccxt.stops import PROTECTS, Stops
from bridge_patch.domain.intent import Side, Symbol, Unknown
from bridge_patch.services.ports import AccountReading, PositionReading

T = TypeVar("T")

#: A reading is used again for this long; each order of ours ends it at once.
FRESH_MS: Final = 1_000
#: What took longer than this to read together was not read together.
TOOK_MAX_MS: Final = 3_000
#: From so many symbols on, one list of all conditional orders is cheaper.
_SYMBOLS_EACH: Final = 20


@final
@dataclass(slots=True)
class AccountView:
    """Reads positions, balances and stops. One reading at a time is under way."""

    parts: Parts
    stops: Stops
    _kept: AccountReading | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def forget(self) -> None:
        """Read anew next time: something was sent."""
        self._kept = None

    async def read(self) -> AccountReading | Unknown:
        """Return the account, or why it could not be read."""
        async with self._turn:
            now_ms = self.parts.transport.now_ms()
            if self._kept is not None and 0 <= now_ms - self._kept.at_ms < FRESH_MS:
                return self._kept
            read = await self._read()
            self._kept = read if isinstance(read, AccountReading) else None
            return read

    async def _read(self) -> AccountReading | Unknown:
        asked_ms = self.parts.transport.now_ms()
        risks, account = await asyncio.gather(
            self._ask(POSITIONS, {}), self._ask(ACCOUNT, {})
        )
        if isinstance(risks, Unknown):
            return risks
        if isinstance(account, Unknown):
            return account
        held = [risk for risk in risks if risk.position_amt != 0]
        if _amounts(held) != _amounts(account.positions):
            return Unknown("positions and account disagree: they moved meanwhile")
        stated = {Symbol(risk.symbol) for risk in held}
        believed = set(self.parts.facts.fold.positions)
        guards = await self._guards(sorted(stated | believed))
        if isinstance(guards, Unknown):
            return guards
        for symbol in sorted(believed - stated):  # closed: by a stop, if nobody told more
            await self.stops.collect(symbol)
        took_ms = self.parts.transport.now_ms() - asked_ms
        if not 0 <= took_ms <= TOOK_MAX_MS:
            return Unknown(f"the account took {took_ms} ms to read")
        self.parts.liveness.beat(_standing(risks, account), self.parts.transport.now_ms())
        told = self.parts.facts.fold.positions
        self.parts.agreement.compare(
            {Symbol(risk.symbol): risk.position_amt for risk in held},
            {symbol: position.signed_base for symbol, position in told.items()},
            asked_ms,
        )
        return AccountReading(
            at_ms=asked_ms,
            equity_usd=account.total_margin_balance,
            available_usd=account.available_balance,
            positions=tuple(_position(risk, guards) for risk in held),
        )

    async def _guards(self, symbols: Sequence[Symbol]) -> list[AlgoReply] | Unknown:
        """Return the conditional orders of these symbols; they are compared on the way."""
        if len(symbols) > _SYMBOLS_EACH:
            listed = [await self._ask(ALGO_OPEN_ALL, {})]
        else:
            asked = (self._ask(ALGO_OPEN, {"symbol": symbol}) for symbol in symbols)
            listed = list(await asyncio.gather(*asked))
        found: list[AlgoReply] = []
        for part in listed:
            if isinstance(part, Unknown):
                return part
            found += part
        for symbol in symbols:
            await self.stops.compare(symbol, [a for a in found if a.symbol == symbol])
        return found

    async def _ask(self, call: Call[T], params: dict[str, str]) -> T | Unknown:
        outcome = await self.parts.transport.call(call, params, purpose=Purpose.READ)
        match outcome:
            case Accepted(value):
                return value
            case Refused():
                return Unknown(f"the account could not be read: {outcome.told()}")
            case Unknown():
                return outcome


def _position(risk: PositionRisk, guards: Iterable[AlgoReply]) -> PositionReading:
    """State one position, with the stop of it that fires first."""
    side = Side.BUY if risk.position_amt > 0 else Side.SELL
    levels = [
        guard.trigger_price
        for guard in guards
        if guard.symbol == risk.symbol
        and guard.side == side.opposite.value
        and _covers(guard, risk)
        and guard.algo_status in PROTECTS
        and _is_stop(guard, risk, side)
    ]
    nearest = max if side is Side.BUY else min
    return PositionReading(
        symbol=Symbol(risk.symbol),
        side=side,
        quantity_base=abs(risk.position_amt),
        entry_price_usd=risk.entry_price,
        margin_usd=risk.isolated_wallet,
        stop_price_usd=nearest(levels, default=None),
        liquidation_usd=risk.liquidation_price or None,
    )


def _covers(guard: AlgoReply, risk: PositionRisk) -> bool:
    """Tell whether an order closes all that is held."""
    sized = guard.reduce_only and guard.quantity >= abs(risk.position_amt)
    return guard.close_position or sized


def _is_stop(guard: AlgoReply, risk: PositionRisk, side: Side) -> bool:
    """Tell a stop from a take-profit: it lies on the losing side of the mark."""
    return side.sign * (risk.mark_price - guard.trigger_price) >= 0


def _amounts(
    positions: Iterable[PositionRisk | AccountPosition],
) -> dict[tuple[str, str], Decimal]:
    return {
        (each.symbol, each.position_side): each.position_amt
        for each in positions
        if each.position_amt != 0
    }


def _standing(risks: Iterable[PositionRisk], account: AccountReply) -> Hashable:
    """Return what is held and owned: it changes only by what the stream has to tell."""
    return frozenset(_amounts(risks).items()), tuple(
        (asset.asset, asset.wallet_balance) for asset in account.assets
    )

"""Gather what the Governor has to know, from our own readings and nobody else's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.governor.snapshot import (
    Exposure,
    Holding,
    Known,
    Reading,
    RiskSnapshot,
)
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import (
    Account,
    AccountReading,
    Clock,
    Instruments,
    PositionReading,
)
from bridge_patch.services.readings import read_account


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Makes one consistent reading of account and market for one symbol.

    `account` is the venue's, or in shadow the governed book's, and may lag behind what it
    was told a moment ago. `held` is what we know ourselves to be open there. Of the two the
    larger counts, so that two intents of one moment cannot share one room. What is reserved
    for orders in doubt comes from the ledger and counts as if filled. `unsafe` tells of
    what makes an entry unwise: nobody to decide on its exit, no room to record one.
    """

    account: Account
    held: Callable[[], Mapping[Symbol, Position]]
    market: MarketView
    gauge: EquityGauge
    ledger: Ledger
    instruments: Instruments
    clock: Clock
    unsafe: Callable[[], bool] = lambda: False

    async def take(
        self, symbol: Symbol, *, besides: ClientOrderId | None = None
    ) -> RiskSnapshot:
        """Read everything once; what cannot be read is Unknown, with the reason.

        `besides` is the order that is being judged, where it is in the ledger already.
        """
        read = await read_account(self.account)
        if isinstance(read, Unknown):
            return self._snapshot(
                symbol,
                self.clock.now_ms(),
                equity=read,
                available=read,
                holding=read,
                exposure=read,
            )
        positions = _completed(read, self.held())
        return self._snapshot(
            symbol,
            read.at_ms,
            equity=Known(read.equity_usd, read.at_ms),
            available=Known(self._available_usd(read, positions, besides), read.at_ms),
            holding=_holding(positions, symbol),
            exposure=self._exposure(positions, besides),
        )

    def _snapshot(
        self,
        symbol: Symbol,
        taken_ms: UnixMs,
        *,
        equity: Reading,
        available: Reading,
        holding: Holding | Unknown,
        exposure: Exposure | Unknown,
    ) -> RiskSnapshot:
        return RiskSnapshot(
            taken_ms=taken_ms,
            state=self._state(),
            equity=equity,
            available=available,
            mark=self.market.mark(symbol),
            volatility=self.market.volatility(symbol),
            instrument=self.instruments.find(symbol),
            holding=holding,
            exposure=exposure,
            day_loss_pct=self.gauge.day_loss_pct(),
            drawdown_pct=self.gauge.drawdown_pct(),
        )

    def _state(self) -> TradingState:
        """Return the account's state; what nobody guards or harvests is not added to.

        While a position is NAKED, or what follows an entry is at risk, none is made.
        """
        unsafe = bool(self.ledger.naked()) or self.unsafe()
        if unsafe and self.gauge.state is TradingState.RUNNING:
            return TradingState.REDUCING
        return self.gauge.state

    def _available_usd(
        self,
        read: AccountReading,
        positions: Sequence[PositionReading],
        besides: ClientOrderId | None,
    ) -> Decimal:
        """Return what is free once everything we know to be posted or reserved is."""
        _, reserved = self.ledger.reserved_usd(besides)
        posted = sum((p.margin_usd for p in positions), ZERO)
        stated = sum((p.margin_usd for p in read.positions), ZERO)
        return read.available_usd - (posted - stated) - reserved

    def _exposure(
        self, positions: Sequence[PositionReading], besides: ClientOrderId | None
    ) -> Exposure | Unknown:
        notional_usd, margin_usd = self.ledger.reserved_usd(besides)
        for position in positions:
            mark = self.market.mark(position.symbol)
            if isinstance(mark, Unknown):
                return Unknown(f"{position.symbol} is open and {mark.why}")
            notional_usd += position.quantity_base * mark.value
            margin_usd += position.margin_usd
        return Exposure(
            notional_usd=notional_usd,
            margin_usd=margin_usd,
            unknown_orders=len(self.ledger.unknown(besides)),
        )


def _completed(
    read: AccountReading, held: Mapping[Symbol, Position]
) -> tuple[PositionReading, ...]:
    """Return the positions as read, each as large as we know it to be at least."""
    completed = {position.symbol: position for position in read.positions}
    for symbol, position in held.items():
        stated = completed.get(symbol)
        if stated is None or stated.quantity_base < position.quantity_base:
            completed[symbol] = PositionReading(
                symbol=symbol,
                side=position.side,
                quantity_base=position.quantity_base,
                entry_price_usd=position.entry_price_usd,
                margin_usd=max(position.margin_usd, stated.margin_usd if stated else ZERO),
                stop_price_usd=None,
            )
    return tuple(completed.values())


def _holding(positions: Sequence[PositionReading], symbol: Symbol) -> Holding:
    for position in positions:
        if position.symbol == symbol:
            return Holding(side=position.side, quantity_base=position.quantity_base)
    return Holding(side=None, quantity_base=ZERO)

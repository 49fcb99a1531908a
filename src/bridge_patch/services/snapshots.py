"""Gather what the Governor has to know, from our own readings and nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from bridge_patch.domain.intent import Symbol, Unknown
from bridge_patch.domain.money import ZERO
from bridge_patch.governor.snapshot import Exposure, Holding, Known, RiskSnapshot
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import (
    Account,
    AccountReading,
    Clock,
    Instruments,
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Makes one consistent reading of account and market for one symbol.

    `account` is the venue's, or in shadow the governed book's. What is reserved for orders
    in doubt comes from the ledger and counts as if filled.
    """

    account: Account
    market: MarketView
    gauge: EquityGauge
    ledger: Ledger
    instruments: Instruments
    clock: Clock

    async def take(self, symbol: Symbol) -> RiskSnapshot:
        """Read everything once; what cannot be read is Unknown, with the reason."""
        read = await self.account.read()
        now_ms = self.clock.now_ms()
        return RiskSnapshot(
            taken_ms=now_ms if isinstance(read, Unknown) else read.at_ms,
            state=self.gauge.state,
            equity=read
            if isinstance(read, Unknown)
            else Known(read.equity_usd, read.at_ms),
            available=read
            if isinstance(read, Unknown)
            else Known(read.available_usd, read.at_ms),
            mark=self.market.mark(symbol),
            volatility=self.market.volatility(symbol),
            instrument=self.instruments.find(symbol),
            holding=read if isinstance(read, Unknown) else _holding(read, symbol),
            exposure=read if isinstance(read, Unknown) else self._exposure(read),
            day_loss_pct=self.gauge.day_loss_pct(),
            drawdown_pct=self.gauge.drawdown_pct(),
        )

    def _exposure(self, read: AccountReading) -> Exposure | Unknown:
        notional_usd, margin_usd = self.ledger.reserved_usd()
        for position in read.positions:
            mark = self.market.mark(position.symbol)
            if isinstance(mark, Unknown):
                return Unknown(f"{position.symbol} is open and {mark.why}")
            notional_usd += position.quantity_base * mark.value
            margin_usd += position.margin_usd
        return Exposure(
            notional_usd=notional_usd,
            margin_usd=margin_usd,
            unknown_orders=len(self.ledger.in_doubt),
        )


def _holding(read: AccountReading, symbol: Symbol) -> Holding:
    for position in read.positions:
        if position.symbol == symbol:
            return Holding(side=position.side, quantity_base=position.quantity_base)
    return Holding(side=None, quantity_base=ZERO)

"""Gather what the Governor has to know, from our own readings and nobody else's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.intent import Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.position import Position
from bridge_patch.domain.reconcile_events import DifferenceKind
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import (
    Holding,
    Known,
    Reading,
    RiskSnapshot,
)
from bridge_patch.services.activity import ActivityLog
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.differences import position_kind
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

#: A stated position that is no more than what we know of is ours: a reading may lag.
_OURS: Final = frozenset({None, DifferenceKind.POSITION_LESS})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """Makes one consistent reading of account and market for one symbol.

    `account` is the venue's, or in shadow the governed book's, and may lag behind what it
    was told a moment ago. `held` is what we know ourselves to be open there. Of the two the
    larger counts, so that two intents of one moment cannot share one room. What is reserved
    for orders in doubt comes from the ledger's budget and counts as if filled.
    """

    account: Account
    held: Callable[[], Mapping[Symbol, Position]]
    market: MarketView
    gauge: EquityGauge
    ledger: Ledger
    activity: ActivityLog
    instruments: Instruments
    conditions: Conditions
    clock: Clock
    limits: Limits

    async def take(
        self, symbol: Symbol, *, source: str = "", besides: ClientOrderId | None = None
    ) -> RiskSnapshot:
        """Read everything once; what cannot be read is Unknown, with the reason.

        `source` is who asks, `besides` the order that is being judged, where it is in the
        ledger already.
        """
        read = await read_account(self.account)
        if isinstance(read, Unknown):
            return self._snapshot(
                symbol,
                self._activity(symbol, source, besides),
                self.clock.now_ms(),
                equity=read,
                available=read,
                holding=read,
                exposure=read,
            )
        equity = Known(read.equity_usd, read.at_ms)
        hedged = hedged_in(read)
        if hedged:
            unread = Unknown(
                f"{hedged[0]} is open more than once: the account is in hedge mode, "
                "and only one-way mode is traded"
            )
            return self._snapshot(
                symbol,
                self._activity(symbol, source, besides),
                read.at_ms,
                equity=equity,
                available=unread,
                holding=unread,
                exposure=unread,
            )
        positions = _completed(read, self.held())
        return self._snapshot(
            symbol,
            self._activity(symbol, source, besides),
            read.at_ms,
            equity=equity,
            available=Known(self._available_usd(read, positions, besides), read.at_ms),
            holding=_holding(positions, symbol),
            exposure=self._exposure(symbol, read, positions, besides),
        )

    def _activity(
        self, symbol: Symbol, source: str, besides: ClientOrderId | None
    ) -> Activity:
        """State what was done lately, but for the order that is judged again."""
        doubt = self.ledger.in_doubt.get(besides) if besides is not None else None
        own = doubt.order.intent_id if doubt else None
        return self.activity.at(symbol, source, self.clock.now_ms(), own)

    def unrealised_usd(self) -> Decimal | Unknown:
        """Return the gain of what we know to be open, at our own prices."""
        gain_usd = ZERO
        for position in self.held().values():
            mark = self.market.mark(position.symbol)
            if isinstance(mark, Unknown):
                return Unknown(f"{position.symbol} is open and {mark.why}")
            gain_usd += position.unrealised_usd(mark.value)
        return gain_usd

    def _snapshot(
        self,
        symbol: Symbol,
        activity: Activity,
        taken_ms: UnixMs,
        *,
        equity: Reading,
        available: Reading,
        holding: Holding | Unknown,
        exposure: Exposure | Unknown,
    ) -> RiskSnapshot:
        market, gauge, conditions = self.market, self.gauge, self.conditions
        now_ms = self.clock.now_ms()
        return RiskSnapshot(
            taken_ms=taken_ms,
            state=gauge.state,
            equity=equity,
            available=available,
            mark=market.mark(symbol),
            index=market.index(symbol),
            volatility=market.volatility(symbol),
            shock_sigmas=market.shock_sigmas(symbol, self.limits.shock_pause_ms),
            turnover_usd=market.turnover_usd(symbol),
            funding=market.funding(symbol),
            instrument=self.instruments.find(symbol),
            filters_ms=self.instruments.read_ms(now_ms),
            holding=holding,
            exposure=exposure,
            activity=activity,
            day_loss_pct=gauge.day_loss_pct(),
            drawdown_pct=gauge.drawdown_pct(),
            equity_jump_pct=gauge.equity_jump_pct(),
            clock_skew_ms=conditions.clock_skew_ms(),
            exits_ms=conditions.exits_ms(),
            journal_has_room=not conditions.cramped(),
            venues=conditions.venues,
        )

    def _available_usd(
        self,
        read: AccountReading,
        positions: Sequence[PositionReading],
        besides: ClientOrderId | None,
    ) -> Decimal:
        """Return what is free once all that we know to be posted or reserved is.

        What is reserved is so with its fees and slippage, as it was judged.
        """
        reserved = self.ledger.budget.reserved(besides)
        notional_usd = reserved.long_usd + reserved.short_usd
        costs_usd = notional_usd * self.limits.round_trip_fraction
        posted = sum((p.margin_usd for p in positions), ZERO)
        stated = sum((p.margin_usd for p in read.positions), ZERO)
        return read.available_usd - (posted - stated) - reserved.margin_usd - costs_usd

    def _exposure(
        self,
        symbol: Symbol,
        read: AccountReading,
        positions: Sequence[PositionReading],
        besides: ClientOrderId | None,
    ) -> Exposure | Unknown:
        """Add up positions at our marks and reservations as they were approved.

        While the venue's own records are not known, nobody knows what is open there.
        """
        unread = self.conditions.unread()
        if unread is not None:
            return unread
        firm, on_symbol, margin_usd = {Side.BUY: ZERO, Side.SELL: ZERO}, ZERO, ZERO
        for position in positions:
            mark = self.market.mark(position.symbol)
            if isinstance(mark, Unknown):
                return Unknown(f"{position.symbol} is open and {mark.why}")
            notional_usd = position.quantity_base * mark.value
            firm[position.side] += notional_usd
            on_symbol += notional_usd if position.symbol == symbol else ZERO
            margin_usd += max(ZERO, position.margin_usd)
        held, budget = {p.symbol for p in positions}, self.ledger.budget
        reserved, reservations = budget.reserved(besides), tuple(budget.held(besides))
        unknown = self.ledger.unknown(besides)
        # A stop that outlived its position could close the next one.
        left = () if symbol in held else self.ledger.stale_stops(symbol)
        return Exposure(
            long_usd=firm[Side.BUY] + reserved.long_usd,
            short_usd=firm[Side.SELL] + reserved.short_usd,
            net_long_usd=firm[Side.BUY] + reserved.long_usd - firm[Side.SELL],
            net_short_usd=firm[Side.SELL] + reserved.short_usd - firm[Side.BUY],
            symbol_usd=on_symbol
            + sum((r.notional_usd for r in reservations if r.symbol == symbol), ZERO),
            margin_usd=margin_usd + reserved.margin_usd,
            open_positions=len(held | {r.symbol for r in reservations}),
            naked_positions=len(self.ledger.naked()),
            foreign_positions=len(foreign_in(read, self.held(), self.ledger)),
            unknown_orders=len(unknown),
            unknown_on_symbol=sum(order.symbol == symbol for order in unknown) + len(left),
            unknown_at_start=sum(o.order_id in self.ledger.inherited for o in unknown),
            unknown_since_ms=min((order.at_ms for order in unknown), default=None),
        )


def foreign_in(
    read: AccountReading, held: Mapping[Symbol, Position], ledger: Ledger
) -> tuple[Symbol, ...]:
    """Return the symbols on which the venue states more, or the other way, than is ours.

    An order in doubt may be what made the difference, so its symbol is not yet foreign. Of
    what is open more than once, one at least is not ours.
    """
    hedged = hedged_in(read)
    foreign = (
        stated.symbol
        for stated in read.positions
        if not any(ledger.doubts(stated.symbol, *Leg))
        and (
            stated.symbol in hedged
            or position_kind(held.get(stated.symbol), stated.side, stated.quantity_base)
            not in _OURS
        )
    )
    return tuple(dict.fromkeys(foreign))


def hedged_in(read: AccountReading) -> tuple[Symbol, ...]:
    """Return the symbols that are open more than once, as only hedge mode has them.

    Neither their sum nor their difference is what one order of ours would meet.
    """
    symbols = [position.symbol for position in read.positions]
    if len(set(symbols)) == len(symbols):
        return ()
    counted = Counter(symbols)
    return tuple(symbol for symbol, times in counted.items() if times > 1)


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

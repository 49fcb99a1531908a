"""Trades are booked here and nowhere else: the ledger, the records, and what is told.

Each fill moves the pure exchange's ledger by one event; wallet, income and user events are
read from it, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from bridge_patch.app.binance_server.records import (
    AlgoStatus,
    IncomeRecord,
    OrderRecord,
    Status,
    TimeInForce,
    TradeRecord,
)
from bridge_patch.app.binance_server.teller import (
    EXPIRED_REDUCE_ONLY,
    tell_account,
    tell_algo,
    tell_lite,
    tell_order,
)
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.venue_events import Filled, FundingPaid, InsuranceCleared
from bridge_patch.sim.legs import parted


def open_order(venue: Venue, order: OrderRecord) -> None:
    """Remember a new order and tell it."""
    venue.records.add_order(order)
    tell_order(venue, order, "NEW")


def book_fills(
    venue: Venue, order: OrderRecord, fills: Iterable[Filled | None], *, maker: bool = False
) -> None:
    """Book an order's trades, each in as many parts as the conditions say."""
    step = venue.instrument(order.symbol).quantity_step
    for fill in fills:
        if fill is not None:
            for part in parted(fill, venue.conditions.fill_parts, step):
                _book(venue, order, part, maker=maker)
            if venue.position(order.symbol) is None:
                end_with_position(venue, order.symbol)


def _book(venue: Venue, order: OrderRecord, fill: Filled, *, maker: bool) -> None:
    symbol, ledger = order.symbol, venue.exchange.ledger
    number = ledger.trades + 1
    venue.exchange.take((replace(fill, trade_id=f"{fill.book}-{number}"),))
    trade = TradeRecord(
        trade_id=number,
        order_id=order.order_id,
        symbol=symbol,
        side=order.side,
        price_usd=fill.price_usd,
        quantity_base=fill.quantity_base,
        realised_usd=fill.realised_usd,
        fee_usd=fill.fee_usd,
        maker=maker,
        at_ms=venue.now_ms,
    )
    venue.records.trades.append(trade)
    earn(venue, "COMMISSION", symbol, -fill.fee_usd, trade_id=number)
    earn(venue, "REALIZED_PNL", symbol, fill.realised_usd, trade_id=number)
    modes = venue.modes
    modes.gained_usd[symbol] = modes.gained_usd.get(symbol, ZERO) + fill.realised_usd
    order.executed_base += fill.quantity_base
    order.quote_usd += fill.quantity_base * fill.price_usd
    order.updated_ms = modes.updated_ms[symbol] = venue.now_ms
    full = order.executed_base >= order.quantity_base
    order.status = Status.FILLED if full else Status.PARTIALLY_FILLED
    tell_lite(venue, order, trade)
    tell_account(venue, "ORDER", symbol)
    tell_order(venue, order, "TRADE", trade=trade)


def end_order(
    venue: Venue, order: OrderRecord, status: Status, *, expiry: str = "0"
) -> None:
    """End an order that works: cancelled or expired, with what it filled."""
    order.status, order.updated_ms = status, venue.now_ms
    tell_order(venue, order, status.value, expiry=expiry)


def end_with_position(venue: Venue, symbol: Symbol) -> None:
    """End what cannot outlive the position: reduce-only orders and GTE_GTC ones."""
    for order in venue.records.open_orders(symbol):
        if order.reduce_only and order.executed_base < order.quantity_base:
            end_order(venue, order, Status.EXPIRED, expiry=EXPIRED_REDUCE_ONLY)
    for algo in venue.records.open_algos(symbol):
        if algo.status is AlgoStatus.NEW and algo.tif is TimeInForce.GTE_GTC:
            algo.status, algo.updated_ms = AlgoStatus.EXPIRED, venue.now_ms
            algo.reason = "The position is closed."
            tell_algo(venue, algo)


def book_insurance(venue: Venue, cleared: InsuranceCleared) -> None:
    """Book what the insurance fund took or gave after a liquidation."""
    venue.exchange.take((cleared,))
    earn(venue, "INSURANCE_CLEAR", cleared.symbol, cleared.amount_usd)
    tell_account(venue, "INSURANCE_CLEAR", cleared.symbol, change_usd=cleared.amount_usd)


def tell_funding(venue: Venue, paid: FundingPaid) -> None:
    """Record and tell a settlement that the exchange has booked.

    In cross margin the balance alone is told, in isolated margin the position too.
    """
    earn(venue, "FUNDING_FEE", paid.symbol, paid.amount_usd)
    tell_account(
        venue, "FUNDING_FEE", paid.symbol, change_usd=paid.amount_usd, at_ms=paid.at_ms
    )


def transfer(venue: Venue, amount_usd: Decimal) -> None:
    """Pay in, or take out what is free."""
    venue.exchange.ledger.wallet_usd += amount_usd
    earn(venue, "TRANSFER", None, amount_usd)
    tell_account(
        venue,
        "DEPOSIT" if amount_usd > 0 else "WITHDRAW",
        None,
        change_usd=amount_usd,
    )


def earn(
    venue: Venue,
    kind: str,
    symbol: Symbol | None,
    amount_usd: Decimal,
    *,
    trade_id: int | None = None,
) -> None:
    """Write down a movement of the wallet; nothing is no movement."""
    if amount_usd == 0:
        return
    venue.records.incomes.append(
        IncomeRecord(
            kind=kind,
            symbol=symbol,
            amount_usd=amount_usd,
            at_ms=venue.now_ms,
            number=len(venue.records.incomes) + 1,
            trade_id=trade_id,
        )
    )

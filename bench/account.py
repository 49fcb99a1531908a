"""An account with as many open positions as wanted, read by the real snapshot service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.account import Venues
from bridge_patch.domain.events import Book, Filled, FillKind, StopArmed
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import (
    Confidence,
    Entry,
    IntentId,
    LiveIntent,
    Proposal,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.market import Bar, FundingTerms, Tick
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.domain.order import Leg, client_order_id
from bridge_patch.services.activity import ActivityLog
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import AccountReading, PositionReading
from bridge_patch.services.snapshots import Snapshots

BTC: Final = Symbol("BTCUSDT")
START_MS: Final = UnixMs(1_746_403_200_000)
MINUTE_MS: Final = 60_000
WARM_MINUTES: Final = 122
EQUITY_USD: Final = Decimal(10_000)

_ENTRY_USD: Final = Decimal(100)
_STOP_USD: Final = Decimal(98)
_QUANTITY_BASE: Final = Decimal("0.01")
_MARGIN_USD: Final = Decimal("0.1")
_PAPER: Final = Venues(orders="paper", account="paper", prices="paper")
_TERMS: Final = FundingTerms(
    symbol=BTC,
    rate_fraction=Decimal("0.0001"),
    interval_ms=8 * 60 * MINUTE_MS,
    at_ms=START_MS,
)
#: As many positions as a bench may open; everything else is as shipped.
LIMITS: Final = load_settings({"OPEN_POSITIONS_MAX": "100000"}).limits()


@final
@dataclass(frozen=True, slots=True)
class FixedAccount:
    """A venue account that always reads the same."""

    reading: AccountReading

    async def read(self) -> AccountReading | Unknown:
        return self.reading


@final
@dataclass(frozen=True, slots=True)
class SomeInstruments:
    """The listed contracts, and BTC's rules for every invented one."""

    listed: ListedInstruments

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        found = self.listed.find(symbol)
        if isinstance(found, Instrument):
            return found
        like = self.listed.find(BTC)
        return replace(like, symbol=symbol) if isinstance(like, Instrument) else like

    def read_ms(self, now_ms: UnixMs) -> UnixMs:
        """Return the present: the table is never out of date."""
        return now_ms


def sane_entry() -> LiveIntent:
    """Return the entry that is judged: 450 USD at 15x on BTC, stop 2 % away."""
    return LiveIntent(
        Entry(
            id=IntentId("e-BTCUSDT-buy-1"),
            symbol=BTC,
            side=Side.BUY,
            confidence=Confidence(Decimal("0.85")),
            proposal=Proposal(margin=Margin(Decimal(450)), leverage=Leverage(Decimal(15))),
            stop=StopDistance(Decimal("0.02")),
            risk_budget=None,
            policy=POLICIES[HarvestMode.SCALPER],
            reference_price=None,
            created_ms=now_ms(),
            valid_until_ms=None,
            source="bench",
        )
    )


def now_ms() -> UnixMs:
    """Return the moment of judgement: the end of the warm-up."""
    return UnixMs(START_MS + WARM_MINUTES * MINUTE_MS)


def snapshots_with(open_positions: int) -> Snapshots:
    """Return the service that reads an account with so many other symbols open.

    Their quantities are tiny, so that the sane entry stays allowed beside a thousand.
    """
    symbols = tuple(Symbol(f"OPEN{n}USDT") for n in range(open_positions))
    ledger, gauge = Ledger(), EquityGauge(Book.ACCOUNT)
    clock = ManualClock(now_ms())
    for symbol in symbols:
        _open(ledger, symbol)
    gauge.observe(EQUITY_USD, now_ms(), Decimal(0), LIMITS)
    return Snapshots(
        account=FixedAccount(_reading(symbols)),
        held=lambda: ledger.positions,
        market=_market(symbols),
        gauge=gauge,
        ledger=ledger,
        activity=ActivityLog(book=Book.ACCOUNT),
        instruments=SomeInstruments(ListedInstruments()),
        conditions=Conditions(clock=clock, venues=_PAPER),
        clock=clock,
        limits=LIMITS,
    )


def _reading(symbols: tuple[Symbol, ...]) -> AccountReading:
    return AccountReading(
        at_ms=now_ms(),
        equity_usd=EQUITY_USD,
        available_usd=EQUITY_USD - len(symbols) * _MARGIN_USD,
        positions=tuple(
            PositionReading(
                symbol=symbol,
                side=Side.BUY,
                quantity_base=_QUANTITY_BASE,
                entry_price_usd=_ENTRY_USD,
                margin_usd=_MARGIN_USD,
                stop_price_usd=_STOP_USD,
            )
            for symbol in symbols
        ),
    )


def _open(ledger: Ledger, symbol: Symbol) -> None:
    """Let the ledger fold an entry that filled and its stop that rests."""
    intent_id = IntentId(f"e-{symbol}")
    ledger.apply(
        Filled(
            book=Book.ACCOUNT,
            at_ms=START_MS,
            symbol=symbol,
            side=Side.BUY,
            kind=FillKind.ENTRY,
            quantity_base=_QUANTITY_BASE,
            price_usd=_ENTRY_USD,
            fee_usd=Decimal("0.0005"),
            realised_usd=Decimal(0),
            margin_usd=_MARGIN_USD,
            order_id=client_order_id(intent_id, Leg.ENTRY),
            trade_id="1",
            intent_id=intent_id,
        )
    )
    ledger.apply(
        StopArmed(
            book=Book.ACCOUNT,
            at_ms=START_MS,
            symbol=symbol,
            side=Side.SELL,
            stop_price_usd=_STOP_USD,
            order_id=client_order_id(intent_id, Leg.STOP),
            intent_id=intent_id,
        )
    )


def _market(symbols: tuple[Symbol, ...]) -> MarketView:
    """Return a market that has two hours of BTC, and one bar of each other symbol."""
    market = MarketView()
    for minute in range(1, WARM_MINUTES + 1):
        closed = UnixMs(START_MS + minute * MINUTE_MS)
        # Up and down by 7 basis points a minute: some 50 % a year.
        price = Decimal(95_000) + (Decimal(66) if minute % 2 else Decimal(0))
        bars = [_bar(BTC, closed, price)]
        if minute == WARM_MINUTES:
            bars += [_bar(symbol, closed, _ENTRY_USD) for symbol in symbols]
        market.on_tick(Tick(at_ms=closed, bars=tuple(bars), terms=(_TERMS,)))
    return market


def _bar(symbol: Symbol, closed: UnixMs, price: Decimal) -> Bar:
    return Bar(
        symbol=symbol,
        open_ms=UnixMs(closed - MINUTE_MS),
        close_ms=closed,
        open=price,
        high=price,
        low=price,
        close=price,
        volume=Decimal(1_000),
    )

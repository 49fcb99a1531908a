"""Exits on trial: the same entries, taken off in several ways, each in a book of its own.

What runs is what is shipped: the sizer says how large and where the hard stop stands, a
shadow book harvests by `policy.harvesting.step`, the simulated exchange charges fees,
slippage and funding and liquidates. Only the entries know nothing: they come at regular
times, on both sides at once, so that what differs between two ways is the way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.events import Book
from bridge_patch.domain.harvest import POLICIES, TRAIL_MAX_PCT, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import (
    IntentId,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.market import Tick
from bridge_patch.evidence.trade_fold import TradesFold, Verdicts
from bridge_patch.evidence.trades import ExitReason, Trade
from bridge_patch.policy.sizing import (
    VOLATILITY_REFERENCE,
    Abstained,
    Sized,
    SizingBounds,
    size,
)
from bridge_patch.services.books import ShadowBook, Wish
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import Instruments
from bridge_patch.sim.exchange import Exchange

#: What the account is worth to the sizer, always: a trial is not to learn from the last.
EQUITY_USD: Final = Decimal(10_000)
#: What a book can post: so much that no trial fails for want of money.
WALLET_USD: Final = Decimal(100_000_000)
#: A confidence that makes the sizer choose each mode.
CONFIDENCES: Final[Mapping[HarvestMode, Decimal]] = MappingProxyType(
    {
        HarvestMode.SCALPER: Decimal("0.55"),
        HarvestMode.SWING: Decimal("0.70"),
        HarvestMode.TREND_RUNNER: Decimal("0.85"),
    }
)
#: Entries of a mode lie this many of its holds apart, and one bar: none meets the next.
_HOLDS_APART: Final = 2
#: A stop so far away that liquidation comes first: what holds to time has no other.
_NO_STOP: Final = StopDistance(Decimal("0.9"))
_BASIS_POINTS: Final = 10_000


class Way(StrEnum):
    """A way out of a position. The last is the mode's trail alone, from the entry on."""

    HARVEST = "harvest"
    FIXED_STOP = "fixed stop"
    HOLD = "hold to time"
    TRAIL = "trail only"


def ways_of(mode: HarvestMode) -> tuple[Way, ...]:
    """Return the ways that are tried: a trail that runs from the entry anyway only once."""
    alone = POLICIES[mode].trail_after_partial
    return tuple(way for way in Way if way is not Way.TRAIL or alone)


def policy_of(mode: HarvestMode, way: Way) -> HarvestPolicy:
    """Return the policy by which a way takes a position off; the hold is the mode's.

    A trail that waits for a profit nobody makes is no trail.
    """
    shipped = POLICIES[mode]
    match way:
        case Way.HARVEST:
            return shipped
        case Way.TRAIL:
            return HarvestPolicy(
                mode=mode, trail_pct=shipped.trail_pct, hold_max_sec=shipped.hold_max_sec
            )
        case Way.FIXED_STOP | Way.HOLD:
            return HarvestPolicy(
                mode=mode,
                trail_pct=TRAIL_MAX_PCT,
                hold_max_sec=shipped.hold_max_sec,
                partial_trigger_pct=Decimal(1000),
                partial_close_fraction=Decimal(1),
                trail_after_partial=True,
            )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """What came of an entry: net of every cost, in basis points of what was entered."""

    net_bp: float
    cost_bp: float
    reason: ExitReason
    hold_ms: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One entry and what came of it in each way. `volatility` is annual, 0.5 = 50 %."""

    symbol: Symbol
    side: Side
    mode: HarvestMode
    at_ms: UnixMs
    volatility: float
    leverage: float
    ends: Mapping[Way, End]


@final
@dataclass(slots=True)
class _Lane:
    """One book that takes every entry of a side and lets go of it in one way."""

    book: ShadowBook
    way: Way
    _verdicts: Verdicts = field(default_factory=Verdicts)
    _fold: TradesFold = field(init=False)

    def __post_init__(self) -> None:
        self._fold = TradesFold(self._verdicts)

    @property
    def flat(self) -> bool:
        return not self.book.exchange.positions

    def on_tick(self, tick: Tick) -> None:
        if not self.flat:
            for event in self.book.on_tick(tick):
                self._fold.take(event)

    def enter(self, tick: Tick, wish: Wish) -> None:
        self.book.see(tick)
        self._verdicts.policies[wish.intent_id] = wish.policy
        for event in self.book.enter(wish):
            self._fold.take(event)

    def ended(self) -> dict[IntentId, Trade]:
        """Return every trade that was opened and closed, by the entry's name."""
        closed = [trade for trade in self._fold.trades if trade.closed_ms is not None]
        return {trade.intent_id: trade for trade in closed}


@final
@dataclass(frozen=True, slots=True)
class _Entry:
    """What was entered, remembered until its ends are known."""

    intent_id: IntentId
    side: Side
    at_ms: UnixMs
    volatility: Decimal
    leverage: Decimal


@final
class ExitTrials:
    """Every way out of one mode in one symbol's market. `abstained` counts the sizer's no.

    An entry is made every two holds and a bar, on both sides, where every book is flat: one
    that still works off the last entry would not be paired.
    """

    def __init__(
        self,
        symbol: Symbol,
        mode: HarvestMode,
        *,
        instruments: Instruments,
        bounds: SizingBounds,
        bar_ms: int,
    ) -> None:
        self.symbol, self.mode, self.abstained = symbol, mode, 0
        self._bounds = bounds
        self._every_ms = _HOLDS_APART * POLICIES[mode].hold_max_sec * 1000 + bar_ms
        self._entries: list[_Entry] = []
        self._lanes = {
            side: tuple(_lane(way, instruments) for way in ways_of(mode)) for side in Side
        }

    def on_tick(self, tick: Tick, market: MarketView) -> None:
        """Take the market on; enter where it is time to. `market` has seen the tick."""
        lanes = [lane for both in self._lanes.values() for lane in both]
        for lane in lanes:
            lane.on_tick(tick)
        if tick.at_ms % self._every_ms == 0 and all(lane.flat for lane in lanes):
            self._enter(tick, market)

    def trials(self) -> Iterator[Trial]:
        """Yield every entry of which all ends are known, oldest first."""
        ended = {
            side: {lane.way: lane.ended() for lane in lanes}
            for side, lanes in self._lanes.items()
        }
        for entry in self._entries:
            found = {
                way: trades[entry.intent_id]
                for way, trades in ended[entry.side].items()
                if entry.intent_id in trades
            }
            if len(found) == len(self._lanes[entry.side]):
                yield Trial(
                    symbol=self.symbol,
                    side=entry.side,
                    mode=self.mode,
                    at_ms=entry.at_ms,
                    volatility=float(entry.volatility),
                    leverage=float(entry.leverage),
                    ends={way: _end(trade) for way, trade in found.items()},
                )

    def _enter(self, tick: Tick, market: MarketView) -> None:
        factor = market.factor(self.symbol)
        if isinstance(factor, Unknown):
            return
        sized = size(CONFIDENCES[self.mode], factor, EQUITY_USD, self._bounds)
        if isinstance(sized, Abstained):
            self.abstained += 1
            return
        for side, lanes in self._lanes.items():
            entry = _Entry(
                IntentId(f"{self.mode}-{self.symbol}-{side}-{tick.at_ms}"),
                side,
                tick.at_ms,
                factor * VOLATILITY_REFERENCE,
                sized.proposal.leverage.times,
            )
            self._entries.append(entry)
            for lane in lanes:
                lane.enter(tick, self._wish(entry, sized, lane.way))

    def _wish(self, entry: _Entry, sized: Sized, way: Way) -> Wish:
        return Wish(
            intent_id=entry.intent_id,
            symbol=self.symbol,
            side=entry.side,
            proposal=sized.proposal,
            stop=_NO_STOP if way is Way.HOLD else sized.stop,
            policy=policy_of(self.mode, way),
        )


def _lane(way: Way, instruments: Instruments) -> _Lane:
    exchange = Exchange(book=Book.BASELINE, wallet_usd=WALLET_USD, instruments=instruments)
    return _Lane(ShadowBook(exchange, instruments), way)


def _end(trade: Trade) -> End:
    entered_usd = trade.quantity_base * trade.entry_price_usd
    return End(
        net_bp=float(trade.net_usd / entered_usd * _BASIS_POINTS),
        cost_bp=float((trade.fees_usd - trade.funding_usd) / entered_usd * _BASIS_POINTS),
        reason=_reason(trade),
        hold_ms=trade.hold_ms or 0,
    )


def _reason(trade: Trade) -> ExitReason:
    """Return how the last of it ended; what a book closes early, the trail has closed."""
    last = trade.exits[-1].reason
    return ExitReason.TRAIL if last is ExitReason.CLOSE else last

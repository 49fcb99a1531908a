"""Folds one book's events into its positions, with their stops and their ways out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, assert_never, final

from bridge_patch.domain.early_exits import EarlyExits
from bridge_patch.domain.events import (
    Event,
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    Judged,
    OrderEnded,
    Sending,
    StopArmed,
    TrailingSet,
)
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.money import HUNDRED, ONE, ZERO
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.evidence.trades import Exit, ExitReason, Level, Trade

#: What the exit brain says of a reduction, in its own words.
STATED: Final[Mapping[str, ExitReason]] = MappingProxyType(
    {
        "MAX_HOLD": ExitReason.TIME,
        "STOP_BREACHED": ExitReason.STOP,
        "TRAIL_BREACHED": ExitReason.TRAIL,
        "BREAK_EVEN_BREACHED": ExitReason.STOP,
        "PARTIAL_PROFIT": ExitReason.PART,
    }
)


@final
@dataclass(slots=True)
class Verdicts:
    """What the journal's verdicts say of entries' policies and reductions' reasons."""

    policies: dict[IntentId, HarvestPolicy] = field(default_factory=dict)
    reasons: dict[IntentId, ExitReason] = field(default_factory=dict)

    def take(self, judged: Judged) -> None:
        """Fold one verdict."""
        if judged.harvest_policy is not None:
            self.policies[judged.intent_id] = judged.harvest_policy
        elif judged.detail in STATED:
            self.reasons[judged.intent_id] = STATED[judged.detail]


@final
@dataclass(slots=True)
class _Open:
    """A position that is open, its story, and what rests for it."""

    position: Position
    trade: Trade
    resting: dict[ClientOrderId, Decimal | None] = field(default_factory=dict)
    trails: set[ClientOrderId] = field(default_factory=set)


@final
@dataclass(slots=True)
class TradesFold:
    """One book's positions, as its own events tell them; `trades` in order of opening."""

    verdicts: Verdicts
    trades: list[Trade] = field(default_factory=list)
    _open: dict[Symbol, _Open] = field(default_factory=dict)
    _last: dict[Symbol, Trade] = field(default_factory=dict)
    _early: EarlyExits = field(default_factory=EarlyExits)

    @property
    def flat(self) -> bool:
        """Whether nothing is open."""
        return not self._open

    def take(self, event: Event) -> None:
        """Fold one event of the book; of the account's also when its orders left."""
        match event:
            case Filled():
                self._filled(event)
            case Sending():
                self._early.sent(event)
            case StopArmed():
                self._rest(event, event.stop_price_usd)
            case TrailingSet():
                self._rest(event, _trail_level(event))
            case OrderEnded() if held := self._open.get(event.symbol):
                held.resting.pop(event.order_id, None)
                _leveled(held, event.at_ms)
            case FundingPaid() if held := self._open.get(event.symbol):
                held.trade.funding_usd += event.amount_usd
            case InsuranceCleared() if last := self._last.get(event.symbol):
                last.insurance_usd += event.amount_usd
            case _:
                pass

    def _filled(self, fill: Filled) -> None:
        held = self._open.get(fill.symbol)
        for one, after in self._early.fold(held.position if held else None, fill):
            self._moved(one, after)

    def _moved(self, fill: Filled, after: Position | None) -> None:
        held = self._open.get(fill.symbol)
        if held is None:
            if after is not None:
                self._begin(fill, after, fill.fee_usd)
            return
        before = held.position
        if after is not None and before.signed_base * fill.side.sign > 0:
            _enlarged(held, fill, after)
            return
        turned = after is not None and after.signed_base * before.signed_base < 0
        self._reduced(held, fill, None if turned else after)
        if turned and after is not None:
            self._begin(fill, after, ZERO)

    def _begin(self, fill: Filled, position: Position, fee_usd: Decimal) -> None:
        trade = Trade(
            book=fill.book,
            symbol=fill.symbol,
            side=position.side,
            intent_id=fill.intent_id,
            policy=self.verdicts.policies.get(fill.intent_id),
            opened_ms=fill.at_ms,
            entry_price_usd=position.entry_price_usd,
            quantity_base=position.quantity_base,
            margin_usd=position.margin_usd,
            fees_usd=fee_usd,
        )
        self.trades.append(trade)
        self._last[fill.symbol] = trade
        self._open[fill.symbol] = _Open(position, trade)

    def _reduced(self, held: _Open, fill: Filled, after: Position | None) -> None:
        trade, taken = held.trade, min(fill.quantity_base, held.position.quantity_base)
        reason = self._reason(held, fill, after)
        trade.realised_usd += fill.realised_usd
        trade.fees_usd += fill.fee_usd
        leg = Exit(
            at_ms=fill.at_ms,
            reason=reason,
            order_id=fill.order_id,
            quantity_base=taken,
            price_usd=fill.price_usd,
            realised_usd=fill.realised_usd,
            fee_usd=fill.fee_usd,
        )
        if trade.exits and trade.exits[-1].order_id == fill.order_id:
            trade.exits[-1] = _joined(trade.exits[-1], leg)
        else:
            trade.exits.append(leg)
        if after is None:
            trade.closed_ms = fill.at_ms
            del self._open[fill.symbol]
        else:
            held.position = after
            held.resting.pop(fill.order_id, None)

    def _reason(self, held: _Open, fill: Filled, after: Position | None) -> ExitReason:
        """Say why, in the words of whoever asked, else from what can be seen."""
        match fill.kind:
            case FillKind.LIQUIDATION:
                return ExitReason.LIQUIDATION
            case FillKind.ENTRY:
                return ExitReason.OPPOSED
            case FillKind.STOP:
                trailed = held.trade.trailed or fill.order_id in held.trails
                return ExitReason.TRAIL if trailed else ExitReason.STOP
            case FillKind.REDUCE:
                stated = self.verdicts.reasons.get(fill.intent_id)
                return stated or _seen(held.trade, fill, after)
            case unreachable:
                assert_never(unreachable)

    def _rest(self, order: StopArmed | TrailingSet, price_usd: Decimal | None) -> None:
        held = self._open.get(order.symbol)
        if held is None:
            return
        held.resting[order.order_id] = price_usd
        if isinstance(order, TrailingSet):
            held.trails.add(order.order_id)
        _leveled(held, order.at_ms)


def _seen(trade: Trade, fill: Filled, after: Position | None) -> ExitReason:
    """Return why a reduction happened that nobody gave a reason for."""
    if after is not None:
        return ExitReason.PART
    policy, held_ms = trade.policy, fill.at_ms - trade.opened_ms
    if policy is not None and held_ms >= policy.hold_max_sec * 1000:
        return ExitReason.TIME
    return ExitReason.CLOSE


def _leveled(held: _Open, at_ms: UnixMs) -> None:
    """Note the level that now fires first, where it is another than before."""
    sign, levels = held.trade.side.sign, held.trade.levels
    prices = [price for price in held.resting.values() if price is not None]
    nearest = max(prices, key=lambda price: sign * price, default=None)
    if nearest != (levels[-1].price_usd if levels else None):
        levels.append(Level(at_ms, nearest))


def _enlarged(held: _Open, fill: Filled, after: Position) -> None:
    held.position = after
    trade = held.trade
    trade.entry_price_usd = after.entry_price_usd
    trade.quantity_base += fill.quantity_base
    trade.margin_usd += fill.margin_usd
    trade.fees_usd += fill.fee_usd


def _joined(leg: Exit, more: Exit) -> Exit:
    """Return two fills of one order as one exit; the later one knows how it ended."""
    quantity = leg.quantity_base + more.quantity_base
    paid = leg.quantity_base * leg.price_usd + more.quantity_base * more.price_usd
    return Exit(
        at_ms=more.at_ms,
        reason=more.reason,
        order_id=more.order_id,
        quantity_base=quantity,
        price_usd=paid / quantity,
        realised_usd=leg.realised_usd + more.realised_usd,
        fee_usd=leg.fee_usd + more.fee_usd,
    )


def _trail_level(trail: TrailingSet) -> Decimal | None:
    """Return the level a trailing stop stands at; None before its activation."""
    if trail.best_usd is None:
        return None
    return trail.best_usd * (ONE - trail.side.opposite.sign * trail.callback_pct / HUNDRED)

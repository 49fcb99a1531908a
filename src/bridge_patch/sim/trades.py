"""One trade, priced, charged and bounded: the only place where fills are made.

No closing trade takes more from the wallet than the isolated margin it releases: beyond the
bankruptcy price the exchange's insurance pays. So the free balance never becomes negative.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.money import ZERO, floor_to
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position, gain_usd
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
)
from bridge_patch.sim.costs import Costs, fill_price, usd_down, usd_up
from bridge_patch.sim.ledger import Ledger

#: Why the stops of a position end with it, as the venue's tied conditional orders do.
POSITION_CLOSED = "position closed"
#: Why a market order ends that the bar's volume could not fill whole.
REST_EXPIRED = "the rest expired: beyond the share of a bar's volume that one may take"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a decision may look at: the account, one contract, its last price, the time.

    The last price stands in for the mark price, which bars do not have. `volume_base` is
    that of the newest bar, None before the first one.
    """

    book: Book
    now_ms: UnixMs
    ledger: Ledger
    costs: Costs
    instrument: Instrument
    last_usd: Decimal
    volume_base: Decimal | None

    @property
    def symbol(self) -> Symbol:
        """The contract's symbol."""
        return self.instrument.symbol

    @property
    def position(self) -> Position | None:
        """What is open on the symbol."""
        return self.ledger.positions.get(self.symbol)

    def trade_id(self, ahead: int = 1) -> str:
        """Return the id of the `ahead`-th trade from now."""
        return f"{self.book}-{self.ledger.trades + ahead}"

    def refusal(self, order_id: ClientOrderId, code: str, message: str) -> OrderRefused:
        """Return the exchange's no, stamped."""
        return OrderRefused(
            book=self.book,
            at_ms=self.now_ms,
            symbol=self.symbol,
            order_id=order_id,
            code=code,
            message=message,
        )


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Whose order trades, and why."""

    kind: FillKind
    order_id: ClientOrderId
    intent_id: IntentId


def opening(
    scene: Scene,
    order: Order,
    *,
    side: Side,
    quantity_base: Decimal,
    price_usd: Decimal,
    leverage: int,
    ahead: int = 1,
) -> Filled:
    """Return the trade that opens or enlarges: margin = notional ÷ leverage, fee on top."""
    notional = quantity_base * price_usd
    return Filled(
        book=scene.book,
        at_ms=scene.now_ms,
        symbol=scene.symbol,
        side=side,
        kind=order.kind,
        quantity_base=quantity_base,
        price_usd=price_usd,
        fee_usd=usd_up(notional * scene.costs.taker_fraction),
        realised_usd=ZERO,
        margin_usd=usd_up(notional / leverage),
        order_id=order.order_id,
        trade_id=scene.trade_id(ahead),
        intent_id=order.intent_id,
    )


def closing(
    scene: Scene,
    order: Order,
    position: Position,
    *,
    quantity_base: Decimal,
    price_usd: Decimal,
    fee_fraction: Decimal,
) -> Filled:
    """Return the trade that closes part or all, bounded by the margin it releases."""
    released = position.margin_usd
    if quantity_base < position.quantity_base:
        share = position.margin_usd * quantity_base / position.quantity_base
        released = min(usd_up(share), position.margin_usd)
    bankrupt = bankruptcy_price(position, scene.instrument)
    worst = max if position.side is Side.BUY else min
    price = worst(price_usd, bankrupt)
    gain = gain_usd(position, quantity_base, price)
    # The price is bounded already; this holds where an averaged entry had to be rounded.
    realised = max(usd_down(gain), -max(released, ZERO))
    fee = usd_up(quantity_base * price * fee_fraction)
    return Filled(
        book=scene.book,
        at_ms=scene.now_ms,
        symbol=scene.symbol,
        side=position.side.opposite,
        kind=order.kind,
        quantity_base=quantity_base,
        price_usd=price,
        fee_usd=min(fee, max(released, ZERO) + realised),
        realised_usd=realised,
        margin_usd=-released,
        order_id=order.order_id,
        trade_id=scene.trade_id(),
        intent_id=order.intent_id,
    )


def liquidating(
    scene: Scene, order: Order, position: Position, price_usd: Decimal
) -> tuple[Filled, *tuple[InsuranceCleared, ...]]:
    """Return the forced close of all there is, and what the insurance fund makes of it.

    The trade itself carries no fee. Of what the margin has left, the fund takes its share
    of the notional; a loss beyond the margin it pays.
    """
    quantity = position.quantity_base
    realised = usd_down(gain_usd(position, quantity, price_usd))
    fill = Filled(
        book=scene.book,
        at_ms=scene.now_ms,
        symbol=scene.symbol,
        side=position.side.opposite,
        kind=order.kind,
        quantity_base=quantity,
        price_usd=price_usd,
        fee_usd=ZERO,
        realised_usd=realised,
        margin_usd=-position.margin_usd,
        order_id=order.order_id,
        trade_id=scene.trade_id(),
        intent_id=order.intent_id,
    )
    left = position.margin_usd + realised
    share = usd_up(quantity * price_usd * scene.costs.liquidation_fraction)
    amount = -min(left, share)
    if amount == 0:
        return (fill,)
    cleared = InsuranceCleared(
        book=scene.book,
        at_ms=scene.now_ms,
        symbol=scene.symbol,
        amount_usd=amount,
        order_id=order.order_id,
        intent_id=order.intent_id,
    )
    return fill, cleared


def takeable_base(scene: Scene) -> Decimal | None:
    """Return what market orders may still take of this bar; None where that is unknown."""
    if scene.volume_base is None:
        return None
    share = scene.volume_base * scene.costs.volume_share_max
    return max(share - scene.ledger.taken_base(scene.symbol, scene.now_ms), ZERO)


def rest_expired(scene: Scene, order_id: ClientOrderId) -> OrderEnded:
    """Return the end of a market order that was filled in part."""
    return OrderEnded(
        book=scene.book,
        at_ms=scene.now_ms,
        symbol=scene.symbol,
        order_id=order_id,
        reason=REST_EXPIRED,
    )


def market_price(scene: Scene, side: Side, quantity_base: Decimal) -> Decimal:
    """Return what a market order trades at now."""
    return fill_price(
        scene.costs,
        scene.instrument,
        side=side,
        quantity_base=quantity_base,
        last_usd=scene.last_usd,
    )


def bankruptcy_price(position: Position, instrument: Instrument) -> Decimal:
    """Return where the loss equals the margin, on the tick nearer to the entry."""
    sign, tick = position.side.sign, instrument.price_tick
    level = position.entry_price_usd
    level -= sign * max(position.margin_usd, ZERO) / position.quantity_base
    if level <= tick:
        return tick
    cut = floor_to(level, tick)
    return cut + tick if sign > 0 and cut < level else cut


def stops_ended(
    scene: Scene, *, besides: ClientOrderId | None = None
) -> tuple[OrderEnded, ...]:
    """Return the end of all that rests on the symbol, now that it is flat."""
    return tuple(
        OrderEnded(
            book=scene.book,
            at_ms=scene.now_ms,
            symbol=scene.symbol,
            order_id=order_id,
            reason=POSITION_CLOSED,
        )
        for resting in (scene.ledger.stops, scene.ledger.trails)
        for order_id in resting.get(scene.symbol, {})
        if order_id != besides
    )

"""Journal and venue side by side: what differs, each with both sides stated. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.reconcile_events import Difference, DifferenceKind
from bridge_patch.domain.venue_records import OrderRecord, PositionRecord, VenueRecords

#: Every order id of ours has this form (`domain.order.client_order_id`).
_OURS: Final = re.compile(r"bp-[0-9a-f]{24}")
_NONE: Final = "none"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStop:
    """A stop that the journal says rests; `side` is the order's.

    It closes all there is where `quantity_base` is None.
    """

    symbol: Symbol
    order_id: ClientOrderId
    side: Side
    price_usd: Decimal
    quantity_base: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecords:
    """What the journal says the venue must state.

    `doubted` are the symbols on which an order's fate is open: that explains whatever
    differs there. `leverages` are those we set and did not set anew; none known is none
    compared. `wallet_usd` None has not been counted yet, or cannot be while in doubt.
    """

    positions: Mapping[Symbol, Position] = field(default_factory=dict)
    stops: Sequence[OwnStop] = ()
    leverages: Mapping[Symbol, tuple[int, ...]] = field(default_factory=dict)
    doubted: frozenset[Symbol] = frozenset()
    wallet_usd: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerances:
    """How far wallets may differ: an amount, or a share of it where that is more.

    Quantities, levels and leverages are exact on both sides: any difference is one.
    """

    wallet_usd: Decimal
    wallet_fraction: Decimal

    def wallet_agrees(self, ours_usd: Decimal, theirs_usd: Decimal) -> bool:
        """Tell whether two wallets are one, rounding aside."""
        most_usd = max(self.wallet_usd, abs(theirs_usd) * self.wallet_fraction)
        return abs(theirs_usd - ours_usd) <= most_usd


#: A cent, or a dollar of a hundred thousand: what many small roundings may add up to.
SHIPPED: Final = Tolerances(wallet_usd=Decimal("0.01"), wallet_fraction=Decimal("0.00001"))


def differences(
    own: OwnRecords, venue: VenueRecords, tolerances: Tolerances = SHIPPED
) -> tuple[Difference, ...]:
    """Return everything on which the two do not agree; equal sides give nothing."""
    return (
        *_modes(venue),
        *_positions(own, venue),
        *_leverages(own, venue),
        *_stops(own, venue),
        *_foreign_orders(own, venue),
        *_wallets(own, venue, tolerances),
    )


def position_kind(
    ours: Position | None, side: Side, quantity_base: Decimal
) -> DifferenceKind | None:
    """Return how a stated position differs from ours; None where they are the same."""
    if ours is None:
        return DifferenceKind.POSITION_EXTRA
    if ours.side is not side:
        return DifferenceKind.POSITION_SIDE
    if quantity_base > ours.quantity_base:
        return DifferenceKind.POSITION_MORE
    if quantity_base < ours.quantity_base:
        return DifferenceKind.POSITION_LESS
    return None


def is_same(one: Difference, two: Difference, tolerances: Tolerances = SHIPPED) -> bool:
    """Tell whether a difference is as it was told; a wallet's may round otherwise."""
    if one.amount_usd is None or two.amount_usd is None:
        return one == two
    return one.subject == two.subject and tolerances.wallet_agrees(
        one.amount_usd, two.amount_usd
    )


def _modes(venue: VenueRecords) -> Iterator[Difference]:
    if not venue.one_way:
        yield Difference(
            kind=DifferenceKind.HEDGE_MODE, ours="one-way mode", theirs="hedge mode"
        )
    if not venue.single_asset:
        yield Difference(
            kind=DifferenceKind.MULTI_ASSETS,
            ours="single-asset mode",
            theirs="multi-assets mode",
        )
    for position in venue.positions:
        if not position.isolated:
            yield Difference(
                kind=DifferenceKind.CROSS_MARGIN,
                symbol=position.symbol,
                ours="isolated margin",
                theirs="cross margin",
            )


def _positions(own: OwnRecords, venue: VenueRecords) -> Iterator[Difference]:
    stated: dict[Symbol, list[PositionRecord]] = {}
    for record in venue.positions:
        stated.setdefault(record.symbol, []).append(record)
    for symbol in sorted({*own.positions, *stated} - own.doubted):
        ours, records = own.positions.get(symbol), stated.get(symbol, [])
        kind: DifferenceKind | None = DifferenceKind.POSITION_EXTRA
        if not records:
            kind = DifferenceKind.POSITION_MISSING
        elif len(records) == 1:
            kind = position_kind(ours, records[0].side, records[0].quantity_base)
        if kind is not None:
            yield Difference(
                kind=kind,
                symbol=symbol,
                ours=_held(ours.side, ours.quantity_base) if ours else _NONE,
                theirs=" and ".join(_held(r.side, r.quantity_base) for r in records)
                or _NONE,
            )


def _leverages(own: OwnRecords, venue: VenueRecords) -> Iterator[Difference]:
    for record in venue.positions:
        ours = own.leverages.get(record.symbol, ())
        held = record.symbol in own.positions and record.symbol not in own.doubted
        if held and ours and record.leverage not in ours:
            yield Difference(
                kind=DifferenceKind.LEVERAGE,
                symbol=record.symbol,
                ours=f"{ours[-1]}x",
                theirs=f"{record.leverage}x",
            )


def _stops(own: OwnRecords, venue: VenueRecords) -> Iterator[Difference]:
    """Compare what rests by its id; one of our form that we do not know of is extra."""
    resting = {order.order_id: order for order in venue.orders}
    known = {stop.order_id for stop in own.stops}
    for stop in own.stops:
        order = resting.get(stop.order_id)
        if stop.symbol in own.doubted or (order and _is_as_armed(stop, order, own)):
            continue
        yield Difference(
            kind=DifferenceKind.STOP_CHANGED if order else DifferenceKind.STOP_MISSING,
            symbol=stop.symbol,
            order_id=stop.order_id,
            ours=f"{stop.side} {_much(stop.quantity_base)} at {_plain(stop.price_usd)}",
            theirs=_resting(order) if order else _NONE,
        )
    for order in venue.orders:
        unknown = is_ours(order) and order.order_id not in known
        if unknown and order.symbol not in own.doubted:
            yield Difference(
                kind=DifferenceKind.STOP_EXTRA,
                symbol=order.symbol,
                order_id=order.order_id,
                ours=_NONE,
                theirs=_resting(order),
            )


def _is_as_armed(stop: OwnStop, order: OrderRecord, own: OwnRecords) -> bool:
    """Tell whether a stop rests as it was armed, or over all there is; closing only."""
    position = own.positions.get(stop.symbol)
    covered = order.quantity_base in {None, stop.quantity_base} or (
        position is not None and order.quantity_base == position.quantity_base
    )
    same = (order.symbol, order.trigger_usd) == (stop.symbol, stop.price_usd)
    return covered and same and order.reduce_only and stop.side is order.side


def _foreign_orders(own: OwnRecords, venue: VenueRecords) -> Iterator[Difference]:
    """Count what is not ours, by symbol; what it is called is nobody's business here."""
    known = {stop.order_id for stop in own.stops}
    counted = Counter(
        order.symbol
        for order in venue.orders
        if order.order_id not in known and not is_ours(order)
    )
    for symbol, count in sorted(counted.items()):
        yield Difference(
            kind=DifferenceKind.FOREIGN_ORDER,
            symbol=symbol,
            ours=_NONE,
            theirs=f"{count} resting that we never sent",
        )


def _wallets(
    own: OwnRecords, venue: VenueRecords, tolerances: Tolerances
) -> Iterator[Difference]:
    if own.wallet_usd is None:
        return
    if not tolerances.wallet_agrees(own.wallet_usd, venue.wallet_usd):
        yield Difference(
            kind=DifferenceKind.WALLET,
            ours=f"{own.wallet_usd:.2f} USD",
            theirs=f"{venue.wallet_usd:.2f} USD",
            amount_usd=venue.wallet_usd - own.wallet_usd,
        )


def is_ours(order: OrderRecord) -> bool:
    """Tell whether an order carries an id as we make them."""
    return _OURS.fullmatch(order.order_id) is not None


def _held(side: Side, quantity_base: Decimal) -> str:
    return f"{side} {_plain(quantity_base)}"


def _resting(order: OrderRecord) -> str:
    quantity = _much(order.quantity_base)
    level = "" if order.trigger_usd is None else f" at {_plain(order.trigger_usd)}"
    opens = "" if order.reduce_only else ", not reduce-only"
    return f"{order.side} {quantity}{level}{opens}"


def _much(quantity_base: Decimal | None) -> str:
    return "close-all" if quantity_base is None else _plain(quantity_base)


def _plain(number: Decimal) -> str:
    """Return a figure without zeros at its end: both sides write the same one alike."""
    return f"{number.normalize():f}"

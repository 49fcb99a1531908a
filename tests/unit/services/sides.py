"""Journal and venue that agree, and what can be put wrong with a venue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from hypothesis import strategies as st

from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, client_order_id
from bridge_patch.domain.position import Position
from bridge_patch.domain.reconcile_events import DifferenceKind as K
from bridge_patch.domain.venue_records import (
    OrderRecord,
    PositionRecord,
    Service,
    VenueRecords,
)
from bridge_patch.services.differences import (
    OwnRecords,
    OwnStop,
    differences,
)
from tests.questions import NOW

D = Decimal
SYMBOLS = tuple(map(Symbol, ("BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")))
quantities = st.decimals("0.001", "1000", places=3)
prices = st.decimals("0.01", "100000", places=2)


@dataclass(frozen=True)
class Sides:
    """What the journal says, and a venue that says the same."""

    own: OwnRecords
    venue: VenueRecords

    def kinds(self) -> list[K]:
        return [d.kind for d in differences(self.own, self.venue)]


@st.composite
def agreeing(draw: st.DrawFn, least: int = 0) -> Sides:
    """Up to four positions, each with one or two stops, at both sides."""
    symbols = draw(st.lists(st.sampled_from(SYMBOLS), unique=True, min_size=least))
    wallet = draw(st.decimals("-1000", "1000000", places=4))
    positions, stops, records, orders = {}, [], [], []
    leverages = {}
    for symbol in symbols:
        side, quantity = draw(st.sampled_from(Side)), draw(quantities)
        entry, leverage = draw(prices), draw(st.integers(1, 125))
        positions[symbol] = Position(
            symbol=symbol,
            signed_base=side.sign * quantity,
            first_base=quantity,
            entry_price_usd=entry,
            margin_usd=D(1),
            opened_ms=NOW,
        )
        leverages[symbol] = (leverage,)
        records.append(
            PositionRecord(
                symbol=symbol,
                side=side,
                # The same figure, written as another program would.
                quantity_base=quantity * D("1.000"),
                entry_price_usd=entry,
                leverage=leverage,
                isolated=True,
            )
        )
        for n in range(draw(st.integers(1, 2))):
            level = draw(prices)
            order_id = client_order_id(IntentId(symbol), Leg.STOP, attempt=n)
            stop = OwnStop(
                symbol=symbol, order_id=order_id, side=side.opposite, price_usd=level
            )
            stops.append(stop)
            orders.append(resting(stop, draw(st.sampled_from([None, quantity]))))
    own = OwnRecords(
        positions=positions, stops=stops, leverages=leverages, wallet_usd=wallet
    )
    return Sides(
        own,
        VenueRecords(
            at_ms=NOW,
            wallet_usd=wallet,
            positions=tuple(draw(st.permutations(records))),
            orders=tuple(draw(st.permutations(orders))),
            one_way=True,
            single_asset=True,
        ),
    )


def resting(stop: OwnStop, quantity: Decimal | None = None) -> OrderRecord:
    assert stop.side is not None
    return OrderRecord(
        symbol=stop.symbol,
        order_id=stop.order_id,
        service=Service.CONDITIONAL,
        side=stop.side,
        quantity_base=quantity,
        trigger_usd=stop.price_usd,
        reduce_only=True,
    )


def with_position(venue: VenueRecords, **changes: object) -> VenueRecords:
    """The first position another one; of nothing, gone."""
    first, *others = venue.positions
    changed = () if "gone" in changes else (replace(first, **changes),)  # type: ignore[arg-type]
    return replace(venue, positions=(*changed, *others))


def with_order(venue: VenueRecords, **changes: object) -> VenueRecords:
    first, *others = venue.orders
    changed = () if "gone" in changes else (replace(first, **changes),)  # type: ignore[arg-type]
    return replace(venue, orders=(*changed, *others))


def extra_order(venue: VenueRecords, name: str) -> VenueRecords:
    extra = replace(venue.orders[0], order_id=ClientOrderId(name))
    return replace(venue, orders=(*venue.orders, extra))


def turned(venue: VenueRecords) -> VenueRecords:
    return with_position(venue, side=venue.positions[0].side.opposite)


def moved(venue: VenueRecords) -> VenueRecords:
    level = venue.orders[0].trigger_usd
    assert level is not None
    return with_order(venue, trigger_usd=level + D("0.01"))


def scaled(factor: str) -> object:
    def change(venue: VenueRecords) -> VenueRecords:
        quantity = venue.positions[0].quantity_base * D(factor)
        # A stop for a stated quantity is one for the position as we know it.
        whole = tuple(replace(o, quantity_base=None) for o in venue.orders)
        return with_position(replace(venue, orders=whole), quantity_base=quantity)

    return change


OUR_FORM = client_order_id(IntentId("another"), Leg.STOP)
DISTURBANCES = {
    K.POSITION_MISSING: lambda v: with_position(v, gone=True),
    K.POSITION_SIDE: turned,
    K.POSITION_MORE: scaled("1.001"),
    K.POSITION_LESS: scaled("0.999"),
    K.STOP_MISSING: lambda v: with_order(v, gone=True),
    K.STOP_EXTRA: lambda v: extra_order(v, OUR_FORM),
    K.STOP_CHANGED: moved,
    K.FOREIGN_ORDER: lambda v: extra_order(v, "web_1"),
    K.LEVERAGE: lambda v: with_position(v, leverage=v.positions[0].leverage % 125 + 1),
    K.HEDGE_MODE: lambda v: replace(v, one_way=False),
    K.CROSS_MARGIN: lambda v: with_position(v, isolated=False),
    K.MULTI_ASSETS: lambda v: replace(v, single_asset=False),
    K.WALLET: lambda v: replace(v, wallet_usd=v.wallet_usd + 11),
}


EMPTY = VenueRecords(
    at_ms=UnixMs(NOW),
    wallet_usd=D(10_000),
    positions=(),
    orders=(),
    one_way=True,
    single_asset=True,
)


def two_stops() -> Sides:
    """One BTC long, with one stop."""
    symbol = SYMBOLS[0]
    stop = OwnStop(symbol=symbol, order_id=OUR_FORM, side=Side.SELL, price_usd=D(90_000))
    position = Position(
        symbol=symbol,
        signed_base=D(1),
        first_base=D(1),
        entry_price_usd=D(95_000),
        margin_usd=D(9_500),
        opened_ms=NOW,
    )
    record = PositionRecord(
        symbol=symbol,
        side=Side.BUY,
        quantity_base=D(1),
        entry_price_usd=D(95_000),
        leverage=10,
        isolated=True,
    )
    return Sides(
        OwnRecords(positions={symbol: position}, stops=(stop,)),
        replace(EMPTY, positions=(record,), orders=(resting(stop),)),
    )

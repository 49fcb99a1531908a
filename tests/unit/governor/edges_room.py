"""Where the rules about room turn."""

from decimal import Decimal

from bridge_patch.domain.intent import Side, Unknown
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import room
from tests.unit.governor.disturbances import (
    asks,
    both,
    bounds,
    carries,
    did,
    held,
    knows,
    sized,
    then,
)
from tests.unit.governor.edge import Edge, deny, less_margin

D = Decimal
R = Reason
UNREAD = Unknown("timeout")

EDGES = {
    "equity": Edge(
        room.equity_multiple,
        sized("1000", "15"),
        sized("1000.01", "15"),
        deny(R.EQUITY_MULTIPLE_EXCEEDED),
    ),
    "total": Edge(
        room.total_notional,
        held(notional="93250"),
        held(notional="93250.15"),
        less_margin(R.TOTAL_NOTIONAL_EXCEEDED, "449.99"),
    ),
    "total at the minimum": Edge(
        room.total_notional,
        held(notional="93250"),
        held(notional="99250"),
        less_margin(R.TOTAL_NOTIONAL_EXCEEDED, "50"),
    ),
    "total below the minimum": Edge(
        room.total_notional,
        held(notional="93250"),
        held(notional="99250.01"),
        deny(R.TOTAL_NOTIONAL_EXCEEDED),
    ),
    "posted": Edge(
        room.initial_margin,
        held(margin="3550"),
        held(margin="3550.01"),
        less_margin(R.INITIAL_MARGIN_EXCEEDED, "449.99"),
    ),
    "balance": Edge(
        room.available_balance,
        knows(available=then("463.5")),
        knows(available=then("412")),
        less_margin(R.BALANCE_INSUFFICIENT, "400"),
    ),
    "risk": Edge(
        room.risk_per_trade,
        bounds(risk_per_trade_max_pct=D("1.485")),
        bounds(risk_per_trade_max_pct=D("1.32")),
        less_margin(R.RISK_PER_TRADE_EXCEEDED, "400"),
    ),
    "open": Edge(
        room.open_positions,
        carries(open_positions=9),
        carries(open_positions=10),
        deny(R.OPEN_POSITIONS_EXCEEDED),
    ),
    "symbol": Edge(
        room.symbol_notional,
        carries(symbol_usd=D(3_250)),
        carries(symbol_usd=D(4_000)),
        less_margin(R.SYMBOL_NOTIONAL_EXCEEDED, "400"),
    ),
    "longs": Edge(
        room.side_notional,
        carries(long_usd=D(13_250), short_usd=D(99_999)),
        carries(long_usd=D(14_000)),
        less_margin(R.SIDE_NOTIONAL_EXCEEDED, "400"),
    ),
    "shorts": Edge(
        room.side_notional,
        both(asks(side=Side.SELL), carries(short_usd=D(13_250), long_usd=D(99_999))),
        both(asks(side=Side.SELL), carries(short_usd=D(14_000))),
        less_margin(R.SIDE_NOTIONAL_EXCEEDED, "400"),
    ),
    "gross": Edge(
        room.gross_notional,
        carries(long_usd=D(13_250), short_usd=D(20_000)),
        carries(long_usd=D(14_000), short_usd=D(20_000)),
        less_margin(R.GROSS_NOTIONAL_EXCEEDED, "400"),
    ),
    "net long": Edge(
        room.net_notional,
        carries(net_long_usd=D(8_250), net_short_usd=D(99_999)),
        carries(net_long_usd=D(9_000)),
        less_margin(R.NET_NOTIONAL_EXCEEDED, "400"),
    ),
    "net short": Edge(
        room.net_notional,
        both(asks(side=Side.SELL), carries(net_short_usd=D(8_250), net_long_usd=D(99_999))),
        both(asks(side=Side.SELL), carries(net_short_usd=D(9_000))),
        less_margin(R.NET_NOTIONAL_EXCEEDED, "400"),
    ),
    "minute": Edge(
        room.notional_1m,
        did(approved_1m_usd=D(13_250)),
        did(approved_1m_usd=D(14_000)),
        less_margin(R.WINDOW_NOTIONAL_EXCEEDED, "400"),
    ),
    "hour": Edge(
        room.notional_1h,
        did(approved_1h_usd=D(13_250)),
        did(approved_1h_usd=D(14_000)),
        less_margin(R.WINDOW_NOTIONAL_EXCEEDED, "400"),
    ),
    "day": Edge(
        room.notional_1d,
        did(approved_1d_usd=D(93_250)),
        did(approved_1d_usd=D(94_000)),
        less_margin(R.WINDOW_NOTIONAL_EXCEEDED, "400"),
    ),
}

"""What else can be wrong with FINE: around the order, lately, and with our readings."""

from decimal import Decimal

from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.money import Price
from bridge_patch.governor.reasons import Reason
from tests.questions import (
    NOW,
)
from tests.unit.governor.disturbances import (
    ELSEWHERE,
    ORDER_REFUSED,
    UNREAD,
    Disturb,
    asks,
    bounds,
    carries,
    did,
    knows,
    terms,
    then,
)

D = Decimal
R = Reason

MORE_REFUSED: list[tuple[str, Disturb, Reason]] = [
    ("not named", bounds(symbols=("SOLUSDT",)), R.SYMBOL_NOT_ALLOWED),
    ("other limits", asks(limits_hash="0123456789ab"), R.LIMITS_MISMATCH),
    ("prices of another venue", knows(venues=ELSEWHERE), R.VENUE_MISMATCH),
    ("exits unheard of", knows(exits_ms=UNREAD), R.EXITS_SILENT),
    ("exits silent", knows(exits_ms=UnixMs(NOW - 10_001)), R.EXITS_SILENT),
    ("no room to record", knows(journal_has_room=False), R.JOURNAL_CRAMPED),
    ("clock unread", knows(clock_skew_ms=UNREAD), R.CLOCK_SKEWED),
    ("clock ahead", knows(clock_skew_ms=then("501")), R.CLOCK_SKEWED),
    ("clock behind", knows(clock_skew_ms=then("-501")), R.CLOCK_SKEWED),
    ("old filters", knows(filters_ms=UnixMs(NOW - 86_400_001)), R.FILTERS_STALE),
    ("a price ten times off", asks(reference_price=Price(D(9500))), R.PRICE_OUT_OF_COLLAR),
    ("a price 2.1 % off", asks(reference_price=Price(D(96_995))), R.PRICE_OUT_OF_COLLAR),
    ("index unread", knows(index=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("index far away", knows(index=then("94000")), R.INDEX_DIVERGED),
    ("shock unread", knows(shock_sigmas=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("a shock", knows(shock_sigmas=then("6.01")), R.PRICE_SHOCKED),
    ("turnover unread", knows(turnover_usd=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("nothing trades", knows(turnover_usd=then("0")), R.DEPTH_EXCEEDED),
    ("funding unread", knows(funding=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("old funding", knows(funding=terms(age_ms=57_600_001)), R.SNAPSHOT_INCOMPLETE),
    ("dear funding", knows(funding=terms("0.0023")), R.FUNDING_TOO_DEAR),
    ("activity unread", knows(activity=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("symbol full", carries(symbol_usd=D(9_500)), R.SYMBOL_NOTIONAL_EXCEEDED),
    ("side full", carries(long_usd=D(19_500)), R.SIDE_NOTIONAL_EXCEEDED),
    (
        "both full",
        carries(long_usd=D(1), short_usd=D(39_500)),
        R.GROSS_NOTIONAL_EXCEEDED,
    ),
    ("net full", carries(net_long_usd=D(14_500)), R.NET_NOTIONAL_EXCEEDED),
    ("ten are open", carries(open_positions=10), R.OPEN_POSITIONS_EXCEEDED),
    ("one is naked", carries(naked_positions=1), R.POSITION_NAKED),
    ("one is not ours", carries(foreign_positions=1), R.FOREIGN_POSITION),
    (
        "unknown since before the start",
        carries(unknown_orders=1, unknown_at_start=1),
        R.ORDER_UNKNOWN,
    ),
    ("three are unknown", carries(unknown_orders=3), R.ORDER_UNKNOWN),
    (
        "unknown for long",
        carries(unknown_orders=1, unknown_since_ms=UnixMs(NOW - 60_001)),
        R.ORDER_UNKNOWN,
    ),
    ("a full minute", did(approved_1m_usd=D(19_500)), R.WINDOW_NOTIONAL_EXCEEDED),
    ("a full hour", did(approved_1h_usd=D(19_500)), R.WINDOW_NOTIONAL_EXCEEDED),
    ("a full day", did(approved_1d_usd=D(99_500)), R.WINDOW_NOTIONAL_EXCEEDED),
    ("five within the hour", did(symbol_entries_1h=5), R.SYMBOL_ENTRIES_EXCEEDED),
    ("three losers", did(losers_in_row=3, lost_ms=NOW), R.LOSERS_PAUSED),
    ("three losers, some time", did(losers_in_row=3), R.LOSERS_PAUSED),
    ("five losers", did(losers_in_row=5, lost_ms=UnixMs(0)), R.LOSERS_LATCHED),
    ("entries too fast", did(entries_10s=75), R.ENTRY_RATE_EXCEEDED),
    ("too many entries", did(entries_1m=300), R.ENTRY_RATE_EXCEEDED),
    ("orders too fast", did(orders_10s=150), R.EXIT_RESERVE_TOUCHED),
    ("too many orders", did(orders_1m=600), R.EXIT_RESERVE_TOUCHED),
    ("slippage", did(slippage_1h_usd=D("50.01")), R.SLIPPAGE_EXCEEDED),
    ("a broken source", did(malformed_pct=D(55)), R.SOURCE_PAUSED),
    ("a jump", knows(equity_jump_pct=then("5.01")), R.EQUITY_JUMPED),
    ("a jump down", knows(equity_jump_pct=then("-5.01")), R.EQUITY_JUMPED),
    ("jumps unread", knows(equity_jump_pct=UNREAD), R.SNAPSHOT_INCOMPLETE),
]
#: One thing wrong, and the reason that must be given.
REFUSED = [*ORDER_REFUSED, *MORE_REFUSED]

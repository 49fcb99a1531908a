"""Where the rules about account, activity and identity turn."""

from dataclasses import replace
from decimal import Decimal

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import account, activity, identity
from bridge_patch.governor.snapshot import Holding
from tests.questions import NOW, PAPER
from tests.unit.governor.disturbances import (
    ELSEWHERE,
    bounds,
    carries,
    did,
    knows,
    then,
)
from tests.unit.governor.edge import Edge, deny

D = Decimal
R = Reason
UNREAD = Unknown("timeout")

EDGES = {
    "holding": Edge(
        account.position_flat,
        knows(holding=Holding(side=None, quantity_base=D(0))),
        knows(holding=Holding(side=Side.SELL, quantity_base=D("1E-18"))),
        deny(R.POSITION_OPEN),
    ),
    "unknown orders": Edge(
        account.no_unknown_order,
        carries(unknown_orders=2),
        carries(unknown_orders=3),
        deny(R.ORDER_UNKNOWN),
    ),
    "loss today": Edge(
        account.daily_loss,
        knows(day_loss_pct=then("5.99")),
        knows(day_loss_pct=then("6")),
        deny(R.DAILY_LOSS_EXCEEDED),
    ),
    "drawdown": Edge(
        account.drawdown,
        knows(drawdown_pct=then("19.99")),
        knows(drawdown_pct=then("20")),
        deny(R.DRAWDOWN_EXCEEDED),
    ),
    "state": Edge(
        account.trading_state,
        knows(state=TradingState.RUNNING),
        knows(state=TradingState.HALTED),
        deny(R.TRADING_HALTED),
    ),
    "an unknown order on the symbol": Edge(
        account.no_unknown_order,
        carries(unknown_orders=1),
        carries(unknown_orders=1, unknown_on_symbol=1),
        deny(R.ORDER_UNKNOWN),
    ),
    "an unknown order of before the start": Edge(
        account.no_unknown_order,
        carries(unknown_orders=1),
        carries(unknown_orders=1, unknown_at_start=1),
        deny(R.ORDER_UNKNOWN),
    ),
    "an old unknown order": Edge(
        account.no_unknown_order,
        carries(unknown_orders=1, unknown_since_ms=UnixMs(NOW - 60_000)),
        carries(unknown_orders=1, unknown_since_ms=UnixMs(NOW - 60_001)),
        deny(R.ORDER_UNKNOWN),
    ),
    "an unknown order of tomorrow": Edge(
        account.no_unknown_order,
        carries(unknown_orders=1, unknown_since_ms=NOW),
        carries(unknown_orders=1, unknown_since_ms=UnixMs(NOW + 1)),
        deny(R.ORDER_UNKNOWN),
    ),
    "naked": Edge(
        account.all_protected,
        carries(),
        carries(naked_positions=1),
        deny(R.POSITION_NAKED),
    ),
    "foreign": Edge(
        account.nothing_foreign,
        carries(),
        carries(foreign_positions=1),
        deny(R.FOREIGN_POSITION),
    ),
    "a jump up": Edge(
        account.equity_explained,
        knows(equity_jump_pct=then("5")),
        knows(equity_jump_pct=then("5.01")),
        deny(R.EQUITY_JUMPED),
    ),
    "a jump down": Edge(
        account.equity_explained,
        knows(equity_jump_pct=then("-5")),
        knows(equity_jump_pct=then("-5.01")),
        deny(R.EQUITY_JUMPED),
    ),
    "entries of a symbol": Edge(
        activity.symbol_entries,
        did(symbol_entries_1h=4),
        did(symbol_entries_1h=5),
        deny(R.SYMBOL_ENTRIES_EXCEEDED),
    ),
    "losers that latch": Edge(
        activity.losers_latch,
        did(losers_in_row=4),
        did(losers_in_row=5),
        deny(R.LOSERS_LATCHED),
    ),
    "losers that pause": Edge(
        activity.losers_pause,
        did(losers_in_row=2, lost_ms=NOW),
        did(losers_in_row=3, lost_ms=NOW),
        deny(R.LOSERS_PAUSED),
    ),
    "the end of a pause": Edge(
        activity.losers_pause,
        did(losers_in_row=3, lost_ms=UnixMs(NOW - 3_600_001)),
        did(losers_in_row=3, lost_ms=UnixMs(NOW - 3_600_000)),
        deny(R.LOSERS_PAUSED),
    ),
    "a pause nobody dated": Edge(
        activity.losers_pause,
        did(losers_in_row=2),
        did(losers_in_row=3),
        deny(R.LOSERS_PAUSED),
    ),
    "entries in 10 s": Edge(
        activity.entry_rate,
        did(entries_10s=74),
        did(entries_10s=75),
        deny(R.ENTRY_RATE_EXCEEDED),
    ),
    "entries in a minute": Edge(
        activity.entry_rate,
        did(entries_1m=299),
        did(entries_1m=300),
        deny(R.ENTRY_RATE_EXCEEDED),
    ),
    "orders in 10 s": Edge(
        activity.exit_reserve,
        did(orders_10s=149),
        did(orders_10s=150),
        deny(R.EXIT_RESERVE_TOUCHED),
    ),
    "orders in a minute": Edge(
        activity.exit_reserve,
        did(orders_1m=599),
        did(orders_1m=600),
        deny(R.EXIT_RESERVE_TOUCHED),
    ),
    "slippage": Edge(
        activity.slippage_bearable,
        did(slippage_1h_usd=D(50)),
        did(slippage_1h_usd=D("50.01")),
        deny(R.SLIPPAGE_EXCEEDED),
    ),
    "malformed": Edge(
        activity.source_sound,
        did(malformed_pct=D(50)),
        did(malformed_pct=D("50.01")),
        deny(R.SOURCE_PAUSED),
    ),
    "named": Edge(
        identity.symbol_allowed,
        bounds(symbols=("ETHUSDT", "BTCUSDT")),
        bounds(symbols=("BTCUSD", "BTCUSDTX")),
        deny(R.SYMBOL_NOT_ALLOWED),
    ),
    "limits": Edge(
        identity.same_limits,
        lambda q: q.asking(limits_hash=q.limits.digest()),
        lambda q: q.asking(limits_hash=q.limits.digest()[:-1]),
        deny(R.LIMITS_MISMATCH),
    ),
    "account elsewhere": Edge(
        identity.one_venue,
        knows(venues=PAPER),
        knows(venues=replace(PAPER, account="binance")),
        deny(R.VENUE_MISMATCH),
    ),
    "prices elsewhere": Edge(
        identity.one_venue,
        knows(venues=PAPER),
        knows(venues=ELSEWHERE),
        deny(R.VENUE_MISMATCH),
    ),
    "exits": Edge(
        identity.exits_alive,
        knows(exits_ms=UnixMs(NOW - 10_000)),
        knows(exits_ms=UnixMs(NOW - 10_001)),
        deny(R.EXITS_SILENT),
    ),
    "exits of tomorrow": Edge(
        identity.exits_alive,
        knows(exits_ms=NOW),
        knows(exits_ms=UnixMs(NOW + 1)),
        deny(R.EXITS_SILENT),
    ),
    "room to record": Edge(
        identity.journal_roomy,
        knows(journal_has_room=True),
        knows(journal_has_room=False),
        deny(R.JOURNAL_CRAMPED),
    ),
}

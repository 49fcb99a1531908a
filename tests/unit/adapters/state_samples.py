"""What is journaled of an account's mode and of positions that had to be closed."""

from bridge_patch.domain.events import CloseForced, Event, ModeOrdered
from bridge_patch.domain.intent import IntentId, Mode, Symbol, UnixMs
from bridge_patch.domain.protection_events import CloseCause

AT = UnixMs(1_746_403_200_000)
BTC = Symbol("BTCUSDT")
ID = IntentId("i-1")

STATE_EVENTS: tuple[Event, ...] = (
    ModeOrdered(
        at_ms=AT,
        mode=Mode.LIVE,
        who="ann",
        why="a day without a fault",
        limits_hash="l-1",
        market="live:binance",
        evidence="24.0 h in 1 runs",
        expires_ms=UnixMs(AT + 3_600_000),
        command_id="o-2",
    ),
    CloseForced(
        at_ms=AT,
        intent_id=ID,
        symbol=BTC,
        cause=CloseCause.NAKED_TOO_LONG,
        why="NAKED for 5100 ms, most 5000",
        naked_since_ms=UnixMs(AT - 5_100),
    ),
)

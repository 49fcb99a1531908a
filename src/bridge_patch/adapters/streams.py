"""The names on the bus: every stream and every consumer group, once."""

from __future__ import annotations

from typing import Final

TRADE_INTENT: Final = "quantum:stream:trade.intent"
EXECUTION_RESULT: Final = "quantum:stream:execution.result"
POSITION_UPDATE: Final = "quantum:stream:position.update"
DEAD_LETTER: Final = "quantum:dlq:trade.intent"
MARKET_TICK: Final = "quantum:stream:market.tick"
REPLAY_BARRIER: Final = "quantum:stream:replay.barrier"
EXIT_TURN: Final = "quantum:stream:exit.turn"
CONTROL: Final = "quantum:stream:control"

ALL: Final = (
    *(TRADE_INTENT, EXECUTION_RESULT, POSITION_UPDATE, DEAD_LETTER),
    *(MARKET_TICK, REPLAY_BARRIER, EXIT_TURN, CONTROL),
)

#: Reads these and no others; an intent that it acknowledges has its outcome.
EXECUTION_GROUP: Final = "execution"
OF_EXECUTION: Final = (TRADE_INTENT, CONTROL, MARKET_TICK)

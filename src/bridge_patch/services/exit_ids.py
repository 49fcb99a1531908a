"""What an exit is called: the position, the moment and the reason, and no market value.

The same position and bar always give the same id, so an exit that is decided twice, before
and after a crash, is one intent.
"""

from __future__ import annotations

from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.policy.harvesting import ExitReason


def exit_id(symbol: Symbol, opened_ms: UnixMs, at_ms: UnixMs, reason: str) -> IntentId:
    """Derive an exit's id from the position and the moment, and from no market value."""
    return IntentId(f"x-{symbol}-{opened_ms}-{at_ms}-{_word(reason)}")


def is_partial(intent_id: IntentId, symbol: Symbol, opened_ms: UnixMs) -> bool:
    """Tell whether an intent is the exit brain's wish to take its part of this position.

    >>> part = exit_id(Symbol("BTCUSDT"), UnixMs(1), UnixMs(2), "PARTIAL_PROFIT")
    >>> is_partial(part, Symbol("BTCUSDT"), UnixMs(1))
    True
    >>> is_partial(part, Symbol("BTCUSDT"), UnixMs(3))
    False
    """
    of, word = f"x-{symbol}-{opened_ms}-", _word(ExitReason.PARTIAL_PROFIT)
    return intent_id.startswith(of) and intent_id.endswith(f"-{word}")


def _word(reason: str) -> str:
    return reason.lower().replace("_", "-")

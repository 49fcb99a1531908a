"""What was done, short to write: events for tests of what is remembered of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bridge_patch.domain.account import Activity
from bridge_patch.domain.events import (
    Book,
    DeadLettered,
    Event,
    Filled,
    FillKind,
    IntentReceived,
    Judged,
    Verdict,
)
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs
from bridge_patch.services.activity import ActivityLog
from tests.unit.adapters.lines_samples import ACCEPTED, FILLED

D = Decimal
BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
AT = 1_746_403_200_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BOOKS = {Mode.LIVE: Book.ACCOUNT, Mode.SHADOW: Book.GOVERNED}


def approval(name: str = "i-1", after: int = 0, **changes: Any) -> Judged:
    values: dict[str, Any] = {"notional_usd": D(1_000)}
    return replace(
        ACCEPTED,
        intent_id=IntentId(name),
        at_ms=UnixMs(AT + after),
        **(values | changes),
    )


def reduction(name: str) -> Judged:
    """A reduction has no confidence, and moves no window."""
    return approval(name, confidence=None, notional_usd=None)


def fill(result: str, base: str, after: int = 0, **changes: Any) -> Filled:
    """A fill that adds `base` to the position and `result` to the wallet, fee included."""
    side = Side.BUY if D(base) > 0 else Side.SELL
    values: dict[str, Any] = {
        "at_ms": UnixMs(AT + after),
        "kind": FillKind.ENTRY if side is Side.BUY else FillKind.REDUCE,
        "side": side,
        "quantity_base": abs(D(base)),
        "realised_usd": D(result) + 1,
        "fee_usd": D(1),
    }
    return replace(FILLED, **(values | changes))


def trade(result: str, after: int = 0, **changes: Any) -> list[Event]:
    """In and out again, which adds `result` to the wallet."""
    return [
        fill("-1", "1", after, **changes),
        fill(f"{D(result) + 1}", "-1", after, **changes),
    ]


def received(name: str, source: str) -> IntentReceived:
    return IntentReceived(
        at_ms=UnixMs(AT),
        intent_id=IntentId(name),
        entry_id=f"e-{name}",
        source=source,
        created_ms=UnixMs(AT),
        payload="{}",
    )


def asked(name: str, source: str, *codes: str) -> list[Event]:
    """A proposal that was understood and refused."""
    no: dict[str, Any] = {"verdict": Verdict.REJECT, "codes": codes or ("TRADING_HALTED",)}
    return [received(name, source), approval(name, notional_usd=None, **no)]


def nonsense(source: str, reason: str = "not_understood") -> DeadLettered:
    return DeadLettered(
        at_ms=UnixMs(AT), entry_id="e", reason=reason, faults=("x",), source=source
    )


def log_of(events: Iterable[Event], book: Book = Book.ACCOUNT) -> ActivityLog:
    log = ActivityLog(book=book)
    for event in events:
        log.apply(event)
    return log


def done(
    events: Iterable[Event],
    after: int = 0,
    *,
    book: Book = Book.ACCOUNT,
    symbol: Symbol = BTC,
    source: str = "",
) -> Activity:
    return log_of(events, book).at(symbol, source, UnixMs(AT + after))

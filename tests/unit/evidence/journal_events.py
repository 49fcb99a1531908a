"""Events of a journal, short to write, for tests of what is folded from them."""

from decimal import Decimal
from typing import Any

from bridge_patch.domain.events import (
    Book,
    EquityMarked,
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    Judged,
    OrderEnded,
    RunStarted,
    StopArmed,
    TrailingSet,
    Verdict,
)
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId

D = Decimal
BTC = Symbol("BTCUSDT")
MINUTE = 60_000
SWING = POLICIES[HarvestMode.SWING]


def run(at: int = 0, mode: Mode = Mode.SHADOW, **other: Any) -> RunStarted:
    values: dict[str, Any] = {
        "run_id": f"run-{at}",
        "build": "0.1.0",
        "limits_hash": "abc",
        "limits": "drawdown_max_pct=20",
        "feed": "Recorded bars: BTCUSDT",
        "venue": "paper",
        "equity_usd": D(1000),
    }
    return RunStarted(at_ms=UnixMs(at), mode=mode, **(values | other))


def fill(
    at: int,
    side: Side,
    quantity: str,
    price: str,
    *,
    kind: FillKind = FillKind.ENTRY,
    realised: str = "0",
    fee: str = "1",
    margin: str = "0",
    book: Book = Book.GOVERNED,
    order: str = "o-1",
    intent: str = "i-1",
    symbol: str = BTC,
) -> Filled:
    return Filled(
        book=book,
        at_ms=UnixMs(at),
        symbol=Symbol(symbol),
        side=side,
        kind=kind,
        quantity_base=D(quantity),
        price_usd=D(price),
        fee_usd=D(fee),
        realised_usd=D(realised),
        margin_usd=D(margin),
        order_id=ClientOrderId(order),
        trade_id=f"t-{at}",
        intent_id=IntentId(intent),
    )


def mark(at: int, equity: str, book: Book = Book.GOVERNED) -> EquityMarked:
    return EquityMarked(
        book=book,
        at_ms=UnixMs(at),
        equity_usd=D(equity),
        peak_usd=D(equity),
        day_start_usd=D(equity),
    )


def stop(
    at: int, price: str, *, order: str, side: Side = Side.SELL, book: Book = Book.GOVERNED
) -> StopArmed:
    return StopArmed(
        book=book,
        at_ms=UnixMs(at),
        symbol=BTC,
        side=side,
        stop_price_usd=D(price),
        order_id=ClientOrderId(order),
        intent_id=IntentId("i-1"),
    )


def trailing(at: int, best: str | None, *, order: str, callback: str) -> TrailingSet:
    return TrailingSet(
        book=Book.GOVERNED,
        at_ms=UnixMs(at),
        symbol=BTC,
        side=Side.SELL,
        callback_pct=D(callback),
        activation_usd=D(100),
        best_usd=None if best is None else D(best),
        order_id=ClientOrderId(order),
        intent_id=IntentId("i-1"),
    )


def ended(at: int, order: str) -> OrderEnded:
    return OrderEnded(
        book=Book.GOVERNED,
        at_ms=UnixMs(at),
        symbol=BTC,
        order_id=ClientOrderId(order),
        reason="cancelled",
    )


def funding(at: int, amount: str, book: Book = Book.GOVERNED) -> FundingPaid:
    return FundingPaid(
        book=book,
        at_ms=UnixMs(at),
        symbol=BTC,
        amount_usd=D(amount),
        rate_fraction=D("0.0001"),
    )


def insurance(at: int, amount: str) -> InsuranceCleared:
    return InsuranceCleared(
        book=Book.GOVERNED,
        at_ms=UnixMs(at),
        symbol=BTC,
        amount_usd=D(amount),
        order_id=ClientOrderId("o-9"),
        intent_id=IntentId("i-1"),
    )


def judged(
    at: int = 0,
    intent: str = "i-1",
    *,
    verdict: Verdict = Verdict.ACCEPT,
    code: str = "PASS",
    binding: str = "",
    asked: str | None = "100",
    leverage: str = "10",
    margin: str | None = "100",
    notional: str | None = "1000",
    policy: HarvestPolicy | None = SWING,
    symbol: str = BTC,
) -> Judged:
    return Judged(
        at_ms=UnixMs(at),
        intent_id=IntentId(intent),
        symbol=Symbol(symbol),
        action="BUY",
        mode=Mode.SHADOW,
        verdict=verdict,
        codes=(code,),
        detail="",
        binding=binding,
        raised=False,
        confidence=D("0.9"),
        proposed_margin_usd=None if asked is None else D(asked),
        proposed_leverage=None if asked is None else D(leverage),
        margin_usd=None if margin is None else D(margin),
        leverage=None if margin is None else D(leverage),
        quantity_base=None,
        notional_usd=None if notional is None else D(notional),
        stop_fraction=D("0.02"),
        harvest_policy=policy,
        votes=(),
        case=None,
        limits_hash="abc",
    )


def reduction(at: int, intent: str, detail: str) -> Judged:
    return Judged(
        at_ms=UnixMs(at),
        intent_id=IntentId(intent),
        symbol=BTC,
        action="CLOSE",
        mode=Mode.LIVE,
        verdict=Verdict.ACCEPT,
        codes=("PASS",),
        detail=detail,
        binding="",
        raised=False,
        confidence=None,
        proposed_margin_usd=None,
        proposed_leverage=None,
        margin_usd=None,
        leverage=None,
        quantity_base=D(1),
        notional_usd=None,
        stop_fraction=None,
        harvest_policy=None,
        votes=(),
        case=None,
        limits_hash="abc",
    )

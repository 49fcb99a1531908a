"""One sane event of every kind, to be made worse by the tests that use them."""

from decimal import Decimal

from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    DeadLettered,
    DifferenceFound,
    DifferenceGone,
    DuplicateSeen,
    EquityMarked,
    Event,
    ExitsBlind,
    Expired,
    Filled,
    FilledLate,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    IntentReceived,
    Judged,
    LatchSet,
    OrderEnded,
    OrderRefused,
    OrderVouched,
    PositionVouched,
    Resolved,
    RunStarted,
    Sending,
    Settled,
    Status,
    StopArmed,
    TradingState,
    TrailingSet,
    Verdict,
    VoteRecord,
    WalletCounted,
)
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import (
    Confidence,
    IntentId,
    Mode,
    Proposal,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
)
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.reconcile_events import Difference, DifferenceKind, Word
from bridge_patch.services.messages import Draft
from tests.unit.adapters.state_samples import STATE_EVENTS

D = Decimal
AT = UnixMs(1_746_403_200_000)
BTC = Symbol("BTCUSDT")
ID = IntentId("i-1")
ORDER = ClientOrderId("bp-1")
TREND = POLICIES[HarvestMode.TREND_RUNNER]

DRAFT = Draft(
    id=ID,
    symbol=BTC,
    side=Side.BUY,
    confidence=Confidence(D("0.85")),
    mode=Mode.SHADOW,
    proposal=Proposal(margin=Margin(D("451.61")), leverage=Leverage(D("15.5"))),
    policy=TREND,
    stop=StopDistance(D("0.02")),
    created_ms=AT,
    source="example-ai",
    reason="overconfident and uncalibrated",
)
ACCEPTED = Judged(
    at_ms=AT,
    intent_id=ID,
    symbol=BTC,
    action="BUY",
    mode=Mode.LIVE,
    verdict=Verdict.ACCEPT,
    codes=("PASS",),
    detail="",
    binding="",
    raised=False,
    confidence=D("0.85"),
    proposed_margin_usd=D("451.61"),
    proposed_leverage=D("15.5"),
    margin_usd=D("451.61"),
    leverage=D(15),
    quantity_base=D("0.065"),
    notional_usd=D("6774.15"),
    stop_fraction=D("0.02"),
    harvest_policy=TREND,
    votes=(),
    case=None,
    limits_hash="abc",
)
SETTLED = Settled(
    at_ms=AT,
    intent_id=ID,
    entry_id="1-0",
    symbol=BTC,
    action="BUY",
    mode=Mode.LIVE,
    status=Status.FILLED,
    verdict=Verdict.ACCEPT,
    codes=("PASS",),
    detail="",
    confidence=D("0.85"),
    proposed_margin_usd=D("500.00"),
    proposed_leverage=D("15.5"),
    approved_margin_usd=D("500.00"),
    approved_leverage=D(15),
    approved_quantity_base=D("0.07"),
    notional_usd=D(7500),
    filled_quantity_base=D("0.07"),
    filled_price_usd=D("103000.5"),
    fee_usd=D("3.60"),
    order_ids=(ORDER,),
    harvest_policy=TREND,
    stop_price_usd=D(101000),
    source="example-ai",
    limits_hash="abc",
    build="0.1.0",
    created_ms=AT,
    received_ms=AT,
    judged_ms=AT,
)
WARNED = VoteRecord(rule="floor", vote="WARN", code="CONFIDENCE_BELOW_FLOOR", detail="")
FILLED = Filled(
    book=Book.ACCOUNT,
    at_ms=AT,
    symbol=BTC,
    side=Side.BUY,
    kind=FillKind.ENTRY,
    quantity_base=D("0.070"),
    price_usd=D("103000.5"),
    fee_usd=D("3.60"),
    realised_usd=D(0),
    margin_usd=D(500),
    order_id=ORDER,
    trade_id="t-1",
    intent_id=ID,
)
SENDING = Sending(
    at_ms=AT,
    intent_id=ID,
    order_id=ORDER,
    leg=Leg.ENTRY,
    symbol=BTC,
    side=Side.BUY,
    quantity_base=D("0.07"),
    leverage=15,
    margin_usd=D(500),
)
LATCHED = LatchSet(
    book=Book.ACCOUNT,
    at_ms=AT,
    state=TradingState.HALTED,
    cause="drawdown",
    who="governor",
    why="fell 20.1 %",
)
RUN = RunStarted(
    at_ms=AT,
    run_id="r-1",
    mode=Mode.LIVE,
    build="0.1.0",
    limits_hash="abc",
    limits="",
    feed="replay",
    venue="paper",
    equity_usd=D(10000),
)
DEAD = DeadLettered(at_ms=AT, entry_id="9-0", reason="not_understood", faults=("a", "b"))

#: Every kind of event that tells of one intent, or of none.
MISSING = Difference(
    kind=DifferenceKind.POSITION_MISSING, symbol=BTC, ours="BUY 0.05", theirs="none"
)
OTHER_EVENTS: tuple[Event, ...] = (
    *STATE_EVENTS,
    RUN,
    IntentReceived(
        at_ms=AT, intent_id=ID, entry_id="1-0", payload="{}", source="ai", created_ms=AT
    ),
    SENDING,
    Resolved(at_ms=AT, intent_id=ID, order_id=ORDER, leg=Leg.ENTRY, event="REJECTED"),
    SETTLED,
    Expired(at_ms=AT, intent_id=ID, entry_id="1-0", created_ms=AT),
    BulkExpired(at_ms=AT, intent_ids=(ID,), entry_ids=("1-0",), age_max_sec=60),
    DEAD,
    DuplicateSeen(at_ms=AT, intent_id=ID, entry_id="2-0"),
    LATCHED,
    EquityMarked(
        book=Book.ACCOUNT, at_ms=AT, equity_usd=D(1), peak_usd=D(1), day_start_usd=D(1)
    ),
    FILLED,
    StopArmed(
        book=Book.GOVERNED,
        at_ms=AT,
        symbol=BTC,
        side=Side.SELL,
        stop_price_usd=D("101000.0"),
        order_id=ORDER,
        intent_id=ID,
    ),
    OrderEnded(book=Book.ACCOUNT, at_ms=AT, symbol=BTC, order_id=ORDER, reason="cancelled"),
    OrderRefused(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        order_id=ORDER,
        code="-2019",
        message="Margin is insufficient.",
    ),
    FundingPaid(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        amount_usd=D("-0.75"),
        rate_fraction=D("0.0001"),
    ),
    TrailingSet(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        side=Side.SELL,
        callback_pct=D("1.5"),
        activation_usd=D("103000"),
        best_usd=None,
        order_id=ORDER,
        intent_id=ID,
    ),
    InsuranceCleared(
        book=Book.ACCOUNT,
        at_ms=AT,
        symbol=BTC,
        amount_usd=D("-3.049267"),
        order_id=ORDER,
        intent_id=ID,
    ),
    DifferenceFound(at_ms=AT, difference=MISSING),
    DifferenceGone(at_ms=AT, difference=MISSING),
    ExitsBlind(at_ms=AT, symbols=(BTC, Symbol("SOLUSDT"))),
    ExitsBlind(at_ms=AT, symbols=()),
    WalletCounted(at_ms=AT, wallet_usd=D("10010.5"), opening_usd=D(10_000)),
    OrderVouched(
        at_ms=AT,
        order_id=ORDER,
        intent_id=ID,
        symbol=BTC,
        word=Word.ADOPTED,
        who="ann",
        why="seen at the venue",
        command_id="o-1",
        quantity_base=D("0.05"),
        price_usd=D(100_000),
    ),
    PositionVouched(
        at_ms=AT,
        symbol=BTC,
        word=Word.ADOPTED,
        who="ann",
        why="opened by hand",
        command_id="o-2",
        intent_id=ID,
        side=Side.BUY,
        quantity_base=D("0.05"),
        entry_price_usd=D(100_000),
        leverage=10,
        gain_usd=D(12),
        harvest_policy=TREND,
    ),
    FilledLate(
        at_ms=AT,
        symbol=BTC,
        order_id=ORDER,
        intent_id=ID,
        trade_id="t-1",
        quantity_base=D("0.05"),
        price_usd=D(100_000),
        fee_usd=D("2.5"),
        counted_base=D("0.05"),
    ),
)

"""One of each message that the services publish."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bridge_patch.domain.events import BulkExpired, Settled, Status, Verdict
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding, FundingTerms, Tick
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.messages import (
    Barrier,
    Command,
    DeadLetter,
    LateEntry,
    LateLetter,
    PositionUpdate,
    Wish,
)
from bridge_patch.services.named_order import Grant, NamedOrder
from bridge_patch.services.turns import ExitTurn, TurnStage
from tests.wire.samples import NOON

D = Decimal

SETTLED = Settled(
    at_ms=UnixMs(NOON + 250),
    intent_id=IntentId("i-3"),
    entry_id="7-0",
    symbol=Symbol("BTCUSDT"),
    action="BUY",
    mode=Mode.LIVE,
    status=Status.FILLED,
    verdict=Verdict.CLAMP,
    codes=("SIZE_ABOVE_MAX",),
    detail="margin 451.61 > 400",
    confidence=D("0.85"),
    proposed_margin_usd=D("451.61"),
    proposed_leverage=D("15.5"),
    approved_margin_usd=D("400.00"),
    approved_leverage=D(15),
    approved_quantity_base=D("0.099"),
    notional_usd=D("5941.2177"),
    filled_quantity_base=D("0.099"),
    filled_price_usd=D("60012.3"),
    fee_usd=D("2.97060885"),
    order_ids=(ClientOrderId("bp-1"), ClientOrderId("bp-2")),
    harvest_policy=POLICIES[HarvestMode.SCALPER],
    stop_price_usd=D("58812.1"),
    source="example-ai",
    limits_hash="0123456789ab",
    build="0.1.0",
    created_ms=NOON,
    received_ms=UnixMs(NOON + 120),
    judged_ms=UnixMs(NOON + 130),
)
EXPIRED = BulkExpired(
    at_ms=NOON,
    intent_ids=(IntentId("i-1"), IntentId("i-2")),
    entry_ids=("1-0", "2-0"),
    age_max_sec=60,
)
POSITION = PositionUpdate(
    at_ms=NOON,
    symbol=Symbol("BTCUSDT"),
    side=Side.SELL,
    quantity_base=D("0.099"),
    first_base=D("0.099"),
    entry_price_usd=D("60012.3"),
    opened_ms=NOON,
    stop_price_usd=None,
    policy=POLICIES[HarvestMode.SWING],
    intent_id=IntentId("i-3"),
)
COSTLY = replace(
    POSITION,
    policy=replace(
        POSITION.policy,
        trail_pct=D("1.16"),
        break_even_trigger_pct=D("0.6"),
        trail_sigmas=D("1.5"),
        trail_floor_pct=D("1.0"),
    ),
    cost_usd=D("2.9706"),
    exit_fraction=D("0.001"),
    partial_asked=True,
)
DEAD = DeadLetter(
    entry_id="7-0",
    reason="NOT_UNDERSTOOD",
    faults=("MISSING action: must be stated, was absent",),
    payload='{"symbol":"BTCUSDT",\n "note":"€"}',
)
LATE = LateLetter(
    reason="too_old",
    faults=("made more than 60 s ago: too old for an entry",),
    entries=(
        LateEntry("8-0", IntentId("l-1"), '{"symbol": "BTCUSDT", "note":"€"}'),
        LateEntry("8-1", IntentId("l-2"), '{"x":1.50}'),
    ),
)
BARRIER = Barrier(at_ms=NOON, equity_usd=D("10012.5"))
EXIT_TURN = ExitTurn(at_ms=NOON, stage=TurnStage.DONE, asked=(IntentId("x-1"),))
BLIND_TURN = replace(EXIT_TURN, asked=(), blind=(Symbol("BTCUSDT"), Symbol("SOLUSDT")))
TICK = Tick(
    at_ms=NOON,
    bars=(
        Bar(
            symbol=Symbol("BTCUSDT"),
            open_ms=UnixMs(NOON - 60_000),
            close_ms=NOON,
            open=D("60000.1"),
            high=D("60100"),
            low=D("59990.5"),
            close=D("60012.3"),
            volume=D("12.345"),
        ),
        Bar(
            symbol=Symbol("SOLUSDT"),
            open_ms=UnixMs(NOON - 60_000),
            close_ms=NOON,
            open=D("145.10"),
            high=D("145.2"),
            low=D(145),
            close=D("145.15"),
            volume=D(0),
        ),
    ),
)
FUNDED = Tick(
    at_ms=NOON,
    bars=(TICK.bars[1],),
    fundings=(
        Funding(
            symbol=Symbol("SOLUSDT"),
            at_ms=UnixMs(NOON - 59_995),
            rate_fraction=D("-0.00040116"),
        ),
    ),
)
TERMS = Tick(
    at_ms=NOON,
    bars=(TICK.bars[1],),
    terms=(
        FundingTerms(
            symbol=Symbol("SOLUSDT"),
            rate_fraction=D("-0.00040116"),
            interval_ms=14_400_000,
            at_ms=UnixMs(NOON - 59_995),
        ),
    ),
)
HALT = Command(at_ms=NOON, id="o-1", wish=Wish.HALT, who="ann", why="maintenance\nat noon")
REARM = Command(
    at_ms=NOON,
    id="o-2",
    wish=Wish.REARM,
    who="ann",
    why="looked at",
    symbol=Symbol("SOLUSDT"),
)
_DOUBTED = ClientOrderId("bp-0123456789abcdef01234567")
ADOPT = Command(
    at_ms=NOON,
    id="o-3",
    wish=Wish.ADOPT,
    who="ann",
    why="seen in the app",
    named=NamedOrder(
        order_id=_DOUBTED, quantity_base=D("0.042"), price_usd=D(95100), fee_usd=D("1.60")
    ),
)
PROMOTE = Command(
    at_ms=NOON,
    id="o-5",
    wish=Wish.PROMOTE,
    who="ann",
    why="a clean day",
    grant=Grant(
        limits_hash="l-1",
        market="live:binance",
        evidence="24 h in 1 runs, 9 decisions",
        override_hours=2,
    ),
)
CLOSE_ORDER = Command(
    at_ms=NOON,
    id="o-4",
    wish=Wish.CLOSE,
    who="ann",
    why="asked support",
    named=NamedOrder(order_id=_DOUBTED),
)

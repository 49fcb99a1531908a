"""A small live run on paper, told once: for `why`, `status` and the page about commands.

The verdicts are the Governor's own; what the venue did is written by hand.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bridge_patch.adapters.codec import encode_reduce
from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    DeadLettered,
    DuplicateSeen,
    EquityMarked,
    Event,
    Expired,
    FillKind,
    LatchSet,
    RunStarted,
    Sending,
    Status,
    StopArmed,
    TradingState,
)
from bridge_patch.domain.intent import (
    IntentId,
    Mode,
    ReduceIntent,
    Side,
    Symbol,
)
from bridge_patch.domain.money import Quantity
from bridge_patch.domain.order import Leg
from bridge_patch.governor.judge import judge_reduction
from bridge_patch.governor.snapshot import Holding
from bridge_patch.services.records import judged_reduction, settled
from tests.questions import (
    BTC,
    BTC_RULES,
    NOTHING_OPEN,
    NOW,
    SHIPPED,
    Question,
    position,
    proposal,
)
from tests.unit.app.story_parts import (
    ME,
    RUN_ID,
    answered,
    asking,
    at,
    fill,
    order_id,
    received,
    verdict,
)

D = Decimal
SOL = Symbol("SOLUSDT")

ACCEPTED = IntentId("e-ai-BTCUSDT-buy-1746403260000")
PARTIAL = IntentId("x-BTCUSDT-1746403260000-1746403860000-partial-profit")
CLAMPED = IntentId("e-ai-BTCUSDT-buy-1746405060000")
REFUSED = IntentId("e-ai-BTCUSDT-sell-1746405120000")
LATE = IntentId("e-ai-BTCUSDT-buy-1746400000000")
IN_DOUBT = IntentId("e-ai-SOLUSDT-buy-1746405240000")
POISON_ENTRY = "000000000000001"
LATE_ENTRY = "000000000000002"


def opened(
    question: Question, *, quantity: str, price: str, stop: str
) -> tuple[Event, ...]:
    """An entry that was allowed, filled and protected."""
    asked, judged = verdict(question)
    intent, when = judged.intent_id, judged.at_ms
    assert judged.leverage is not None
    entry, guard = order_id(intent, Leg.ENTRY), order_id(intent, Leg.STOP)
    trade = fill(
        *(intent, Leg.ENTRY, FillKind.ENTRY, when),
        side=Side.BUY,
        quantity=quantity,
        price=price,
    )
    sending = Sending(
        at_ms=when,
        intent_id=intent,
        order_id=entry,
        leg=Leg.ENTRY,
        symbol=BTC,
        side=Side.BUY,
        quantity_base=D(quantity),
        leverage=int(judged.leverage),
        margin_usd=judged.margin_usd,
        stop_fraction=judged.stop_fraction,
        harvest_policy=judged.harvest_policy,
    )
    resting = replace(
        sending,
        order_id=guard,
        leg=Leg.STOP,
        side=Side.SELL,
        leverage=None,
        margin_usd=None,
        stop_fraction=None,
        harvest_policy=None,
        stop_price_usd=D(stop),
    )
    armed = StopArmed(
        book=Book.ACCOUNT,
        at_ms=when,
        symbol=BTC,
        side=Side.SELL,
        stop_price_usd=D(stop),
        order_id=guard,
        intent_id=intent,
    )
    ends = settled(
        asked,
        judged,
        status=Status.FILLED,
        identity=ME,
        now_ms=when,
        fills=(trade,),
        order_ids=(entry,),
        stop_price_usd=D(stop),
    )
    return (
        asked,
        judged,
        sending,
        trade,
        answered(sending, "FILLED"),
        resting,
        armed,
        answered(resting, "ACCEPTED"),
        ends,
    )


def reduced() -> tuple[Event, ...]:
    """Half of the first position, closed at a profit."""
    when = at(10)
    wish = ReduceIntent(
        id=PARTIAL,
        symbol=BTC,
        side=None,
        quantity=Quantity(D("0.035")),
        stop_at=None,
        simulate=False,
        reason="PARTIAL_PROFIT",
        created_ms=when,
        source="exit-brain",
    )
    leave = judge_reduction(wish, position("0.071"), BTC_RULES)
    judged = judged_reduction(wish, leave, mode=Mode.LIVE, identity=ME, now_ms=when)
    asked = received(wish, encode_reduce(wish), when)
    sending = Sending(
        at_ms=when,
        intent_id=PARTIAL,
        order_id=order_id(PARTIAL, Leg.REDUCE),
        leg=Leg.REDUCE,
        symbol=BTC,
        side=Side.SELL,
        quantity_base=D("0.035"),
    )
    trade = fill(
        *(PARTIAL, Leg.REDUCE, FillKind.REDUCE, when),
        side=Side.SELL,
        quantity="0.035",
        price="97860",
        realised="100",
    )
    ends = settled(
        asked,
        judged,
        status=Status.FILLED,
        identity=ME,
        now_ms=when,
        fills=(trade,),
        order_ids=(sending.order_id,),
        stop_price_usd=D(93100),
    )
    return asked, judged, sending, trade, answered(sending, "FILLED"), ends


def refused() -> tuple[Event, ...]:
    """A small wish on a symbol that has a position: two objections."""
    question = asking(REFUSED, 31, proposal=proposal("40", "15"), side=Side.SELL)
    question = question.knowing(
        holding=Holding(side=Side.BUY, quantity_base=D("0.071")),
        exposure=replace(
            NOTHING_OPEN, long_usd=D(6745), margin_usd=D(450), open_positions=1
        ),
    )
    asked, judged = verdict(question)
    ends = settled(asked, judged, status=Status.REFUSED, identity=ME, now_ms=judged.at_ms)
    return asked, judged, ends


def set_aside() -> tuple[Event, ...]:
    """What was never judged: not understood, too old, or said twice."""
    when = at(32)
    return (
        DeadLettered(
            at_ms=when,
            entry_id=POISON_ENTRY,
            reason="not_understood",
            faults=("NOT_FINITE ai_size_usd: a number must be finite, was NaN",),
        ),
        Expired(at_ms=when, intent_id=LATE, entry_id=LATE_ENTRY, created_ms=at(22)),
        BulkExpired(
            at_ms=when, intent_ids=(LATE,), entry_ids=(LATE_ENTRY,), age_max_sec=60
        ),
        DuplicateSeen(at_ms=when, intent_id=ACCEPTED, entry_id="000000000000003"),
    )


def in_doubt() -> tuple[Event, ...]:
    """An order of whose fate nobody knows."""
    asked, judged = verdict(asking(IN_DOUBT, 33))
    sending = Sending(
        at_ms=at(33),
        intent_id=IN_DOUBT,
        order_id=order_id(IN_DOUBT, Leg.ENTRY),
        leg=Leg.ENTRY,
        symbol=SOL,
        side=Side.BUY,
        quantity_base=D("46.1"),
        leverage=15,
        margin_usd=D(450),
    )
    return asked, replace(judged, symbol=SOL), sending, answered(sending, "TIMED_OUT")


RUN = RunStarted(
    at_ms=NOW,
    run_id=RUN_ID,
    mode=Mode.LIVE,
    build="0.1.0",
    limits_hash=SHIPPED.digest(),
    limits=SHIPPED.text(),
    feed="Recorded bars: BTCUSDT, SOLUSDT, 2025-05-05 00:00 to 2025-05-06 00:00 UTC",
    venue="paper",
    equity_usd=D(10_000),
)
STOPPED_OUT = fill(
    *(ACCEPTED, Leg.STOP, FillKind.STOP, at(20)),
    side=Side.SELL,
    quantity="0.036",
    price="93050",
    realised="-70.2",
)
MARKED = EquityMarked(
    book=Book.ACCOUNT,
    at_ms=at(40),
    equity_usd=D("9380.5"),
    peak_usd=D("10020.25"),
    day_start_usd=D(10_000),
)
LATCHED = LatchSet(
    book=Book.ACCOUNT,
    at_ms=at(40),
    state=TradingState.REDUCING,
    cause="DAILY_LOSS",
    who="governor",
    why="lost 6.19 % today, limit 6 %",
)


def story() -> tuple[Event, ...]:
    """Everything in the journal, in its order."""
    first = opened(asking(ACCEPTED, 0), quantity="0.071", price="95003.1", stop="93100")
    second = opened(
        asking(CLAMPED, 30, proposal=proposal("450", "40")),
        quantity="0.071",
        price="95003.1",
        stop="93103",
    )
    return (
        RUN,
        *first,
        *reduced(),
        STOPPED_OUT,
        *second,
        *refused(),
        *set_aside(),
        *in_doubt(),
        MARKED,
        LATCHED,
    )

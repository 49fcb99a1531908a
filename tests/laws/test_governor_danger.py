"""Worse readings and tighter limits never allow more; fail-open softens two rules only.

Not monotone, by the contract itself: a smaller maximum margin or leverage, a wider stop, a
higher volatility or a smaller bracket cuts an order before its notional is compared, so it
may turn a refusal for notional into an approval of less (docs/governor.md).
"""

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.account import Exposure
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Mode, UnixMs, Unknown
from bridge_patch.governor.limits import BelowMin
from bridge_patch.governor.ruling import Permitted, Refused, Ruling
from bridge_patch.governor.snapshot import Holding, Known
from tests.questions import FINE, NOW, Question, permitted, proposal, reasons
from tests.rooms import between, usd
from tests.strategies import limits, sane_questions
from tests.wild import edge_questions

D = Decimal
SOFT = {"CONFIDENCE_BELOW_FLOOR", "EXCEEDS_RISK_BUDGET"}
modes = st.sampled_from(Mode)
nearly_sane = st.one_of(sane_questions(), edge_questions())

READINGS = ("equity", "available", "mark", "volatility", "day_loss_pct", "drawdown_pct")
#: In how many ways a number can fail to be one that may be used.
SPOILED = {
    "unread": Unknown("timeout"),
    "nan": Known(D("NaN"), NOW),
    "signalling nan": Known(D("sNaN"), NOW),
    "infinite": Known(D("Infinity"), NOW),
    "minus infinite": Known(D("-Infinity"), NOW),
    "old": Known(D(1), UnixMs(NOW - 10**9)),
    "from the future": Known(D(1), UnixMs(NOW + 1)),
}
BAD = [D("NaN"), D("sNaN"), D("Infinity"), D("-Infinity"), D(-1)]


@given(question=sane_questions(), mode=modes, how=st.sampled_from([*SPOILED]))
def test_one_unusable_reading_refuses(question: Question, mode: Mode, how: str) -> None:
    """Unknown, non-finite and stale are the same answer: no."""
    assert isinstance(question.ruling(mode), Permitted)
    for name in READINGS:
        spoiled = question.knowing(**{name: SPOILED[how]})

        assert isinstance(spoiled.ruling(mode), Refused), name


@given(question=sane_questions(), bad=st.sampled_from(BAD))
def test_an_unusable_exposure_or_holding_refuses(question: Question, bad: Decimal) -> None:
    held = question.snapshot.exposure
    assert isinstance(held, Exposure)
    assert isinstance(question.ruling(), Permitted)
    for spoiled in (
        question.knowing(exposure=Unknown("timeout")),
        question.knowing(activity=Unknown("timeout")),
        question.knowing(funding=Unknown("timeout")),
        question.knowing(exits_ms=Unknown("timeout")),
        question.knowing(holding=Unknown("timeout")),
        question.knowing(holding=Holding(side=None, quantity_base=bad)),
        question.knowing(instrument=Unknown("timeout")),
        question.knowing(taken_ms=UnixMs(NOW + 1)),
        question.asking(stop=Unknown("none stated")),
    ):
        assert isinstance(spoiled.ruling(), Refused)


def no_more(after: Ruling, before: Ruling) -> None:
    """What was refused stays refused, what was permitted does not grow."""
    if isinstance(before, Refused):
        assert isinstance(after, Refused)
    elif isinstance(after, Permitted):
        event("still permitted")
        assert after.proposal.margin <= before.proposal.margin
        assert after.proposal.leverage <= before.proposal.leverage


def worse(question: Question, what: str, by: Decimal) -> Question:
    """The same question in a worse world."""
    snapshot = question.snapshot
    if isinstance(reading := getattr(snapshot, what, None), Known):
        more = -by if what in {"equity", "available"} else by
        return question.knowing(**{what: replace(reading, value=reading.value + more)})
    held: Any = snapshot.exposure
    if what == "unknown_orders":
        return question.knowing(
            exposure=replace(held, unknown_orders=held.unknown_orders + 1 + int(by))
        )
    if what in {*EXPOSURES}:
        return question.knowing(exposure=_more(held, what, by))
    if what in {*ACTIVITIES}:
        return question.knowing(activity=_more(snapshot.activity, what, by))
    if what == "state":
        return question.knowing(state=TradingState.REDUCING)
    return replace(question, now_ms=UnixMs(question.now_ms + int(by) + 1))


def _more(whole: Any, what: str, by: Decimal) -> Any:
    """An aggregate with one of its numbers larger; a count stays a count."""
    number = getattr(whole, what)
    return replace(whole, **{what: number + type(number)(by)})


def from_the_future(question: Question) -> bool:
    """Tell whether anything was read after the moment of the question."""
    snapshot = question.snapshot
    readings = (getattr(snapshot, field.name) for field in fields(snapshot))
    times = [getattr(reading, "at_ms", 0) for reading in readings]
    since: list[Any] = [snapshot.taken_ms, snapshot.filters_ms, snapshot.exits_ms]
    if isinstance(snapshot.exposure, Exposure):
        since.append(snapshot.exposure.unknown_since_ms or 0)
    known: list[int] = [t for t in (*since, *times) if not isinstance(t, Unknown)]
    return max(known) > question.now_ms


EXPOSURES = (
    *("long_usd", "short_usd", "net_long_usd", "net_short_usd", "symbol_usd"),
    *("margin_usd", "open_positions", "naked_positions", "foreign_positions"),
    *("unknown_on_symbol", "unknown_at_start"),
)
ACTIVITIES = (
    *("approved_1m_usd", "approved_1h_usd", "approved_1d_usd", "slippage_1h_usd"),
    *("malformed_pct", "symbol_entries_1h", "losers_in_row", "entries_10s"),
    *("entries_1m", "orders_10s", "orders_1m"),
)
WORSE = (
    *("equity", "available", "day_loss_pct", "drawdown_pct", "unknown_orders"),
    *("state", "later", "shock_sigmas", *EXPOSURES, *ACTIVITIES),
)


@given(question=nearly_sane, what=st.sampled_from(WORSE), by=usd("0", "2000"))
def test_more_danger_never_allows_more(question: Question, what: str, by: Decimal) -> None:
    """Less equity, more exposure, more loss, older readings, a tighter state."""
    if what == "later" and from_the_future(question):
        return  # time makes such a reading right, not older
    try:
        after = worse(question, what, by)
    except (AttributeError, ArithmeticError, TypeError):
        return  # the reading was no number to begin with

    no_more(after.ruling(), question.ruling())


TIGHTER_DOWN = (
    *("notional_max_usd", "order_notional_max_equity_multiple", "initial_margin_max_pct"),
    *("risk_per_trade_max_pct", "daily_loss_max_pct", "drawdown_max_pct"),
    *("snapshot_age_max_ms", "mark_age_max_ms", "volatility_age_max_ms"),
    *("filters_age_max_ms", "funding_age_max_ms", "exits_silence_max_ms"),
    *("unknown_age_max_ms", "unknown_orders_max", "clock_skew_max_ms"),
    *("symbol_notional_max_equity_multiple", "side_notional_max_equity_multiple"),
    *("gross_notional_max_equity_multiple", "net_notional_max_equity_multiple"),
    *("notional_1m_max_equity_multiple", "notional_1h_max_equity_multiple"),
    *("notional_1d_max_equity_multiple", "open_positions_max"),
    *("symbol_entries_1h_max", "losers_pause_min", "losers_latch_min"),
    *("venue_orders_10s_max", "venue_orders_1m_max", "entry_orders_max_pct"),
    *("order_quantity_max_pct", "turnover_max_pct", "slippage_1h_max_pct"),
    *("malformed_max_pct", "equity_jump_max_pct", "price_collar_pct"),
    *("index_gap_max_pct", "shock_sigmas_max", "funding_max_risk_pct"),
)


@given(
    question=nearly_sane, name=st.sampled_from(TIGHTER_DOWN), part=between("0.01", "1", 2)
)
def test_a_tighter_limit_never_allows_more(
    question: Question, name: str, part: Decimal
) -> None:
    limit = getattr(question.limits, name)
    tight = max(1, int(limit * part)) if isinstance(limit, int) else limit * part
    if limit == 0:
        return
    if name == "notional_max_usd":
        least = question.limits.margin_min_usd * question.limits.leverage_min
        tight = max(tight, least)

    try:
        tighter = question.bounded(**{name: tight})
    except ValueError:
        return  # a window may not be tighter than a shorter one: such limits do not start

    no_more(tighter.ruling(), question.ruling())


@given(question=nearly_sane, more=between("0", "1", 2))
def test_a_higher_minimum_never_allows_more(question: Question, more: Decimal) -> None:
    li = question.limits
    for tight in (
        {"confidence_min": li.confidence_min + (1 - li.confidence_min) * more},
        {"leverage_min": li.leverage_min + (li.leverage_max - li.leverage_min) * more},
        {
            "margin_min_usd": li.margin_min_usd
            + (li.margin_max_usd - li.margin_min_usd) * more
        },
    ):
        room = {"notional_max_usd": li.notional_max_usd}
        tighter = {**room, **tight}
        try:
            after = question.bounded(**tighter)
        except ValueError:
            continue  # no order at all would fit: such limits do not start

        no_more(after.ruling(), question.ruling())


@given(question=nearly_sane)
def test_fail_open_softens_two_rules_and_nothing_else(question: Question) -> None:
    """Every softened vote is a warning in the record; all else is the same verdict."""
    closed = question.bounded(fail_open=False).ruling()
    opened = question.bounded(fail_open=True).ruling()
    objections = (
        {f.reason for f in closed.findings} if isinstance(closed, Refused) else set()
    )
    if isinstance(opened, Permitted):
        assert {f.reason for f in opened.warnings} == objections <= SOFT
    elif isinstance(closed, Refused):
        assert {f.reason for f in opened.findings} >= objections - SOFT
    if not objections & SOFT:
        assert opened == closed


@given(
    li=limits(below_min=BelowMin.CLAMP),
    margin=usd("0.01", "300"),
    leverage=between("0.1", "20", 1),
)
def test_the_clamp_option_raises_to_the_minimum_and_no_further(
    li: Any, margin: Decimal, leverage: Decimal
) -> None:
    """Its own law: what was asked or the minimum, whichever is more, and it says so."""
    question = replace(FINE, limits=li).sized(margin, leverage)
    ruling = question.ruling(Mode.SHADOW)
    below = margin < li.margin_min_usd or leverage < li.leverage_min
    assert ruling.raised == below
    if isinstance(ruling, Permitted):
        event("raised" if below else "as asked")
        allowed = ruling.proposal
        assert li.margin_min_usd <= allowed.margin.usd <= max(margin, li.margin_min_usd)
        assert li.leverage_min <= allowed.leverage.times <= max(leverage, li.leverage_min)


def test_the_clamp_option_opens() -> None:
    """Guards the law above: one dollar at 1x becomes the minimum, with the option only."""
    hundred = Known(D(100), NOW)
    tiny = FINE.sized("1", "1").knowing(mark=hundred, index=hundred)
    clamped = permitted(tiny.bounded(below_min=BelowMin.CLAMP).ruling())

    assert clamped.proposal == proposal("50", "5")
    assert clamped.raised
    assert reasons(tiny.ruling())[:2] == ["SIZE_BELOW_MIN", "LEVERAGE_BELOW_MIN"]

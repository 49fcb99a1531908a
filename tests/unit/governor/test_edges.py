"""Each rule by itself: where it turns, and what it says when it cannot see."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.governor.measures import cents
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import (
    BOUNDS,
    CHECKS,
    account,
    activity,
    identity,
    market,
    order,
    room,
)
from bridge_patch.governor.votes import ALLOW, CapLeverage, CapMargin, Deny, Rule
from tests.questions import FINE, NOW
from tests.unit.governor.disturbances import Disturb, asks, knows, terms, then
from tests.unit.governor.edge import Edge
from tests.unit.governor.edges import EDGES

D = Decimal
R = Reason


@pytest.mark.parametrize("edge", EDGES.values(), ids=EDGES)
def test_a_rule_turns_exactly_at_its_bound(edge: Edge) -> None:
    allowed, vote = edge.rule(edge.at(FINE).case()), edge.rule(edge.beyond(FINE).case())

    assert allowed is ALLOW
    assert isinstance(vote, type(edge.vote))
    assert isinstance(vote, Deny | CapMargin | CapLeverage)
    assert vote.reason is edge.vote.reason
    assert vote.detail
    if isinstance(vote, CapMargin) and isinstance(edge.vote, CapMargin):
        assert vote.at_usd.quantize(D("0.01")) == edge.vote.at_usd
    if isinstance(vote, CapLeverage) and isinstance(edge.vote, CapLeverage):
        assert vote.at_times.quantize(D("0.01")) == edge.vote.at_times


def test_every_rule_has_an_edge() -> None:
    assert {edge.rule for edge in EDGES.values()} == {*BOUNDS, *CHECKS}


UNREAD = Unknown("timeout")
BLIND: list[tuple[Rule, Disturb, Reason]] = [
    *(
        (rule, knows(instrument=UNREAD), R.SYMBOL_UNKNOWN)
        for rule in (
            order.bracket_ceiling,
            order.liquidation_clearance,
            order.quantity_filters,
        )
    ),
    *(
        (rule, asks(stop=UNREAD), R.STOP_UNKNOWN)
        for rule in (order.liquidation_clearance, room.risk_per_trade)
    ),
    *(
        (rule, knows(mark=mark), R.MARK_STALE)
        for rule in (order.quantity_filters, market.mark_fresh)
        for mark in (UNREAD, then("0"), then("-1"), then("NaN"), then("Infinity"))
    ),
    *((market.mark_fresh, knows(mark=then("1", age)), R.MARK_STALE) for age in (-1, 2_001)),
    *(
        (market.snapshot_fresh, knows(taken_ms=UnixMs(NOW + 1)), R.SNAPSHOT_STALE)
        for _ in "1"
    ),
    *(
        (order.liquidation_clearance, knows(volatility=bad), R.SNAPSHOT_INCOMPLETE)
        for bad in (UNREAD, then("0"), then("NaN"), then("1", -1), then("1", 600_001))
    ),
    *(
        (rule, knows(equity=bad), R.SNAPSHOT_INCOMPLETE)
        for rule in (
            *(room.equity_multiple, room.initial_margin, room.risk_per_trade),
            *(room.symbol_notional, room.side_notional, room.gross_notional),
            *(room.net_notional, room.notional_1m, room.notional_1h, room.notional_1d),
            activity.slippage_bearable,
        )
        for bad in (UNREAD, then("NaN"), then("Infinity"), then("1", -1), then("1", 10_001))
    ),
    *(
        (room.available_balance, knows(available=bad), R.SNAPSHOT_INCOMPLETE)
        for bad in (UNREAD, then("NaN"), then("Infinity"), then("1", -1), then("1", 10_001))
    ),
    *(
        (rule, knows(exposure=UNREAD), R.SNAPSHOT_INCOMPLETE)
        for rule in (
            *(room.total_notional, room.initial_margin, room.symbol_notional),
            *(room.side_notional, room.gross_notional, room.net_notional),
            *(room.open_positions, account.no_unknown_order, account.all_protected),
            account.nothing_foreign,
        )
    ),
    *(
        (rule, knows(activity=UNREAD), R.SNAPSHOT_INCOMPLETE)
        for rule in (
            *(room.notional_1m, room.notional_1h, room.notional_1d),
            *(activity.entry_rate, activity.exit_reserve, activity.symbol_entries),
            *(activity.losers_latch, activity.losers_pause, activity.source_sound),
            activity.slippage_bearable,
        )
    ),
    *(
        (rule, knows(**{name: bad}), reason)
        for rule, name, reason in (
            (market.index_near, "index", R.SNAPSHOT_INCOMPLETE),
            (market.price_calm, "shock_sigmas", R.SNAPSHOT_INCOMPLETE),
            (market.depth_enough, "turnover_usd", R.SNAPSHOT_INCOMPLETE),
            (market.clock_sane, "clock_skew_ms", R.CLOCK_SKEWED),
            (account.equity_explained, "equity_jump_pct", R.SNAPSHOT_INCOMPLETE),
        )
        for bad in (UNREAD, then("NaN"), then("Infinity"), then("1", -1), then("1", 10_001))
    ),
    *(
        (market.index_near, knows(mark=bad), R.MARK_STALE)
        for bad in (UNREAD, then("NaN"), then("Infinity"), then("0"))
    ),
    (market.funding_bearable, knows(funding=UNREAD), R.SNAPSHOT_INCOMPLETE),
    (market.funding_bearable, asks(stop=UNREAD), R.STOP_UNKNOWN),
    *(
        (market.funding_bearable, knows(funding=terms(age_ms=age)), R.SNAPSHOT_INCOMPLETE)
        for age in (-1, 57_600_001)
    ),
    (identity.exits_alive, knows(exits_ms=UNREAD), R.EXITS_SILENT),
    *(
        (account.daily_loss, knows(day_loss_pct=bad), R.SNAPSHOT_INCOMPLETE)
        for bad in (UNREAD, then("NaN"), then("-Infinity"), then("1", 10_001))
    ),
    *(
        (account.drawdown, knows(drawdown_pct=bad), R.SNAPSHOT_INCOMPLETE)
        for bad in (UNREAD, then("NaN"), then("-Infinity"), then("1", 10_001))
    ),
    (account.position_flat, knows(holding=UNREAD), R.POSITION_UNKNOWN),
]


@pytest.mark.parametrize(("rule", "disturb", "reason"), BLIND)
def test_a_rule_that_cannot_see_denies_by_itself(
    rule: Rule, disturb: Disturb, reason: Reason
) -> None:
    """No rule relies on another one to notice that a reading is missing."""
    vote = rule(disturb(FINE).case())

    assert rule(FINE.case()) is ALLOW
    assert isinstance(vote, Deny)
    assert vote.reason is reason
    assert vote.detail


def test_a_zero_room_is_no_room() -> None:
    """Equity or a balance of zero is known, and leaves nothing."""
    broke = knows(equity=then("0"), available=then("-5"))(FINE).case()

    for rule in (
        room.equity_multiple,
        room.initial_margin,
        room.risk_per_trade,
        room.available_balance,
    ):
        assert isinstance(rule(broke), Deny)


def test_a_sigma_of_nothing_is_no_volatility() -> None:
    vote = order.liquidation_clearance(replace(FINE.case(), sigma_move=D(0)))

    assert isinstance(vote, Deny)
    assert vote.reason is R.SNAPSHOT_INCOMPLETE


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("margin", "margin 10000.01 > 10000"),
        ("leverage", "leverage 80.1 > 80"),
        ("least margin", "margin 49.99 < 50"),
        ("least leverage", "leverage 4.9 < 5"),
        ("notional", "notional 100000.10 > 100000"),
        ("confidence", "confidence 0.85 < 0.8501"),
        ("budget", "loss at stop 148.50 > 148.49"),
        ("loss today", "loss today 6.00 %, limit 6 %"),
        ("equity", "notional 15000.15 > 15000.00, equity 10000.00"),
        (
            "total below the minimum",
            "margin 450 > room 49.99, minimum 50: 99250.01 of 100000.00 USD are used",
        ),
        ("bracket", "leverage 12.1 > 12.00 at margin 450"),
        (
            "liquidation below the minimum",
            "leverage 16.1, at most 16.00 keeps liquidation 2.34 % away, minimum 16.1",
        ),
    ],
)
def test_a_vote_tells_both_numbers(name: str, detail: str) -> None:
    edge = EDGES[name]
    vote = edge.rule(edge.beyond(FINE).case())
    assert not isinstance(vote, type(ALLOW))

    assert vote.detail == detail


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("49.999", "49.99"),
        ("-0.001", "-0.01"),
        ("99999999999999999999.999", "99999999999999999999.99"),
        ("1E+20", "1E+20"),
        ("1E+999999", "1E+999999"),
        ("Infinity", "Infinity"),
        ("NaN", "NaN"),
    ],
)
def test_an_amount_is_shown_cut_down_and_never_at_absurd_length(
    value: str, shown: str
) -> None:
    """A room of 49.999 is not 50, and no number fills a log."""
    assert cents(D(value)) == shown

"""What a vote says: the numbers that were compared, in words a person reads in `why`.

The reason is for programs. The detail is all that a person gets: one that is empty or shows
another number than was compared makes a right refusal look wrong.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.domain.intent import Mode, Symbol, Unknown
from bridge_patch.domain.money import Price
from bridge_patch.governor.case import case_of
from bridge_patch.governor.judge import judge_reduction
from bridge_patch.governor.measures import (
    activity_of,
    exposure_of,
    fresh,
    fresh_mark,
    mark_of,
)
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import account, activity, market, order, room
from bridge_patch.governor.ruling import Refused
from bridge_patch.governor.snapshot import Known
from bridge_patch.governor.terms import terms_of
from bridge_patch.governor.votes import Allow, Case, Deny, Rule
from tests.questions import BTC_RULES, FINE, NOW, position, proposal, reduction
from tests.unit.governor.disturbances import Disturb, asks, both, did, knows, then
from tests.unit.governor.edges import EDGES

D = Decimal
UNREAD = Unknown("timeout")

SAID = {
    "most of a market order": "0.071 > 0.0709",
    "least quantity": "0.071 at 95000, least 0.0711 and 100 USD",
    "least notional": "0.071 at 95000, least 0.001 and 6745.01 USD",
    "budget without a stop": "loss at stop 450.00 > 449.99",
    "total": "margin 450 > room 449.99: 93250.15 of 100000.00 USD are used",
    "posted": "margin 450 > room 449.99: 3550.01 of 4000.00 USD are used",
    "open": "10 positions are open, most 10",
    "holding": "SELL 1E-18 is open",
    "unknown orders": "3 are UNKNOWN, most 2",
    "an unknown order on the symbol": "1 orders on BTCUSDT are UNKNOWN",
    "an unknown order of before the start": "1 are UNKNOWN since before the start",
    "an old unknown order": "one is UNKNOWN for 60001 ms, most 60000",
    "naked": "1 positions are NAKED",
    "foreign": "1 positions are not ours",
    "drawdown": "drawdown 20.00 %, limit 20 %",
    "state": "the account is HALTED",
    "a jump up": "equity moved 5.01 % unexplained, most 5 %",
    "a jump down": "equity moved -5.01 % unexplained, most 5 %",
    "entries of a symbol": "5 entries within the hour, most 5",
    "losers that latch": "5 losers in a row, 5 latch the symbol",
    "losers that pause": "3 losers in a row, the last 0 ms ago, pause 3600000 ms",
    "a pause nobody dated": "nobody knows when the last loser was",
    "orders in 10 s": "150 orders in 10 s, 0 in 60 s, 50 % are for exits",
    "orders in a minute": "0 orders in 10 s, 600 in 60 s, 50 % are for exits",
    "slippage": "slippage 50.01 USD within the hour, most 0.5 % of equity",
    "malformed": "50.01 % malformed, most 50 %",
    "named": "BTCUSDT is not among BTCUSD,BTCUSDTX",
    "prices elsewhere": "orders paper, account paper, prices binance",
    "exits": "exits silent for 10001 ms, most 10000",
    "room to record": "the journal's room is kept for reductions",
    "snapshot": "snapshot age 10001 ms, most 10000",
    "mark": "mark: age 2001 ms, most 2000",
    "filters": "trading rules: age 86400001 ms, most 86400000",
    "clock ahead": "clock is 501.00 ms off, most 500",
    "collar above": "price 96900.01 stated, mark 95000, most 2 % apart",
    "index below": "mark 100500.01, index 100000, most 0.5 % apart",
    "shock": "the price moved 6.01 sigmas, most 6",
    "funding": "funding 22.10 bp against a risk of 220.00",
    "funding that nobody charges": "funding 36000000000.00 bp against a risk of 220.00",
}


def detail(rule: Rule, case: Case) -> str:
    vote = rule(case)
    assert not isinstance(vote, Allow)
    return vote.detail


@pytest.mark.parametrize(("name", "said"), SAID.items(), ids=SAID)
def test_a_vote_shows_the_numbers_it_compared(name: str, said: str) -> None:
    edge = EDGES[name]

    assert detail(edge.rule, edge.beyond(FINE).case()) == said


def test_a_mismatch_of_limits_shows_both_digests() -> None:
    edge, ours = EDGES["limits"], FINE.limits.digest()

    assert detail(edge.rule, edge.beyond(FINE).case()) == (
        f"sized under limits {ours[:-1]}, judged under {ours}: restart all on one env file"
    )


@pytest.mark.parametrize("name", sorted(EDGES))
def test_no_detail_is_blank_and_numbers_are_short(name: str) -> None:
    """28 digits of a quotient are no number a person compares."""
    edge = EDGES[name]
    said = detail(edge.rule, edge.beyond(FINE).case())

    assert said.strip()
    assert all(len(word) < 25 for word in said.split())


def test_both_windows_of_a_rate_are_shown_with_what_the_venue_takes() -> None:
    case = did(entries_10s=75, entries_1m=76, orders_10s=150, orders_1m=151)(FINE).case()

    assert detail(activity.entry_rate, case) == (
        "75 entries in 10 s, 76 in 60 s, entries may have 25 % of 300 and 1200"
    )
    assert detail(activity.exit_reserve, case).startswith("150 orders in 10 s, 151 in 60 s")


def test_a_long_number_is_cut_wherever_it_is_shown() -> None:
    third = D(1) / 3
    long_cases = [
        (account.equity_explained, knows(equity_jump_pct=Known(D(5) + third, NOW))),
        (account.drawdown, knows(drawdown_pct=Known(D(20) + third, NOW))),
        (market.clock_sane, knows(clock_skew_ms=Known(D(600) + third, NOW))),
        (market.price_calm, knows(shock_sigmas=Known(D(6) + third, NOW))),
        (activity.source_sound, did(malformed_pct=D(50) + third)),
        (activity.slippage_bearable, did(slippage_1h_usd=D(60) + third)),
    ]

    assert [detail(rule, disturb(FINE).case()) for rule, disturb in long_cases] == [
        "equity moved 5.33 % unexplained, most 5 %",
        "drawdown 20.33 %, limit 20 %",
        "clock is 600.33 ms off, most 500",
        "the price moved 6.33 sigmas, most 6",
        "50.33 % malformed, most 50 %",
        "slippage 60.33 USD within the hour, most 0.5 % of equity",
    ]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (UNREAD, "price: timeout"),
        (then("1", 11), "price: age 11 ms, most 10"),
        (then("1", -1), "price: age -1 ms, most 10"),
        (then("NaN"), "price: NaN is not finite"),
        (then("-Infinity"), "price: -Infinity is not finite"),
    ],
)
def test_an_unusable_reading_says_which_and_why(value: Known | Unknown, said: str) -> None:
    assert fresh(FINE.case(), "price", value, 10) == Unknown(said)
    assert fresh(FINE.case(), "price", then("-1", 10), 10) == -1


@pytest.mark.parametrize(
    ("disturb", "young", "any_age"),
    [
        (knows(mark=UNREAD), "mark: timeout", "mark: timeout"),
        (knows(mark=then("0")), "mark: 0 is not positive", "mark: 0 is not finite"),
        (knows(mark=then("NaN")), "mark: NaN is not finite", "mark: NaN is not finite"),
    ],
)
def test_a_price_that_is_none_says_so(disturb: Disturb, young: str, any_age: str) -> None:
    case = disturb(FINE).case()
    tail = "" if any_age.endswith("timeout") else " and positive"

    assert fresh_mark(case) == Unknown(young)
    assert mark_of(case) == Unknown(any_age + tail)


def test_an_old_price_is_still_a_price_to_who_does_not_ask_its_age() -> None:
    case = knows(mark=then("0.01", 2_001))(FINE).case()

    assert mark_of(case) == D("0.01")
    assert fresh_mark(case) == Unknown("mark: age 2001 ms, most 2000")


def test_what_the_account_carries_and_did_is_named_where_it_is_not_known() -> None:
    blind = FINE.knowing(exposure=UNREAD, activity=UNREAD).case()

    assert exposure_of(blind) == Unknown("exposure: timeout")
    assert activity_of(blind) == Unknown("activity: timeout")
    assert exposure_of(FINE.case()) == FINE.snapshot.exposure
    assert activity_of(FINE.case()) == FINE.snapshot.activity


@pytest.mark.parametrize(
    ("rule", "disturb", "said"),
    [
        (order.bracket_ceiling, knows(instrument=UNREAD), "timeout"),
        (order.liquidation_clearance, asks(stop=UNREAD), "timeout"),
        (market.funding_bearable, knows(funding=UNREAD), "funding: timeout"),
        (account.position_flat, knows(holding=UNREAD), "timeout"),
        (market.mark_fresh, knows(mark=then("-1")), "mark: -1 is not positive"),
        (account.daily_loss, knows(day_loss_pct=UNREAD), "loss today: timeout"),
        (account.drawdown, knows(drawdown_pct=UNREAD), "drawdown: timeout"),
        (account.equity_explained, knows(equity_jump_pct=UNREAD), "equity jump: timeout"),
        (market.clock_sane, knows(clock_skew_ms=UNREAD), "clock: timeout"),
        (market.index_near, knows(index=UNREAD), "index: timeout"),
        (market.price_calm, knows(shock_sigmas=UNREAD), "shock: timeout"),
        (market.depth_enough, knows(turnover_usd=UNREAD), "turnover: timeout"),
        (room.available_balance, knows(available=UNREAD), "available: timeout"),
        (room.equity_multiple, knows(equity=UNREAD), "equity: timeout"),
        (order.liquidation_clearance, knows(volatility=UNREAD), "volatility: timeout"),
    ],
)
def test_a_rule_that_cannot_see_says_what(rule: Rule, disturb: Disturb, said: str) -> None:
    assert detail(rule, disturb(FINE).case()) == said


def test_a_sigma_of_nothing_says_so() -> None:
    still = replace(FINE.case(), sigma_move=D(0))

    assert detail(order.liquidation_clearance, still) == (
        "volatility: a sigma of 0 is not positive"
    )


def test_a_stated_price_is_not_compared_with_a_price_nobody_has() -> None:
    stated = both(asks(reference_price=Price(D(95_000))), knows(mark=UNREAD))
    vote = market.price_collar(stated(FINE).case())

    assert vote == Deny(Reason.MARK_STALE, "mark: timeout")


def test_what_is_no_case_says_why() -> None:
    """Refused before any rule is asked."""
    other = FINE.knowing(instrument=BTC_RULES)
    foreign = other.asking(symbol=Symbol("ETHUSDT"))
    unsized = FINE.asking(proposal=Unknown("no margin stated"))
    said = []
    for question in (foreign, unsized):
        refused = case_of(
            question.entry,
            mode=Mode.LIVE,
            snapshot=question.snapshot,
            limits=question.limits,
            now_ms=NOW,
        )
        assert isinstance(refused, Refused)
        said += [(f.rule, str(f.reason), f.detail) for f in refused.findings]

    assert said == [
        ("judge", "SYMBOL_UNKNOWN", "the rules of BTCUSDT were read for ETHUSDT"),
        ("judge", "SIZE_MISSING", "no margin stated"),
    ]


def test_an_order_without_terms_says_why() -> None:
    case, wanted = FINE.case(), proposal("450", "15")
    told = [
        terms_of(FINE.asking(stop=Unknown("none stated")).case(), wanted),
        terms_of(FINE.knowing(mark=UNREAD).case(), wanted),
        terms_of(FINE.knowing(instrument=UNREAD).case(), wanted),
        terms_of(case, proposal("0.01", "1")),
    ]

    assert [r.findings[0].detail for r in told if isinstance(r, Refused)] == [
        "none stated",
        "no mark or no trading rules",
        "no mark or no trading rules",
        "no quantity can be ordered: quantity must be finite and positive, was 0.000",
    ]


def test_a_refused_reduction_says_why() -> None:
    elsewhere = position("1", Symbol("ETHUSDT"))
    buying = reduction(side=position("1").side)
    told = [
        judge_reduction(reduction(), None, BTC_RULES),
        judge_reduction(reduction(), UNREAD, BTC_RULES),
        judge_reduction(reduction(), elsewhere, BTC_RULES),
        judge_reduction(buying, position("1"), BTC_RULES),
    ]

    assert [r.findings[0].detail for r in told if isinstance(r, Refused)] == [
        "no position of ours is open on BTCUSDT",
        "timeout",
        "ETHUSDT 1 was read for BTCUSDT",
        "BUY would enlarge a BUY",
    ]


def test_a_volatility_that_is_none_says_so() -> None:
    for bad in ("0", "-1", "NaN", "Infinity"):
        question = FINE.knowing(volatility=then(bad))

        assert question.case().sigma_move == Unknown(
            f"volatility must be finite and positive, was {bad}"
        )

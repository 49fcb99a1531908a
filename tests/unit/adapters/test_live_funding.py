"""Funding of a live market: terms with their interval, settlements once."""

from decimal import Decimal

from bridge_patch.adapters.feeds.live_funding import (
    ASK_AGAIN_MS,
    INTERVAL_MS,
    SAY_EVERY_MS,
    SETTLED_AFTER_MS,
    LiveFunding,
)
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Funding

D = Decimal
BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
NOW_MS = UnixMs(1_795_996_000_000)
NEXT_MS = UnixMs(1_795_996_800_000)
RATE = D("0.0001")


def at(ms: int) -> UnixMs:
    return UnixMs(NOW_MS + ms)


def settled(at_ms: int) -> Funding:
    return Funding(symbol=BTC, at_ms=UnixMs(at_ms), rate_fraction=RATE)


def test_no_terms_are_told_before_intervals_are_known() -> None:
    """An interval that is assumed could be the wrong one: unknown refuses."""
    funding = LiveFunding()
    funding.heard(BTC, RATE, NEXT_MS, NOW_MS)

    assert funding.new_terms() == ()


def test_a_listed_contract_has_its_own_interval_and_any_other_the_usual_one() -> None:
    funding = LiveFunding(intervals_ms={SOL: 3_600_000})
    for symbol in (BTC, SOL):
        funding.heard(symbol, RATE, NEXT_MS, NOW_MS)

    told = {t.symbol: t.interval_ms for t in funding.new_terms()}
    assert told == {BTC: INTERVAL_MS, SOL: 3_600_000}


def test_a_contract_that_never_settles_is_charged_nothing() -> None:
    funding = LiveFunding(intervals_ms={})
    funding.heard(BTC, D(0), None, NOW_MS)

    assert [t.interval_ms for t in funding.new_terms()] == [0]


def test_terms_are_told_when_they_change_and_again_now_and_then() -> None:
    funding = LiveFunding(intervals_ms={})
    said = []
    for ms, rate in (
        (0, RATE),
        (1_000, RATE),
        (2_000, RATE * 2),
        (2_000 + SAY_EVERY_MS, RATE * 2),
    ):
        funding.heard(BTC, rate, NEXT_MS, at(ms))
        said.append([t.rate_fraction for t in funding.new_terms()])

    assert said == [[RATE], [], [RATE * 2], [RATE * 2]]


def test_a_settlement_is_asked_for_until_it_is_there_and_told_once() -> None:
    funding = LiveFunding(intervals_ms={})
    funding.settled_until(BTC, UnixMs(NEXT_MS - 60_000))
    funding.heard(BTC, RATE, NEXT_MS, NOW_MS)
    funding.heard(BTC, RATE, UnixMs(NEXT_MS + INTERVAL_MS), NEXT_MS)
    due_ms = NEXT_MS + SETTLED_AFTER_MS
    assert funding.awaited(UnixMs(due_ms - 1)) == ()
    assert funding.awaited(UnixMs(due_ms)) == ((BTC, NEXT_MS - 60_000),)
    funding.answered(BTC, ())
    assert funding.awaited(UnixMs(due_ms + 1)) == ()
    assert len(funding.awaited(UnixMs(due_ms + ASK_AGAIN_MS))) == 1
    funding.answered(BTC, (settled(NEXT_MS + 2),))

    assert funding.awaited(UnixMs(due_ms + 2 * ASK_AGAIN_MS)) == ()
    assert funding.settled_before(NEXT_MS) == ()
    assert funding.settled_before(UnixMs(NEXT_MS + 60_000)) == (settled(NEXT_MS + 2),)
    assert funding.settled_before(UnixMs(NEXT_MS + 60_000)) == ()


def test_what_is_not_to_be_had_is_asked_for_no_more() -> None:
    funding = LiveFunding(intervals_ms={})
    funding.heard(BTC, RATE, NEXT_MS, NOW_MS)
    funding.heard(BTC, RATE, UnixMs(NEXT_MS + INTERVAL_MS), NEXT_MS)
    funding.drop(BTC)

    assert funding.awaited(UnixMs(NEXT_MS + 3_600_000)) == ()

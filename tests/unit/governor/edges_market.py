"""Where the rules about the market turn."""

from dataclasses import replace
from decimal import Decimal

from bridge_patch.domain.intent import Side, UnixMs, Unknown
from bridge_patch.domain.money import Price
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import market
from tests.questions import NOW
from tests.unit.governor.disturbances import (
    asks,
    both,
    knows,
    terms,
    then,
)
from tests.unit.governor.edge import Edge, deny, less_margin

D = Decimal
R = Reason
UNREAD = Unknown("timeout")

EDGES = {
    "snapshot": Edge(
        market.snapshot_fresh,
        knows(taken_ms=UnixMs(NOW - 10_000)),
        knows(taken_ms=UnixMs(NOW - 10_001)),
        deny(R.SNAPSHOT_STALE),
    ),
    "mark": Edge(
        market.mark_fresh,
        knows(mark=then("1", 2_000)),
        knows(mark=then("1", 2_001)),
        deny(R.MARK_STALE),
    ),
    "filters": Edge(
        market.filters_fresh,
        knows(filters_ms=UnixMs(NOW - 86_400_000)),
        knows(filters_ms=UnixMs(NOW - 86_400_001)),
        deny(R.FILTERS_STALE),
    ),
    "filters of tomorrow": Edge(
        market.filters_fresh,
        knows(filters_ms=NOW),
        knows(filters_ms=UnixMs(NOW + 1)),
        deny(R.FILTERS_STALE),
    ),
    "clock ahead": Edge(
        market.clock_sane,
        knows(clock_skew_ms=then("500")),
        knows(clock_skew_ms=then("501")),
        deny(R.CLOCK_SKEWED),
    ),
    "clock behind": Edge(
        market.clock_sane,
        knows(clock_skew_ms=then("-500")),
        knows(clock_skew_ms=then("-501")),
        deny(R.CLOCK_SKEWED),
    ),
    "collar above": Edge(
        market.price_collar,
        asks(reference_price=Price(D(96_900))),
        asks(reference_price=Price(D("96900.01"))),
        deny(R.PRICE_OUT_OF_COLLAR),
    ),
    "collar below": Edge(
        market.price_collar,
        asks(reference_price=Price(D(93_100))),
        asks(reference_price=Price(D("93099.99"))),
        deny(R.PRICE_OUT_OF_COLLAR),
    ),
    "no price stated": Edge(
        market.price_collar,
        asks(reference_price=None),
        asks(reference_price=Price(D(1))),
        deny(R.PRICE_OUT_OF_COLLAR),
    ),
    "index below": Edge(
        market.index_near,
        both(knows(mark=then("100500")), knows(index=then("100000"))),
        both(knows(mark=then("100500.01")), knows(index=then("100000"))),
        deny(R.INDEX_DIVERGED),
    ),
    "index above": Edge(
        market.index_near,
        both(knows(mark=then("99500")), knows(index=then("100000"))),
        both(knows(mark=then("99499.99")), knows(index=then("100000"))),
        deny(R.INDEX_DIVERGED),
    ),
    "shock": Edge(
        market.price_calm,
        knows(shock_sigmas=then("6")),
        knows(shock_sigmas=then("6.01")),
        deny(R.PRICE_SHOCKED),
    ),
    "depth": Edge(
        market.depth_enough,
        knows(turnover_usd=then("67500")),
        knows(turnover_usd=then("60000")),
        less_margin(R.DEPTH_EXCEEDED, "400"),
    ),
    "funding": Edge(
        market.funding_bearable,
        knows(funding=terms("0.0022")),
        knows(funding=terms("0.00221")),
        deny(R.FUNDING_TOO_DEAR),
    ),
    "funding that is received": Edge(
        market.funding_bearable,
        both(asks(side=Side.SELL), knows(funding=terms("0.5"))),
        both(asks(side=Side.SELL), knows(funding=terms("-0.5"))),
        deny(R.FUNDING_TOO_DEAR),
    ),
    "funding every hour": Edge(
        market.funding_bearable,
        knows(funding=replace(terms("0.0011"), interval_ms=3_600_000)),
        knows(funding=replace(terms("0.0011"), interval_ms=3_599_999)),
        deny(R.FUNDING_TOO_DEAR),
    ),
    "funding that nobody charges": Edge(
        market.funding_bearable,
        knows(funding=replace(terms("0.5", age_ms=10**12), interval_ms=0)),
        knows(funding=replace(terms("0.5"), interval_ms=1)),
        deny(R.FUNDING_TOO_DEAR),
    ),
}

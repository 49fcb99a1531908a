"""A stop lies before liquidation, or it is none."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.position import Position
from bridge_patch.services.levels import Stated, hard_stop, liquidated_first, stated_in
from bridge_patch.services.ports import AccountReading, PositionReading
from bridge_patch.sim.bars import liquidation_level

D = Decimal
BTC = Symbol("BTCUSDT")


def _listed() -> Instrument:
    found = ListedInstruments().find(BTC)
    assert isinstance(found, Instrument)
    return found


LISTED = _listed()
#: One bitcoin at 100,000 with 10x: some ten percent from liquidation.
LONG = Position(
    symbol=BTC,
    signed_base=D(1),
    first_base=D(1),
    entry_price_usd=D(100_000),
    margin_usd=D(10_000),
    opened_ms=UnixMs(1),
)
SHORT = replace(LONG, signed_base=D(-1))


def read(position: Position, level: int) -> PositionReading:
    return PositionReading(
        symbol=BTC,
        side=position.side,
        quantity_base=position.quantity_base,
        entry_price_usd=position.entry_price_usd,
        margin_usd=position.margin_usd,
        stop_price_usd=None,
        liquidation_usd=D(level),
    )


def said(position: Position, level: int) -> Stated:
    return Stated(read(position, level), position)


@pytest.mark.parametrize("position", [LONG, SHORT], ids=["long", "short"])
def test_a_stop_on_the_near_side_of_liquidation_is_one_and_at_it_is_none(
    position: Position,
) -> None:
    ruin, sign = liquidation_level(position, LISTED), position.side.sign

    assert liquidated_first(position, ruin + sign, LISTED) is None
    assert liquidated_first(position, ruin, LISTED) == ruin
    assert liquidated_first(position, ruin - sign, LISTED) == ruin


@pytest.mark.parametrize("position", [LONG, SHORT], ids=["long", "short"])
def test_margin_that_was_eaten_brings_liquidation_before_the_stop(
    position: Position,
) -> None:
    """Funding is paid from an isolated position's own margin."""
    stop_usd = position.entry_price_usd * (1 - position.side.sign * D("0.05"))
    eaten = replace(position, margin_usd=D(4_000))

    assert liquidated_first(position, stop_usd, LISTED) is None
    assert liquidated_first(eaten, stop_usd, LISTED) is not None


def test_the_venues_own_figure_counts_where_it_is_nearer_and_about_this_position() -> None:
    stop_usd = D(95_000)

    assert liquidated_first(LONG, stop_usd, LISTED, said(LONG, 96_000)) == 96_000
    assert liquidated_first(LONG, stop_usd, LISTED, said(LONG, 50_000)) is None
    assert liquidated_first(LONG, stop_usd, LISTED, said(LONG, 0)) is None
    larger = replace(LONG, signed_base=D(2))
    assert liquidated_first(LONG, stop_usd, LISTED, said(larger, 96_000)) is None
    assert liquidated_first(LONG, stop_usd, Unknown("x"), said(LONG, 96_000)) == 96_000


@pytest.mark.parametrize(
    ("position", "counts"),
    [
        (replace(LONG, margin_usd=D(9_000)), True),
        (replace(LONG, opened_ms=UnixMs(2)), False),
        (replace(LONG, entry_price_usd=D(100_001)), False),
        (replace(LONG, signed_base=D("0.5")), False),
    ],
    ids=["funded", "the next one", "added to", "reduced"],
)
def test_what_the_venue_said_of_a_position_is_not_about_what_became_of_it(
    position: Position, counts: bool
) -> None:
    """Of the same side and size the next one may be, at another leverage."""
    found = liquidated_first(position, D(95_000), LISTED, said(LONG, 96_000))

    assert found == (96_000 if counts else None)


def test_a_reading_from_before_a_position_says_nothing_of_it() -> None:
    def stated_at(at_ms: int) -> dict[Symbol, Stated]:
        reading = AccountReading(
            at_ms=UnixMs(at_ms),
            equity_usd=D(1),
            available_usd=D(1),
            positions=(read(LONG, 96_000),),
        )
        return dict(stated_in(reading, {BTC: replace(LONG, opened_ms=UnixMs(5))}))

    assert stated_at(4) == {}
    assert set(stated_at(5)) == {BTC}


def test_a_long_that_is_fully_backed_cannot_be_liquidated() -> None:
    backed = replace(LONG, margin_usd=D(100_000))

    assert liquidated_first(backed, D(1), LISTED) is None


def test_without_trading_rules_or_a_positive_level_there_is_no_stop() -> None:
    """What has no tick cannot be placed: the position is closed then."""
    worthless = replace(LONG, entry_price_usd=D("0"))

    assert hard_stop(LONG, None, Unknown("not listed")) is None
    assert hard_stop(worthless, None, LISTED) is None
    level = hard_stop(LONG, None, LISTED)
    assert level is not None
    assert level.usd < 100_000

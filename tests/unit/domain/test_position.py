"""A position is the fold of its fills, and nothing else."""

from decimal import Decimal

import pytest

from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import (
    Position,
    apply_fill,
    apply_funding,
    is_exit,
    wallet_change,
)
from bridge_patch.domain.venue_events import Book, Filled, FillKind, FundingPaid

D = Decimal


def fill(
    side: Side, base: str, price: str, margin: str = "0", kind: FillKind = FillKind.ENTRY
) -> Filled:
    return Filled(
        book=Book.ACCOUNT,
        at_ms=UnixMs(1),
        symbol=Symbol("BTCUSDT"),
        side=side,
        kind=kind,
        quantity_base=D(base),
        price_usd=D(price),
        fee_usd=D("0.5"),
        realised_usd=D(7),
        margin_usd=D(margin),
        order_id=ClientOrderId("o"),
        trade_id="t",
        intent_id=IntentId("i"),
    )


def folded(*fills: Filled) -> Position | None:
    position = None
    for each in fills:
        position = apply_fill(position, each)
    return position


@pytest.mark.parametrize("side", Side)
def test_a_first_fill_opens(side: Side) -> None:
    position = folded(fill(side, "2", "100", margin="20"))
    assert position

    assert (position.side, position.signed_base) == (side, D(2 * side.sign))
    assert (position.quantity_base, position.first_base) == (D(2), D(2))
    assert (position.entry_price_usd, position.margin_usd) == (D(100), D(20))
    assert position.notional_usd(D(110)) == 220
    assert position.unrealised_usd(D(110)) == 20 * side.sign


@pytest.mark.parametrize("side", Side)
def test_more_on_the_same_side_averages_the_entry(side: Side) -> None:
    """1 at 100 and 3 at 120: 4 at 115."""
    position = folded(fill(side, "1", "100", "10"), fill(side, "3", "120", "36"))
    assert position

    assert position.signed_base == 4 * side.sign
    assert position.first_base == 4
    assert (position.entry_price_usd, position.margin_usd) == (D(115), D(46))


@pytest.mark.parametrize("side", Side)
def test_a_reduction_keeps_entry_and_first_quantity(side: Side) -> None:
    reduced = fill(side.opposite, "1.5", "90", "-15", FillKind.REDUCE)
    position = folded(fill(side, "2", "100", "20"), reduced)
    assert position

    assert position.signed_base == D("0.5") * side.sign
    assert (position.entry_price_usd, position.first_base) == (D(100), D(2))
    assert position.margin_usd == 5


@pytest.mark.parametrize("side", Side)
def test_closing_all_of_it_leaves_exactly_nothing(side: Side) -> None:
    """0.3 less 0.1 three times is zero, not dust."""
    parts = [fill(side.opposite, "0.1", "90", kind=FillKind.STOP) for _ in range(3)]

    assert folded(fill(side, "0.3", "100"), *parts) is None


def test_a_fill_beyond_zero_is_told_as_it_happened() -> None:
    """The fold states what the venue did; that it cannot happen is the Governor's part."""
    position = folded(fill(Side.BUY, "1", "100"), fill(Side.SELL, "10", "90", "50"))
    assert position

    assert (position.signed_base, position.first_base) == (D(-9), D(9))
    assert (position.entry_price_usd, position.margin_usd) == (D(90), D(50))


def test_what_a_fill_does_to_the_wallet() -> None:
    assert wallet_change(fill(Side.BUY, "1", "100")) == D("6.5")
    assert not is_exit(fill(Side.BUY, "1", "100"))
    exits = [kind for kind in FillKind if is_exit(fill(Side.BUY, "1", "100", kind=kind))]
    assert FillKind.ENTRY not in exits
    assert {FillKind.REDUCE, FillKind.STOP, FillKind.LIQUIDATION} <= {*exits}


@pytest.mark.parametrize("side", Side)
def test_what_the_open_part_has_cost_goes_with_it(side: Side) -> None:
    """Entry fees and funding paid; a part that is closed takes its share along."""
    opened = folded(fill(side, "2", "100"))
    assert opened is not None
    paid = apply_funding(opened, funding("-0.3"))
    added = apply_fill(paid, fill(side, "2", "110"))
    assert added is not None
    halved = apply_fill(added, fill(side.opposite, "1", "120", kind=FillKind.REDUCE))
    assert halved is not None

    costs = [each.cost_usd for each in (opened, paid, added, halved)]
    assert costs == [D("0.5"), D("0.8"), D("1.3"), D("0.975")]


def test_funding_that_is_received_has_yet_to_be_earned_by_less() -> None:
    opened = folded(fill(Side.SELL, "2", "100"))
    assert opened is not None

    assert apply_funding(opened, funding("0.6")).cost_usd == D("-0.1")


def test_a_position_that_turns_begins_with_its_share_of_the_fee() -> None:
    turned = folded(fill(Side.BUY, "1", "100"), fill(Side.SELL, "4", "90"))

    assert turned is not None
    assert turned.cost_usd == D("0.375")


def funding(amount: str) -> FundingPaid:
    return FundingPaid(
        book=Book.ACCOUNT,
        at_ms=UnixMs(2),
        symbol=Symbol("BTCUSDT"),
        amount_usd=D(amount),
        rate_fraction=D("0.0001"),
    )

"""Trades in any order: the position comes out right, and is never on the wrong side."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.early_exits import SENT_KEPT, EarlyExits
from bridge_patch.domain.events import Book, Filled, FillKind, Sending
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.position import Position, apply_fill

D = Decimal
BTC = Symbol("BTCUSDT")
EXITS = (FillKind.REDUCE, FillKind.STOP, FillKind.LIQUIDATION)


def fill(
    kind: FillKind, base: str | Decimal, at_ms: int, *, side: Side = Side.BUY, n: int = 0
) -> Filled:
    """A trade of an entry on `side`, or of what reduced it."""
    entry = kind is FillKind.ENTRY
    return Filled(
        book=Book.ACCOUNT,
        at_ms=UnixMs(at_ms),
        symbol=BTC,
        side=side if entry else side.opposite,
        kind=kind,
        quantity_base=D(base),
        price_usd=D(100),
        fee_usd=D(base) / 10,
        realised_usd=D(0) if entry else D(base),
        margin_usd=D(base) * (10 if entry else -10),
        order_id=ClientOrderId(kind),
        trade_id=f"t-{n}",
        intent_id=IntentId(kind),
    )


def sending(at_ms: int, side: Side = Side.BUY) -> Sending:
    """The order of which the trades of an entry are."""
    return Sending(
        at_ms=UnixMs(at_ms),
        intent_id=IntentId("i"),
        order_id=ClientOrderId(FillKind.ENTRY),
        leg=Leg.ENTRY,
        symbol=BTC,
        side=side,
        quantity_base=D(5),
    )


def adopted(at_ms: int) -> Filled:
    """The trade by which a person's word counts."""
    entry = fill(FillKind.ENTRY, "5", at_ms)
    return replace(entry, trade_id=f"adopted-{entry.order_id}")


@st.composite
def lives(draw: st.DrawFn) -> tuple[Side, list[Filled]]:
    """One position's trades as they happened: no reduction takes more than there is."""
    side = draw(st.sampled_from(Side))
    steps = draw(st.lists(st.integers(1, 9), min_size=1, max_size=4))
    trades = [fill(FillKind.ENTRY, D(q), n, side=side, n=n) for n, q in enumerate(steps)]
    left = sum(steps)
    while left and draw(st.booleans()):
        taken, kind = draw(st.integers(1, left)), draw(st.sampled_from(EXITS))
        n, left = len(trades), left - taken
        trades.append(fill(kind, D(taken), n, side=side, n=n))
    return side, trades


def natural(trades: list[Filled]) -> Position | None:
    position: Position | None = None
    for one in trades:
        position = apply_fill(position, one)
    return position


@given(life=lives(), order=st.randoms(use_true_random=False))
def test_trades_in_any_order_end_as_they_happened(
    life: tuple[Side, list[Filled]], order: object
) -> None:
    """Quantity, side and money; and a reduction opens nothing on the way."""
    side, trades = life
    told = list(trades)
    order.shuffle(told)  # type: ignore[attr-defined]
    early, position, counted = EarlyExits(), None, []
    early.sent(sending(0, side))
    for one in told:
        for now, after in early.fold(position, one):
            counted.append(now)
            position = after
            assert position is None or position.side is side
    event("flat" if natural(trades) is None else "open")
    event("as it happened" if told == trades else "shuffled")

    wanted = natural(trades)
    signed = position.signed_base if position else D(0)
    assert signed == (wanted.signed_base if wanted else D(0))
    assert early.quantity_base(BTC) == 0
    for name in ("quantity_base", "fee_usd", "realised_usd"):
        assert sum(getattr(f, name) for f in counted) == pytest.approx(
            sum(getattr(f, name) for f in trades)
        )
    if position and wanted:
        share = float(position.margin_usd / position.quantity_base)
        assert share == pytest.approx(float(wanted.margin_usd / wanted.quantity_base))


@given(life=lives())
def test_trades_as_they_happened_are_folded_as_ever(
    life: tuple[Side, list[Filled]],
) -> None:
    """Guards the rest: where nothing is early, nothing is changed."""
    early, position = EarlyExits(), None
    for one in life[1]:
        ((now, after),) = early.fold(position, one)
        assert now == one
        assert after == apply_fill(position, one)
        position = after


def test_what_was_reduced_before_an_entry_left_is_none_of_it() -> None:
    """Somebody else's position was reduced, and a later entry of ours stands whole."""
    early = EarlyExits()
    assert list(early.fold(None, fill(FillKind.REDUCE, "5", 10))) == []
    assert early.quantity_base(BTC) == 5

    early.sent(sending(19))
    ((_, position),) = early.fold(None, fill(FillKind.ENTRY, "5", 20))
    assert position is not None
    assert position.signed_base == 5
    assert early.quantity_base(BTC) == 0


def test_an_entry_that_a_person_adopts_later_takes_in_what_was_reduced_of_it() -> None:
    """Its trade carries the time of the word, not its own."""
    early = EarlyExits()
    early.sent(sending(9))
    assert list(early.fold(None, fill(FillKind.REDUCE, "5", 10))) == []

    *_, (_, position) = early.fold(None, adopted(20))
    assert position is None


@pytest.mark.parametrize("ours", [True, False])
def test_what_is_adopted_takes_in_nothing_of_another_time(*, ours: bool) -> None:
    """A stop took more than was ours, long ago; then an order, or a position, is adopted.

    Of an order it is known when it left; a position is what the venue states at the word.
    """
    early = EarlyExits()
    assert list(early.fold(None, fill(FillKind.STOP, "5", 10))) == []
    if ours:
        early.sent(sending(19))

    ((_, position),) = early.fold(None, adopted(20))
    assert position is not None
    assert position.signed_base == 5


def test_a_reduction_may_be_earlier_than_its_entry_by_what_two_clocks_differ() -> None:
    """The venue's clock lags behind ours: its trade seems older than our order."""
    early = EarlyExits()
    early.sent(sending(15))
    assert list(early.fold(None, fill(FillKind.REDUCE, "5", 12))) == []

    *_, (_, position) = early.fold(None, fill(FillKind.ENTRY, "5", 11))
    assert position is None


def test_only_the_newest_entries_are_remembered() -> None:
    early = EarlyExits()
    for n in range(SENT_KEPT + 1):
        early.sent(replace(sending(n), order_id=ClientOrderId(f"o-{n}")))
    early.sent(replace(sending(0), leg=Leg.STOP, order_id=ClientOrderId("stop")))

    assert len(early.sent_ms) == SENT_KEPT
    assert {"o-0", "stop"}.isdisjoint(early.sent_ms)


def test_a_reduction_of_the_other_side_is_none_of_an_entry() -> None:
    early = EarlyExits()
    assert list(early.fold(None, fill(FillKind.REDUCE, "5", 10, side=Side.SELL))) == []

    ((_, position),) = early.fold(None, fill(FillKind.ENTRY, "5", 5))
    assert position is not None
    assert position.signed_base == 5


def test_an_entry_told_in_part_is_reduced_by_what_is_told_of_it() -> None:
    """A stop closed all ten, of which four were told: six wait for the other trade."""
    early = EarlyExits()
    ((_, four),) = early.fold(None, fill(FillKind.ENTRY, "4", 1))
    ((part, flat),) = early.fold(four, fill(FillKind.STOP, "10", 3))
    assert (part.quantity_base, part.realised_usd) == (D(4), D(4))
    assert flat is None

    steps = list(early.fold(None, fill(FillKind.ENTRY, "6", 2)))
    assert [(f.kind, f.quantity_base) for f, _ in steps] == [
        (FillKind.ENTRY, D(6)),
        (FillKind.STOP, D(6)),
    ]
    assert steps[-1][1] is None

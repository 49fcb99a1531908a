"""What is told of an order: every trade once, its end last, its margin as booked."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.venue_ccxt.facts import UNCLAIMED_MAX, VenueFacts
from bridge_patch.adapters.venue_ccxt.fold import ORDERS_KEPT, Fold
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts, Trade, filled_of
from bridge_patch.adapters.venue_ccxt.parts import plain
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, OrderState
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import Book, Filled, FillKind, OrderEnded, StopArmed
from tests.contracts.approvals import BTC
from tests.questions import NOW

D = Decimal


def order(name: str = "bp-1", leg: Leg = Leg.REDUCE, quantity: str = "2") -> OrderFacts:
    return OrderFacts(
        order_id=ClientOrderId(name),
        intent_id=IntentId("i-1"),
        leg=leg,
        symbol=BTC,
        side=Side.SELL,
        quantity_base=D(quantity),
        leverage=10,
        stop_price_usd=D(90) if leg is Leg.STOP else None,
    )


def trade(
    number: int, quantity: str = "1", client: str | None = "bp-1", **rest: str
) -> Trade:
    return Trade(
        symbol=BTC,
        side=Side(rest.get("side", "SELL")),
        trade_id=number,
        venue_id=int(rest.get("venue_id", "7")),
        client_id=client,
        price_usd=D(rest.get("price", "100")),
        quantity_base=D(quantity),
        realised_usd=D(0),
        fee=D("0.05"),
        fee_asset=rest.get("fee_asset", "USDT"),
        at_ms=NOW,
    )


def test_the_end_of_an_order_is_told_when_all_of_its_trades_were() -> None:
    """Told before, the part that is known would pass for all there is."""
    facts, sold = VenueFacts(), order(quantity="5")
    facts.fold.announce(sold)
    facts.hear_trade(trade(1))
    facts.hear_order(
        sold, OrderState.CANCELLED, at_ms=NOW, executed_base=D(2), reason="cut short"
    )
    assert [type(e) for e in facts.take()] == [Filled]
    assert sold.state is OrderState.FILLED

    facts.hear_trade(trade(2))
    assert [type(e) for e in facts.take()] == [Filled, OrderEnded]


def test_an_order_that_was_cut_to_what_the_venue_takes_ends_when_that_is_filled() -> None:
    facts, sold = VenueFacts(), order()
    facts.fold.announce(sold)
    sold.end_reason = "the venue takes 2 at once"
    facts.hear_order(sold, OrderState.OPEN, at_ms=NOW)
    facts.hear_trade(trade(1))
    assert OrderEnded not in [type(e) for e in facts.take()]

    facts.hear_trade(trade(2))
    assert [type(e) for e in facts.take()] == [Filled, OrderEnded]


def test_trades_of_a_triggered_stop_wait_for_its_number() -> None:
    """The real order may come under a client id of its own, before the algo event."""
    facts, stop = VenueFacts(), order(leg=Leg.STOP)
    facts.fold.announce(stop)
    facts.hear_rest(stop, NOW)
    facts.hear_trade(trade(1, client="other"))
    facts.hear_foreign("other")
    assert [type(e) for e in facts.take()] == [StopArmed]

    facts.link(BTC, 7, stop.order_id)
    (fill,) = facts.take()
    assert isinstance(fill, Filled)
    assert (fill.kind, fill.order_id) == (FillKind.STOP, "bp-1")
    assert facts.foreign == {}


def test_what_nobody_claims_is_bounded() -> None:
    facts = VenueFacts()
    for number in range(UNCLAIMED_MAX + 10):
        facts.hear_trade(trade(number, client=None))

    assert len(facts.unclaimed) == UNCLAIMED_MAX


def test_orders_that_are_over_are_forgotten_and_open_ones_never() -> None:
    fold = Fold()
    kept = fold.announce(order("bp-open"))
    for number in range(2 * ORDERS_KEPT + 5):
        fold.announce(order(f"bp-{number}")).state = OrderState.CANCELLED

    assert len(fold.orders) <= 2 * ORDERS_KEPT
    assert fold.orders[ClientOrderId("bp-open")] is kept
    assert len(fold.orders) >= ORDERS_KEPT


def test_orders_that_ended_in_an_earlier_life_are_forgotten_too() -> None:
    fold = Fold()
    for number in range(2 * ORDERS_KEPT + 5):
        order_id = ClientOrderId(f"bp-{number}")
        fold.announce(order(order_id))
        fold.apply(
            OrderEnded(
                book=Book.ACCOUNT, at_ms=NOW, symbol=BTC, order_id=order_id, reason="over"
            )
        )

    assert len(fold.orders) <= ORDERS_KEPT + 5


def test_an_id_that_comes_again_is_another_order() -> None:
    facts = VenueFacts()
    facts.fold.announce(order())
    for number in (1, 2):
        facts.hear_trade(trade(number))
    facts.take()
    again = facts.fold.announce(order())
    facts.hear_trade(trade(3, venue_id="8"))

    assert again.told_base == 1
    assert again.state is None
    assert len(facts.take()) == 1


def test_a_fee_in_another_coin_counts_as_the_full_rate() -> None:
    def fee(asset: str) -> Decimal:
        return filled_of(
            trade(1, fee_asset=asset),
            order_id=ClientOrderId("bp-1"),
            intent_id=IntentId("i"),
            kind=FillKind.REDUCE,
            leverage=None,
            position=None,
        ).fee_usd

    assert fee("USDT") == D("0.05")
    assert fee("BNB") == D(100) * D("0.0005")


@given(
    held=st.decimals("0.001", "10", places=3),
    parts=st.lists(st.decimals("0.001", "5", places=3), min_size=1, max_size=6),
    margin=st.decimals("1", "1000", places=8),
)
def test_margin_released_never_exceeds_what_was_posted(
    held: Decimal, parts: list[Decimal], margin: Decimal
) -> None:
    facts = VenueFacts()
    facts.fold.announce(order(quantity="100"))
    facts.fold.positions[BTC] = Position(
        symbol=BTC,
        signed_base=held,
        first_base=held,
        entry_price_usd=D(100),
        margin_usd=margin,
        opened_ms=UnixMs(1),
    )
    facts.fold.opened_by[BTC] = IntentId("i")
    closing = True
    for number, part in enumerate(parts, 1):
        closing &= BTC in facts.fold.positions and part <= abs(
            facts.fold.positions[BTC].signed_base
        )
        if closing:
            facts.hear_trade(trade(number, str(part)))
    released = -sum((e.margin_usd for e in facts.take() if isinstance(e, Filled)), D(0))

    assert 0 <= released <= margin
    left = facts.fold.positions.get(BTC)
    assert released + (left.margin_usd if left else D(0)) == margin


@given(number=st.decimals("-1e12", "1e12", places=12))
def test_a_number_leaves_as_it_is_without_an_exponent(number: Decimal) -> None:
    text = plain(number)

    assert "E" not in text.upper()
    assert D(text) == number

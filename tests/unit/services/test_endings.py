"""Which orders a word has ended: the newest are kept, and a contradiction ends the word."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.events import Book, OrderEnded, OrderVouched, Resolved, Sending
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, OrderState
from bridge_patch.domain.reconcile_events import Word
from bridge_patch.services.doubt import Doubt
from bridge_patch.services.endings import ABSENT_KEPT, Ending, Endings

NOW, BTC = UnixMs(1), Symbol("BTCUSDT")


def doubt(name: str) -> Doubt:
    order = Sending(
        at_ms=NOW,
        intent_id=IntentId(name),
        order_id=ClientOrderId(name),
        leg=Leg.ENTRY,
        symbol=BTC,
        side=Side.BUY,
        quantity_base=Decimal(1),
    )
    return Doubt(order, OrderState.UNKNOWN)


def absent(endings: Endings, name: str) -> None:
    answer = Resolved(
        at_ms=NOW,
        intent_id=IntentId(name),
        order_id=ClientOrderId(name),
        leg=Leg.ENTRY,
        event=OrderEvent.FOUND_ABSENT,
    )
    endings.answered(answer, doubt(name))


def vouched(endings: Endings, name: str, word: Word) -> None:
    said = OrderVouched(
        at_ms=NOW,
        order_id=ClientOrderId(name),
        intent_id=IntentId(name),
        symbol=BTC,
        word=word,
        who="ann",
        why="because",
        command_id=name,
    )
    endings.vouched(said, doubt(name))


def test_the_newest_absent_orders_are_kept_and_every_word_of_a_person() -> None:
    """Memory ends somewhere; what a person said is not pushed out by a bad connection."""
    endings = Endings()
    vouched(endings, "closed", Word.CLOSED)
    vouched(endings, "adopted", Word.ADOPTED)
    for n in range(ABSENT_KEPT + 5):
        absent(endings, f"lost-{n}")

    kept = list(endings.orders)
    assert kept[:2] == ["closed", "adopted"]
    assert kept[2:] == [f"lost-{n}" for n in range(5, ABSENT_KEPT + 5)]


def test_a_persons_word_stands_before_the_answer_that_it_makes() -> None:
    endings = Endings()
    vouched(endings, "one", Word.CLOSED)
    absent(endings, "one")

    assert endings.orders[ClientOrderId("one")].ending is Ending.CLOSED


def test_a_word_that_was_refused_ends_nothing() -> None:
    endings = Endings()
    vouched(endings, "one", Word.REFUSED)

    assert endings.orders == {}


def test_only_what_was_to_have_never_come_is_contradicted_and_once() -> None:
    endings = Endings()
    vouched(endings, "adopted", Word.ADOPTED)
    absent(endings, "lost")

    def gone(name: str) -> OrderEnded:
        return OrderEnded(
            book=Book.ACCOUNT,
            at_ms=NOW,
            symbol=BTC,
            order_id=ClientOrderId(name),
            reason="expired",
        )

    assert endings.contradicted(gone("adopted")) is None
    assert endings.contradicted(gone("lost")) == doubt("lost").order
    assert endings.contradicted(gone("lost")) is None


def test_an_order_that_is_sent_once_more_is_not_over() -> None:
    """Only a reduction may leave again under its id: then it is expected."""
    endings = Endings()
    absent(endings, "lost")
    endings.sent(doubt("lost").order)

    assert endings.orders == {}

"""A person's word about an order of which nobody knows: adopted, or closed, or refused."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import (
    FilledLate,
    FillKind,
    LatchSet,
    OrderVouched,
    Resolved,
    Status,
    TradingState,
)
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.reconcile_events import Word
from bridge_patch.services.holds import FILLED_LATE
from bridge_patch.services.messages import Wish
from bridge_patch.services.named_order import NamedOrder
from tests.simulation.rig import (
    BTC,
    SOL,
    ask,
    close,
    intent,
    reserved_usd,
    run,
)
from tests.simulation.tap import Trouble
from tests.unit.services.test_switch import order, send
from tests.unit.services.unknowing import HELD, NOTHING, Mute, Scene, adopted_numbers

D = Decimal


def test_an_adopted_entry_is_a_position_with_a_stop_and_an_outcome() -> None:
    """As the venue's own answer would have made it, and marked as adopted."""
    scene = Scene()

    async def scenario() -> OrderVouched:
        await scene.begin()
        return await scene.says(Wish.ADOPT, **adopted_numbers(fee_usd=D(2)))

    said = run(scenario())
    (fill,) = scene.fills
    ledger = scene.session.recorder.ledger

    assert (said.word, said.detail) == (Word.ADOPTED, "as a person stated it")
    assert (said.quantity_base, said.price_usd) == (D("0.042"), D(95_100))
    assert (fill.kind, fill.quantity_base, fill.price_usd, fill.fee_usd) == (
        *(FillKind.ENTRY, D("0.042"), D(95_100), D(2)),
    )
    assert fill.trade_id == f"adopted-{fill.order_id}"
    assert scene.venue.learned == [fill], "the venue's adapter counts it as well"
    assert fill.margin_usd == D("0.042") * 95_100 / 10
    assert ledger.in_doubt == {}
    assert reserved_usd(ledger) == NOTHING
    assert ledger.positions[BTC].quantity_base == D("0.042")
    assert ledger.naked() == ()
    outcome = scene.world.outcome("lost")
    assert (outcome.status, outcome.filled_quantity_base) == (Status.FILLED, D("0.042"))


def test_an_entry_adopted_in_part_ends_with_that_part() -> None:
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.says(Wish.ADOPT, **adopted_numbers(quantity_base=D("0.02")))

    run(scenario())
    ledger = scene.session.recorder.ledger

    assert ledger.in_doubt == {}
    assert ledger.positions[BTC].quantity_base == D("0.02")


def test_an_adoption_without_numbers_takes_the_venues_own() -> None:
    scene = Scene()

    async def scenario() -> OrderVouched:
        await scene.begin()
        named = NamedOrder(order_id=scene.entry.order_id)
        await send(scene.world, order("o-0", Wish.ADOPT, named=named))
        scene.venue.mute = False
        await scene.session.keeper.switch.heed()
        return scene.world.events(OrderVouched)[-1]

    said = run(scenario())
    (fill,) = scene.fills

    assert (said.word, said.detail) == (Word.ADOPTED, "as the venue told it when asked")
    assert not fill.trade_id.startswith("adopted")
    assert scene.session.recorder.ledger.endings.orders == {}


def test_a_closed_entry_gives_its_room_back_and_ends_as_never_sent() -> None:
    scene = Scene()

    async def scenario() -> OrderVouched:
        await scene.begin(Trouble.REQUEST_LOST)
        said = await scene.says(Wish.CLOSE)
        scene.venue.mute = False
        await ask(scene.world, scene.session, intent("next", scene.n))
        return said

    said = run(scenario())
    answers = [(e.order_id, e.event) for e in scene.world.events(Resolved)]

    assert said.word is Word.CLOSED
    assert (scene.entry.order_id, OrderEvent.FOUND_ABSENT) in answers
    assert reserved_usd(scene.session) == NOTHING
    outcome = scene.world.outcome("lost")
    assert (outcome.status, outcome.codes[-1]) == (Status.VENUE_REFUSED, "ORDER_ABSENT")
    assert scene.world.outcome("next").status is Status.FILLED


@pytest.mark.parametrize(
    ("numbers", "why"),
    [
        ({}, "the venue does not tell its trades: state quantity and price"),
        (adopted_numbers(quantity_base=D("0.043")), "it was for 0.042 only"),
    ],
)
def test_a_word_that_cannot_be_true_is_refused_and_changes_nothing(
    numbers: dict[str, Any], why: str
) -> None:
    scene = Scene()

    async def scenario() -> OrderVouched:
        await scene.begin()
        return await scene.says(Wish.ADOPT, **numbers)

    said = run(scenario())

    assert (said.word, said.detail) == (Word.REFUSED, why)
    assert list(scene.session.recorder.ledger.in_doubt) == [scene.entry.order_id]
    assert reserved_usd(scene.session) == HELD
    assert scene.fills == []


@pytest.mark.parametrize("wish", [Wish.ADOPT, Wish.CLOSE])
def test_a_word_counts_only_while_the_order_is_unknown(wish: Wish) -> None:
    """Not of an order nobody knows, nor of one that has ended, nor twice."""
    scene = Scene()
    numbers = adopted_numbers() if wish is Wish.ADOPT else {}

    async def scenario() -> None:
        await scene.begin()
        stranger = await scene.says(wish, ClientOrderId("bp-none"), **numbers)
        assert stranger.detail == "no order in doubt has this id"
        await scene.says(wish, **numbers)
        again = await scene.says(wish, **numbers)
        assert again.detail == "no order in doubt has this id"

    run(scenario())
    words = [e.word for e in scene.world.events(OrderVouched)]

    assert words[0] is words[2] is Word.REFUSED
    assert words[1] is not Word.REFUSED
    assert len(scene.fills) == (wish is Wish.ADOPT)


def test_a_word_about_an_order_that_is_only_announced_is_refused() -> None:
    """Between its record and its send it is ours to send: nobody can know better."""
    scene = Scene()

    async def scenario() -> OrderVouched:
        await scene.begin()
        other = replace(scene.entry, order_id=ClientOrderId("bp-announced"), symbol=SOL)
        await scene.session.recorder.write(other)
        command = order("o-9", Wish.CLOSE, named=NamedOrder(order_id=other.order_id))
        await scene.session.keeper.switch.unknowns.heed(command)
        return scene.world.events(OrderVouched)[-1]

    said = run(scenario())

    assert said.word is Word.REFUSED
    assert said.detail == "it is SENDING: a word counts while an order is UNKNOWN"


def test_a_command_that_comes_again_changes_nothing() -> None:
    """Also after a restart: what was ordered is in the journal."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.says(Wish.CLOSE)
        named = NamedOrder(order_id=scene.entry.order_id)
        await send(scene.world, order("o-0", Wish.CLOSE, named=named))
        again = scene.world.start(venue=Mute)
        await again.keeper.switch.heed()

    run(scenario())

    assert len(scene.world.events(OrderVouched)) == 1


def test_a_late_fill_of_a_closed_order_reopens_it_and_holds_the_account() -> None:
    """The person was wrong: the trade counts, and nobody opens more before looking."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.says(Wish.CLOSE)
        assert scene.session.recorder.ledger.positions == {}
        late = scene.venue.untold[scene.entry.order_id]
        scene.venue.owed += late.events
        await scene.passes()
        ledger = scene.session.recorder.ledger
        assert list(ledger.in_doubt) == [scene.entry.order_id]
        assert reserved_usd(ledger) == HELD
        assert ledger.positions[BTC].quantity_base == D("0.042")
        scene.venue.mute = False
        await scene.passes(2)
        assert ledger.in_doubt == {}
        assert ledger.naked() == ()
        await ask(scene.world, scene.session, close("out", scene.n))

    run(scenario())
    (late,) = scene.world.events(FilledLate)
    fills = scene.fills

    assert (late.quantity_base, late.counted_base) == (D("0.042"), D(0))
    assert [f.kind for f in fills] == [FillKind.ENTRY, FillKind.REDUCE]
    assert FILLED_LATE in [latch.cause for latch in scene.world.events(LatchSet)]
    assert scene.session.recorder.gauge.state is TradingState.REDUCING
    assert scene.session.recorder.ledger.positions == {}


@pytest.mark.parametrize(
    ("adopted", "held", "late"), [("0.042", "0.042", False), ("0.03", "0.042", True)]
)
def test_a_trade_of_an_adopted_order_counts_once(
    adopted: str, held: str, late: bool
) -> None:
    """The venue tells at last what a person had stated: only what was missing is added."""
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        numbers = adopted_numbers(quantity_base=D(adopted))
        await scene.says(Wish.ADOPT, **numbers)
        told = scene.venue.untold[scene.entry.order_id]
        scene.venue.owed += told.events
        await scene.passes()
        scene.venue.owed += told.events
        await scene.passes()

    run(scenario())
    ledger = scene.session.recorder.ledger
    causes = [latch.cause for latch in scene.world.events(LatchSet)]

    assert ledger.positions[BTC].quantity_base == D(held)
    assert [e.counted_base for e in scene.world.events(FilledLate)] == [D(adopted)]
    assert (FILLED_LATE in causes) is late
    again = scene.world.start(venue=Mute)
    assert again.recorder.ledger.endings == ledger.endings
    assert again.recorder.ledger.positions == ledger.positions


def test_an_adopted_reduction_takes_off_what_it_says() -> None:
    scene = Scene()

    async def scenario() -> None:
        await scene.begin()
        await scene.says(Wish.ADOPT, **adopted_numbers())
        scene.venue.trouble("reduce", Trouble.REPLY_LOST)
        await ask(scene.world, scene.session, close("out", scene.n))
        await scene.passes()
        (doubted,) = scene.session.recorder.ledger.in_doubt
        more = await scene.says(
            Wish.ADOPT, doubted, quantity_base=D("0.05"), price_usd=D(95_000)
        )
        assert more.word is Word.REFUSED
        await scene.says(Wish.ADOPT, doubted, **adopted_numbers(price_usd=D(95_200)))

    run(scenario())
    fill = scene.fills[-1]

    assert (fill.kind, fill.realised_usd) == (FillKind.REDUCE, D("0.042") * 100)
    assert scene.session.recorder.ledger.positions == {}
    assert scene.world.outcome("out").status is Status.FILLED

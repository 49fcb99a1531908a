"""Incidents of closes while nobody knows whether anything is open: the venue decides."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import (
    FillKind,
    Judged,
    LatchSet,
    Resolved,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.intent import Side
from bridge_patch.domain.order import Leg, OrderEvent
from bridge_patch.governor.judge import ApprovedReduction
from bridge_patch.services.messages import Wish
from tests.simulation.rig import BTC, ask, close, intent, ready, reserved_usd, run
from tests.simulation.tap import Trouble
from tests.unit.services.unknowing import NOTHING, Mute, Scene, adopted_numbers

D = Decimal
ALL = D("0.042")


async def unknown(scene: Scene, side: Side, trouble: Trouble = Trouble.REPLY_LOST) -> None:
    """An entry of which the venue says nothing for now."""
    scene.session = await ready(scene.world, (BTC,), venue=Mute)
    scene.venue.trouble("place", trouble)
    await ask(scene.world, scene.session, intent("lost", scene.n, action=side))
    await scene.passes()
    assert list(scene.session.recorder.ledger.in_doubt) == [scene.entry.order_id]


async def out(scene: Scene, name: str = "out", **more: Any) -> None:
    await ask(scene.world, scene.session, close(name, scene.n, **more))


def asked(scene: Scene) -> list[ApprovedReduction]:
    """What was sent to the venue to reduce at market."""
    orders = (call.asked for call in scene.venue.calls if call.kind == "reduce")
    return [one for one in orders if isinstance(one, ApprovedReduction)]


def never_short(scene: Scene, side: Side) -> None:
    """No statement, and no order of ours, was ever about the other side."""
    stated = {u.side for u in scene.world.positions() if u.quantity_base}
    assert stated <= {side}
    sent = {e.side for e in scene.world.events(Sending) if e.leg is not Leg.ENTRY}
    assert sent <= {side.opposite}


def ends_once(scene: Scene, **statuses: Status) -> None:
    ended = [(e.intent_id, e.status) for e in scene.world.events(Settled)]
    assert sorted(ended) == sorted(statuses.items())


@pytest.mark.parametrize("restarted", [False, True])
@pytest.mark.parametrize("side", list(Side))
def test_a_close_while_the_entry_is_unknown_goes_out_reduce_only(
    side: Side, restarted: bool
) -> None:
    """M-65: every SELL was dropped while the position was unknown.

    The entry had come and nobody knew: the close takes it off, told before the entry is.
    """
    scene = Scene()

    async def scenario() -> None:
        await unknown(scene, side)
        await out(scene)
        ledger = scene.session.recorder.ledger
        assert ledger.positions == {}
        await scene.passes()
        if restarted:
            untold = scene.venue.untold
            scene.session = scene.world.start(venue=Mute)
            scene.venue.untold = untold
            ledger = scene.session.recorder.ledger
            await scene.passes()
        assert ledger.early.quantity_base(BTC) == ALL
        await out(scene, "nothing-left")
        scene.venue.mute = False
        for _ in range(2):
            await scene.passes()
            await scene.session.execution.drain()
        assert ledger.positions == {}
        assert ledger.in_doubt == {}
        assert ledger.early.waiting == {}
        assert reserved_usd(ledger) == NOTHING

    run(scenario())
    assert [f.kind for f in scene.fills] == [FillKind.REDUCE, FillKind.ENTRY]
    never_short(scene, side)
    ends_once(
        scene,
        **{"lost": Status.FILLED, "out": Status.FILLED, "nothing-left": Status.REFUSED},
    )
    assert scene.world.outcome("out").filled_quantity_base == ALL
    assert scene.world.events(LatchSet) == []
    if not restarted:
        (reduction,) = asked(scene)
        assert (reduction.side, reduction.quantity.base) == (side.opposite, ALL)
        assert reduction.stop_at is None


def test_a_close_of_an_entry_that_never_came_is_the_venues_to_refuse() -> None:
    """M-65: and it opens nothing, because it is reduce-only."""
    scene = Scene()

    async def scenario() -> None:
        await unknown(scene, Side.BUY, Trouble.REQUEST_LOST)
        await out(scene)
        scene.venue.mute = False
        await scene.passes(2)

    run(scenario())
    answers = {a.order_id: a.event for a in scene.world.events(Resolved)}

    assert len(asked(scene)) == 1
    assert answers[scene.entry.order_id] == OrderEvent.FOUND_ABSENT
    assert scene.fills == []
    ends_once(scene, lost=Status.VENUE_REFUSED, out=Status.VENUE_REFUSED)


@pytest.mark.parametrize("trouble", [None, Trouble.REPLY_LOST, Trouble.REQUEST_LOST])
def test_a_close_of_a_part_leaves_the_rest_protected(trouble: Trouble | None) -> None:
    """M-65: however the close's own answer fares, and whichever is told first."""
    scene = Scene()

    async def scenario() -> None:
        await unknown(scene, Side.BUY)
        if trouble is not None:
            scene.venue.trouble("reduce", trouble)
        await out(scene, quantity=0.01)
        scene.venue.mute = False
        await scene.passes(3)
        await scene.session.execution.drain()

    run(scenario())
    ledger = scene.session.recorder.ledger

    (reduction, *_) = asked(scene)
    (exit_,) = [f for f in scene.fills if f.kind is FillKind.REDUCE]
    assert exit_.quantity_base == reduction.quantity.base < ALL
    assert ledger.positions[BTC].signed_base == ALL - exit_.quantity_base
    assert ledger.naked() == ()
    assert ledger.in_doubt == {}
    never_short(scene, Side.BUY)
    ends_once(scene, lost=Status.FILLED, out=Status.FILLED)


def test_a_person_who_adopts_the_entry_after_its_close_ends_it_flat() -> None:
    """M-65: the trade that a person states carries the time of the word."""
    scene = Scene()

    async def scenario() -> None:
        await unknown(scene, Side.BUY)
        await out(scene)
        await scene.passes(3)
        await scene.says(Wish.ADOPT, **adopted_numbers())

    run(scenario())
    ledger = scene.session.recorder.ledger

    assert ledger.positions == {}
    assert ledger.early.waiting == {}
    ends_once(scene, lost=Status.FILLED, out=Status.FILLED)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"stop_move_to": 94_000}, "POSITION_UNKNOWN"),
        ({"action": "BUY", "reduce_only": True}, "REDUCE_WRONG_SIDE"),
    ],
)
def test_what_is_no_close_waits_until_the_entry_is_known(
    more: dict[str, Any], code: str
) -> None:
    """A stop would outlive the answer, and an order on the entry's side would open."""
    scene = Scene()

    async def scenario() -> None:
        await unknown(scene, Side.BUY)
        await out(scene, **more)

    run(scenario())

    assert scene.world.outcome("out").codes == (code,)
    assert asked(scene) == []
    assert [j.codes for j in scene.world.events(Judged)][-1] == (code,)
    assert scene.fills == []

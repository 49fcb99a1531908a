"""A stop that outlived its position could close the next one: there is none before it."""

from __future__ import annotations

from bridge_patch.domain.events import Sending, Status
from bridge_patch.domain.order import Leg
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    intent,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble


def test_no_entry_beside_a_stop_whose_end_is_not_confirmed() -> None:
    """It is swept first, and until the venue has said so the symbol takes no entry."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await _left(world, lost=1)
        await ask(world, session, intent("b", CALM + 1), intent("c", CALM + 1, symbol=SOL))
        for n in (2, 3):
            await session.on_tick(at(CALM + n, {BTC: 95_000, SOL: 150}))
        await ask(world, session, intent("d", CALM + 3))
        return session, venue

    _, venue = run(scenario())

    assert world.outcome("b").codes == ("ORDER_UNKNOWN",)
    assert world.outcome("c").status is Status.FILLED
    assert world.outcome("d").status is Status.FILLED
    assert venue.kinds().count("cancel") == 2


async def _left(world: World, lost: int) -> tuple[Session, Tap]:
    """Two stops while the older one's cancel is lost; then a close, whose word of it is."""
    session, venue = await tapped(world, (BTC, SOL))
    await ask(world, session, intent("a", CALM))
    plan = session.recorder.ledger.plans[BTC]
    (stop,) = plan.stops
    await session.on_tick(at(CALM + 1, {BTC: 95_000, SOL: 150}))
    venue.trouble("cancel", *[Trouble.REQUEST_LOST] * lost)
    await session.keeper.trader.desk.flatten(BTC)
    plan.stops.append(stop)  # the venue did not say that it ended with its position
    assert session.recorder.ledger.stale_stops(BTC) == (stop,)
    return session, venue


def test_a_stop_that_is_left_is_a_reason_for_a_pulse_to_sweep() -> None:
    """Nothing else may be open then: it is not left to the next bar."""
    world = World()

    async def scenario() -> None:
        session, venue = await _left(world, lost=0)
        await session.keeper.pulse()

        assert session.recorder.ledger.stale_stops(BTC) == ()
        assert venue.kinds()[-1] == "cancel"

    run(scenario())


def test_an_entry_that_was_allowed_looks_once_more_before_it_leaves() -> None:
    """Between verdict and send the account may have changed: nothing leaves then."""
    world = World()

    async def scenario() -> Tap:
        session, venue = await _left(world, lost=1)
        snapshots = session.keeper.trader.snapshots
        ledger, kept = session.recorder.ledger, session.recorder.ledger.plans[BTC]
        take = snapshots.take

        async def blind(*symbols: object, **more: object) -> object:
            ledger.plans.pop(BTC)
            taken = await take(*symbols, **more)  # type: ignore[arg-type]
            ledger.plans[BTC] = kept
            return taken

        object.__setattr__(session.keeper.trader, "snapshots", _Blind(blind))
        await ask(world, session, intent("b", CALM + 1))
        return venue

    venue = run(scenario())

    assert world.outcome("b").codes == ("PASS", "ORDER_UNKNOWN")
    assert world.outcome("b").status is Status.REFUSED
    assert [e.leg for e in world.events(Sending)].count(Leg.ENTRY) == 2
    assert venue.kinds().count("place") == 1


class _Blind:
    """Sees nothing of what is left on a symbol."""

    def __init__(self, take: object) -> None:
        self.take = take

"""The venue is prepared first; halt, lease and age are looked at after that, not before."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Book, OrderRefused, Status, TradingState
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.governor.judge import Approved
from bridge_patch.services.desk import PREPARE_MAX_MS
from bridge_patch.services.ports import Report
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, intent, ready, reserved_usd, run
from tests.simulation.tap import Tap


@dataclass
class Slow(Tap):
    """A venue whose preparation takes `took_ms`, and in which something may happen."""

    session: list[Session] = field(default_factory=list)
    took_ms: int = 0
    raises: type[Exception] | None = None
    halts: bool = False
    says: Report | None = None

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        (session,) = self.session
        session.clock.set(UnixMs(session.clock.now_ms() + self.took_ms))
        if self.halts:
            gauge, now_ms = session.recorder.gauge, session.clock.now_ms()
            gauge.apply(gauge.holds.latch(TradingState.HALTED, "X", "x", now_ms))
        if self.raises is not None:
            raise self.raises
        return self.says


async def asked(world: World, **how: object) -> tuple[Session, Slow]:
    session = await ready(world, venue=Slow)
    venue = session.keeper.venue
    assert isinstance(venue, Slow)
    venue.session.append(session)
    for name, value in how.items():
        setattr(venue, name, value)
    await ask(world, session, intent("a", CALM))
    return session, venue


def test_an_entry_that_is_prepared_in_time_leaves() -> None:
    world = World()
    session, venue = run(asked(world, took_ms=PREPARE_MAX_MS))

    assert "place" in venue.kinds()
    assert BTC in session.recorder.ledger.positions


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"took_ms": PREPARE_MAX_MS + 1}, "MARK_STALE"),
        ({"raises": ConnectionResetError}, "SNAPSHOT_INCOMPLETE"),
        ({"halts": True}, "TRADING_HALTED"),
        ({"halts": True, "took_ms": PREPARE_MAX_MS + 1}, "TRADING_HALTED"),
    ],
)
def test_what_happens_while_it_is_prepared_keeps_the_order_back(
    how: dict[str, object], code: str
) -> None:
    """What was judged is seconds old by then, and a person may have said stop."""
    world = World()
    session, venue = run(asked(world, **how))

    assert "place" not in venue.kinds()
    outcome = world.outcome("a")
    assert outcome.status is Status.REFUSED  # the venue was never asked
    assert outcome.codes == ("PASS", code)
    assert session.recorder.ledger.in_doubt == {}
    assert sum(reserved_usd(session)) == 0


def test_a_refused_preparation_is_the_venues_refusal() -> None:
    world = World()

    async def scenario() -> Slow:
        session = await ready(world, venue=Slow)
        venue = session.keeper.venue
        assert isinstance(venue, Slow)
        venue.session.append(session)

        async def refusing(approved: Approved, order_id: ClientOrderId) -> Report:
            refusal = OrderRefused(
                book=Book.ACCOUNT,
                at_ms=session.clock.now_ms(),
                symbol=approved.symbol,
                order_id=order_id,
                code="-4203",
                message="young account",
            )
            return Report(event=OrderEvent.REJECTED, events=(refusal,))

        venue.prepare = refusing  # type: ignore[method-assign]
        await ask(world, session, intent("a", CALM))
        return venue

    venue = run(scenario())
    assert "place" not in venue.kinds()
    assert world.outcome("a").codes == ("PASS", "-4203")


def test_a_broken_promise_while_preparing_stops_the_process() -> None:
    with pytest.raises(BrokenPromiseError):
        run(asked(World(), raises=BrokenPromiseError))

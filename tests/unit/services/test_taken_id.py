"""An id that somebody took before is no way to stop a reduction."""

import json
from hashlib import blake2b

import pytest

from bridge_patch.domain.events import DuplicateSeen, Sending, Settled
from bridge_patch.domain.order import Leg
from bridge_patch.services.trader import Trader
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    close,
    intent,
    ready,
    run,
    tapped,
)
from tests.simulation.tap import Trouble


@pytest.mark.parametrize("together", [True, False])
def test_a_reduction_under_a_taken_id_still_reduces(together: bool) -> None:
    """An id in use may not keep a position: only the same content is a duplicate."""
    world = World()

    async def scenario() -> None:
        session = await ready(world)
        messages = [intent("a", CALM), close("a", CALM), close("a", CALM)]
        for each in [messages] if together else [[one] for one in messages]:
            await ask(world, session, *each)
        assert session.recorder.ledger.positions == {}

    run(scenario())

    assert len(world.results()) == 2
    assert len(world.events(DuplicateSeen)) == 1
    assert run(world.unfinished()) == 0


def test_a_renamed_reduction_keeps_its_name_when_it_is_sent_again() -> None:
    """Else it would end under the id of another, whose outcome is known."""
    world = World()

    async def scenario() -> None:
        session, venue = await tapped(world)
        await ask(world, session, intent("a", CALM))
        venue.trouble("reduce", Trouble.REQUEST_LOST)
        await ask(world, session, close("a", CALM))
        await session.keeper.recover()
        await session.execution.retry()
        assert venue.kinds().count("reduce") == 2
        assert session.recorder.ledger.positions == {}

    run(scenario())

    ends = [(settled.intent_id == "a", settled.action) for settled in world.events(Settled)]
    assert ends == [(True, "BUY"), (False, "CLOSE")]
    sent = [e.intent_id for e in world.events(Sending) if e.leg is Leg.REDUCE]
    assert len(sent) == 2
    assert set(sent) == {world.events(Settled)[1].intent_id}


def test_a_renamed_reduction_keeps_its_name_when_our_own_code_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        monkeypatch.setattr(Trader, "reduce", broken)
        await ask(world, session, close("a", CALM))

    run(scenario())

    entry, failed = world.events(Settled)
    assert (entry.intent_id, failed.action) == ("a", "CLOSE")
    assert failed.intent_id.startswith("a~")


@pytest.mark.parametrize("together", [True, False])
def test_nobody_can_take_the_names_that_a_reduction_would_get(together: bool) -> None:
    """Who knows its text beforehand can take one name after the other, in vain."""
    world, text = World(), json.dumps(close("x", CALM))
    names = ["x"]
    for _ in range(3):
        digest = blake2b(f"{names[-1]}{text}".encode(), digest_size=6).hexdigest()
        names.append(f"x~{digest}")

    async def scenario() -> None:
        session = await ready(world, (BTC, SOL))
        await ask(world, session, intent("open", CALM))
        assert BTC in session.recorder.ledger.positions
        entries = [intent(name, CALM, symbol=SOL) for name in names]
        if together:
            await ask(world, session, *entries, text)
        else:
            await ask(world, session, *entries)
            await ask(world, session, text)
        assert BTC not in session.recorder.ledger.positions

    run(scenario())
    assert not world.events(DuplicateSeen)

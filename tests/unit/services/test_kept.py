"""What is believed is durable before anything is done about it, in as few commits as do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bridge_patch.domain.events import Book, Event, Resolved, Settled
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import OrderEvent
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.messages import Settlement
from bridge_patch.services.ports import Report
from bridge_patch.services.protection import Protection
from tests.simulation.chaos import PEACE, ChaosJournal
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    close,
    intent,
    run,
    tapped,
)
from tests.simulation.tap import Call, Tap, Trouble


def test_nothing_is_sent_or_told_while_anything_is_only_believed() -> None:
    """An answer may wait for the next commit, and nothing may be done until then."""
    world, told = World(), list[str]()

    async def scenario() -> Tap:
        session, venue = await tapped(world, (BTC, SOL))

        def durable() -> None:
            kept, believed = Ledger(), session.recorder.ledger
            for stored in world.journal.read():
                kept.apply(stored.event)
            assert kept.positions == believed.positions
            assert kept.plans == believed.plans
            assert kept.in_doubt == believed.in_doubt

        called, settle = venue._called, session.execution.inbox.settle

        async def asked(call: Call, symbol: Symbol) -> Report:
            durable()
            return await called(call, symbol)

        async def settled(settlement: Settlement) -> None:
            durable()
            told.extend(r.intent_id for r in settlement.results if isinstance(r, Settled))
            await settle(settlement)

        venue._called = asked  # type: ignore[method-assign]
        session.execution.inbox.settle = settled  # type: ignore[method-assign]
        venue.trouble("reduce", Trouble.REPLY_LOST)
        await ask(
            world,
            session,
            intent("a", CALM),
            intent("a", CALM),
            close("part", CALM, quantity=0.01),
            close("up", CALM, stop_move_to=94_000),
            intent("b", CALM, symbol=SOL),
            close("b-out", CALM, symbol=SOL),
            close("out", CALM),
        )
        await session.keeper.recover()
        await session.execution.retry()
        return venue

    venue = run(scenario())

    kinds = Counter(venue.kinds())
    assert kinds == {"place": 2, "stop": 3, "reduce": 3, "cancel": 1, "find": 2}
    assert sorted(told) == ["a", "b", "b-out", "out", "part", "up"]


@dataclass
class Counting(ChaosJournal):
    """Notes what is committed together, of all that is about the account."""

    commits: list[list[str]] = field(default_factory=list)

    async def append(self, events: Sequence[Event]) -> None:
        ours = (e for e in events if getattr(e, "book", Book.ACCOUNT) is Book.ACCOUNT)
        self.commits.append([type(e).__name__ for e in ours])
        await self.inner.append(events)


async def commits(*troubles: Trouble) -> list[list[str]]:
    """What one entry is committed in."""
    world = World()
    journal = Counting(world.journal, PEACE)
    session, venue = await tapped(world, journal=lambda _: journal)
    venue.trouble("place", *troubles)
    journal.commits.clear()
    await ask(world, session, intent("a", CALM))
    return journal.commits


def test_an_opened_position_takes_three_commits() -> None:
    """The order about to leave; its fill, and the stop about to leave; all that is left."""
    assert run(commits()) == [
        ["TickReached", "EquityMarked", "IntentReceived", "Judged", "Sending"],
        ["Filled", "Resolved", "Sending"],
        ["StopArmed", "Resolved", "Settled"],
    ]


@pytest.mark.parametrize(
    "trouble", [Trouble.REFUSED, Trouble.REPLY_LOST, Trouble.REQUEST_LOST, Trouble.RAISES]
)
def test_an_answer_that_grants_nothing_is_durable_at_once(trouble: Trouble) -> None:
    """What has timed out is never sent again, also after a crash right behind it."""
    answered = next(kinds for kinds in run(commits(trouble)) if "Resolved" in kinds)

    assert "Settled" not in answered
    assert "Sending" not in answered


def test_an_entry_that_the_venue_only_accepted_is_durable_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is still in doubt: after a crash it must not look as if it had never left."""
    world, durable = World(), list[str]()

    async def protect(_: Protection, __: Symbol) -> None:
        durable.extend(e.event for e in world.events(Resolved))

    async def accepted(*_: object) -> Report:
        return Report(event=OrderEvent.ACCEPTED)

    async def scenario() -> None:
        session, venue = await tapped(world)
        venue.place = accepted  # type: ignore[method-assign, assignment]
        monkeypatch.setattr(Protection, "protect", protect)
        await ask(world, session, intent("a", CALM))

    run(scenario())

    assert durable == [OrderEvent.ACCEPTED]

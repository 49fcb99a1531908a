"""Durable first, then believed, then shown; and what is shown can fail as it likes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from bridge_patch.adapters.memory import MemoryJournal
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import (
    Book,
    EquityMarked,
    Event,
    Settled,
    Stage,
    Status,
    TickReached,
)
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.messages import Draft
from bridge_patch.services.ports import Telemetry
from bridge_patch.services.recorder import Recorder
from tests.questions import SHIPPED
from tests.simulation.rig import BTC, CALM, Silence, World, ask, intent, minute, ready, run
from tests.unit.adapters.lines_samples import FILLED, SENDING

AT = minute(1)


class Full:
    """A journal on a full disk."""

    async def append(self, events: Sequence[Event]) -> None:
        raise BrokenPromiseError


@dataclass
class Slow:
    """A journal that lets others go on while it writes; `most` wrote at once."""

    written: list[Event] = field(default_factory=list)
    writing: int = 0
    most: int = 0

    async def append(self, events: Sequence[Event]) -> None:
        self.writing += 1
        self.most = max(self.most, self.writing)
        for _ in range(3):
            await asyncio.sleep(0)
        self.written += events
        self.writing -= 1


def recorder(journal: object) -> Recorder:
    return Recorder(journal, AccountFold.of(Book.ACCOUNT), Silence())  # type: ignore[arg-type]


def test_nothing_is_believed_that_could_not_be_written() -> None:
    one = recorder(Full())

    with pytest.raises(BrokenPromiseError):
        run(one.write(SENDING, FILLED))

    assert one.ledger.positions == {}
    assert one.ledger.in_doubt == {}


def test_a_commit_is_whole_and_in_order() -> None:
    world = World()
    one = recorder(world.journal)
    one.stage(SENDING)
    assert world.events(type(SENDING)) == []
    run(one.write(FILLED))

    assert [s.event for s in world.journal.read()] == [SENDING, FILLED]
    assert BTC in one.ledger.positions


def test_side_by_side_a_commit_is_awaited_by_all_whose_events_it_has() -> None:
    """Else one would act on what another's commit has not made durable yet."""
    journal = Slow()
    one = recorder(journal)

    async def first() -> None:
        await one.write(SENDING)

    async def second() -> list[Event]:
        await one.learn(FILLED)
        await one.flush()
        return list(journal.written)

    async def third() -> list[Event]:
        await asyncio.sleep(0)
        await one.keep()
        return list(journal.written)

    async def together() -> list[list[Event]]:
        _, *seen = await asyncio.gather(first(), second(), third())
        return seen

    assert run(together()) == [[SENDING, FILLED], [SENDING, FILLED]]
    assert journal.most == 1


def test_an_answer_is_believed_at_once_and_kept_with_the_next_commit() -> None:
    world = World()
    one = recorder(world.journal)
    run(one.write(SENDING))
    run(one.learn(FILLED))
    assert BTC in one.ledger.positions
    before = one.ledger.positions[BTC]

    assert [s.event for s in world.journal.read()] == [SENDING]
    run(one.write(TickReached(at_ms=AT, stage=Stage.EXITED)))

    *_, kept, moved = [s.event for s in world.journal.read()]
    assert (kept, type(moved)) == (FILLED, TickReached)
    assert one.ledger.positions[BTC] == before  # believed once
    assert one.progress.reached(AT, Stage.EXITED)


def test_what_is_only_believed_is_kept_when_asked_for_and_nothing_else_is() -> None:
    world = World()
    one = recorder(world.journal)
    one.stage(SENDING)
    run(one.keep())
    assert world.events(type(SENDING)) == []
    run(one.learn(FILLED))
    run(one.keep())

    assert [s.event for s in world.journal.read()] == [SENDING, FILLED]


def test_an_answer_that_comes_with_a_reading_is_kept_with_it_at_once() -> None:
    """What stands before it in the journal is believed before it."""
    world = World()
    one = recorder(world.journal)
    one.begin_tick(AT)
    run(one.learn(FILLED))

    assert [type(s.event) for s in world.journal.read()] == [TickReached, type(FILLED)]


def test_the_first_commit_about_a_tick_says_how_far_it_came() -> None:
    """A quiet tick leaves no trace; a second commit does not say it again."""
    world = World()
    one = recorder(world.journal)
    one.begin_tick(minute(1))
    one.begin_tick(minute(2))
    run(one.write(SENDING))
    run(one.write(FILLED))

    moved = TickReached(at_ms=minute(2), stage=Stage.MOVED)
    assert [s.event for s in world.journal.read()] == [moved, SENDING, FILLED]
    assert one.progress.reached(minute(2), Stage.MOVED)
    assert not one.progress.reached(minute(2), Stage.EXITED)
    assert not one.progress.reached(minute(1), Stage.MOVED)


def test_the_reading_a_tick_is_judged_by_is_kept_with_what_was_judged() -> None:
    world = World()
    one = recorder(world.journal)
    one.gauge.observe(Decimal(10_000), minute(0), Decimal(0), SHIPPED)
    one.gauge.observe(
        Decimal(9_995), AT, Decimal(0), SHIPPED
    )  # no peak, no new day: nothing is due
    one.equity_read()
    run(one.write(SENDING))
    run(one.write(FILLED))

    (mark,) = world.events(EquityMarked)
    assert (mark.at_ms, mark.equity_usd) == (AT, Decimal(9_995))


class Deafening:
    """Telemetry in which everything raises."""

    def tell(self, event: Event) -> None:
        raise OSError

    def published(self, draft: Draft) -> None:
        raise UnicodeError

    def note(self, area: str, message: str, **facts: object) -> None:
        raise RuntimeError


def test_telemetry_that_fails_changes_no_outcome() -> None:
    """The other half of M-107: not the printer's promise, but nobody's need of it."""

    async def played(world: World, telemetry: Telemetry) -> list[Event]:
        session = await ready(world, telemetry=telemetry)
        await ask(world, session, intent("a", CALM), "[]", intent("old", CALM - 9))
        return [s.event for s in world.journal.read()]

    heard = run(played(World(), Silence()))
    unheard = run(played(World(), Deafening()))

    assert heard == unheard
    settled = [e for e in unheard if isinstance(e, Settled)]
    assert [s.status for s in settled] == [Status.FILLED]


def test_what_is_restored_is_told_to_nobody_again() -> None:
    """Folding a journal is not an occasion for log lines."""
    told: list[Event] = []

    class Listening(Silence):
        def tell(self, event: Event) -> None:
            told.append(event)

    world = World()

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        world.start(telemetry=Listening())

    run(scenario())

    assert isinstance(world.journal, MemoryJournal)
    assert told == []

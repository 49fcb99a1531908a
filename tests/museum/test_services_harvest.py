"""Incidents of exits: policies that nobody read, that said otherwise, that forgot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pytest

from bridge_patch.domain.events import Book, Filled, FillKind, IntentReceived
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import Side
from bridge_patch.domain.market import Tick
from bridge_patch.services.session import Session
from tests.simulation.rig import BTC, CALM, World, ask, bar, calm, intent, play, run, tick

D = Decimal
MODES = list(HarvestMode)


def path(side: Side, moves: Sequence[float], *, start: int = CALM) -> list[Tick]:
    """Bars that close so many percent in the position's favour, with small wicks."""
    ticks, last = [], D(95_000)
    for n, move in enumerate(moves, start=start + 1):
        close = D(95_000) * (1 + side.sign * D(str(move)) / 100)
        top, bottom = max(last, close) + 5, min(last, close) - 5
        ticks.append(tick(n, bar(BTC, n, close, open_=last, high=top, low=bottom)))
        last = close
    return ticks


async def harvested(
    world: World, side: Side, mode: HarvestMode, later: Sequence[Tick]
) -> Session:
    """Open a position with the documented policy of a mode, and let the market move."""
    session = world.start()
    await play(session, calm())
    await ask(world, session, intent("a", CALM, action=side, harvest_policy=mode))
    for one in later:
        await session.on_tick(one)
    return session


@dataclass(frozen=True)
class Told:
    """What an account's fills say: when, how much of the first quantity, and why."""

    minutes: int
    share: Decimal
    kind: FillKind
    reason: str


def story(world: World) -> list[Told]:
    fills = [f for f in world.events(Filled) if f.book is Book.ACCOUNT]
    reasons = {e.intent_id: e.intent_id for e in world.events(IntentReceived)}
    first, told = fills[0], []
    for fill in fills[1:]:
        after = (fill.at_ms - first.at_ms) // 60_000
        reason = reasons.get(fill.intent_id, "") if fill.kind is FillKind.REDUCE else "stop"
        word = "-".join(reason.split("-")[4:]) if reason.startswith("x-") else reason
        share = round(fill.quantity_base / first.quantity_base, 2)
        told.append(Told(after, share, fill.kind, word))
    return told


REDUCE, STOP = FillKind.REDUCE, FillKind.STOP
HALF, ALL = D("0.5"), D("1.0")


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize(
    ("mode", "moves", "expected"),
    [
        # scalper: half at 1 %, then a trail of 0.5 % from the best; at most 30 min
        ("scalper", [0.6, 0.9, 0.9], []),
        (
            "scalper",
            [0.6, 1.1, 1.3, 0.6],
            [Told(2, HALF, REDUCE, "partial-profit"), Told(4, HALF, STOP, "stop")],
        ),
        ("scalper", [0.2] * 31, [Told(30, ALL, REDUCE, "max-hold")]),
        # swing: hold, a trail of 1 % from the best, at most an hour
        ("swing", [1.2, 2.2, 1.0], [Told(3, ALL, STOP, "stop")]),
        ("swing", [0.3] * 61, [Told(60, ALL, REDUCE, "max-hold")]),
        # trend_runner: a part at 3 %, the rest on a trail of 2 %, at most two hours
        (
            "trend_runner",
            [1.5, 3.2, 4.5, 2.2],
            [Told(2, HALF, REDUCE, "partial-profit"), Told(4, HALF, STOP, "stop")],
        ),
        ("trend_runner", [0.5] * 121, [Told(120, ALL, REDUCE, "max-hold")]),
        # all of them: the one hard stop, 2 % from the entry
        ("scalper", [-1.0, -2.3], [Told(2, ALL, STOP, "stop")]),
        ("trend_runner", [-1.0, -2.3], [Told(2, ALL, STOP, "stop")]),
    ],
)
def test_each_harvest_mode_does_what_its_text_says(
    mode: str, moves: list[float], expected: list[Told], side: Side
) -> None:
    """M-59: the scalper promised to take half and carried a partial close of 0.

    From bars to fills, through bus, execution and venue, long and short.
    """
    world = World()
    run(harvested(world, side, HarvestMode(mode), path(side, moves)))

    assert story(world) == expected


def test_harvest_policy_reaches_the_exit_brain_and_acts() -> None:
    """M-52: the filter dropped it, the result had no field for it, nobody consumed it."""
    moves = path(Side.BUY, [1.1, 1.2, 1.3])
    stories = {}
    for mode in MODES:
        world = World()
        session = run(harvested(world, Side.BUY, mode, moves[:1]))
        assert world.outcome("a").harvest_policy == POLICIES[mode]
        assert session.brain.tracks()[BTC].policy == POLICIES[mode]
        again = world.start()
        run(play(again, [*calm(), *moves]))
        assert again.brain.tracks()[BTC].policy == POLICIES[mode]
        stories[mode] = story(world)

    assert [told.reason for told in stories[HarvestMode.SCALPER]] == ["partial-profit"]
    assert stories[HarvestMode.SWING] == stories[HarvestMode.TREND_RUNNER] == []


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("mode", MODES)
def test_exit_state_is_rebuilt_after_restart(mode: HarvestMode, side: Side) -> None:
    """M-56: peaks were kept in memory, and open positions were forgotten with them.

    Restarted after every single bar, a position is harvested as if nothing had happened.
    """
    moves = path(side, [0.4, 0.9, 0.7, 1.2, 1.0, 1.9, 3.2, 2.8, 3.9, 3.4, 1.2])
    whole, broken = World(), World()
    run(harvested(whole, side, mode, moves))

    async def restarted() -> None:
        lived = await harvested(broken, side, mode, [])
        for n in range(1, len(moves) + 1):
            session = broken.start()
            await play(session, [*calm(), *moves[:n]])
            await session.execution.drain()
            if n < len(moves):
                twin = broken.start()
                await play(twin, [*calm(), *moves[:n]])
                for brain in (session.brain, twin.brain):
                    await brain.catch_up()
                assert twin.brain.tracks() == session.brain.tracks()
            lived = session
        assert lived.recorder.ledger.positions == {}

    run(restarted())

    assert story(broken) == story(whole)
    assert story(whole)[-1].kind is STOP


def test_a_peak_of_before_the_kill_is_not_forgotten() -> None:
    """The hard case of M-56: no stop tells of it, for the trail was not active yet."""
    spiky = [
        tick(CALM + 1, bar(BTC, CALM + 1, 95_760, open_=95_000, high=96_520)),  # +1.6 %
        tick(CALM + 2, bar(BTC, CALM + 2, 95_700, open_=95_760)),
        tick(CALM + 3, bar(BTC, CALM + 3, 96_050, open_=95_700)),  # half is taken
        tick(CALM + 4, bar(BTC, CALM + 4, 96_020, open_=96_050)),  # 0.5 % off the peak
    ]
    whole, broken = World(), World()
    run(harvested(whole, Side.BUY, HarvestMode.SCALPER, spiky))

    async def restarted() -> None:
        session = await harvested(broken, Side.BUY, HarvestMode.SCALPER, spiky[:2])
        await ask(broken, session, "[]")  # the journal knows of this minute
        await play(broken.start(), [*calm(), *spiky])

    run(restarted())

    assert story(broken) == story(whole)
    assert [told.reason for told in story(whole)] == ["partial-profit", "trail-breached"]

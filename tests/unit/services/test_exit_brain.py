"""The exit brain asks for what the policy says, once, and can learn it all again."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.harvest import POLICIES, HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import IntentId, ReduceIntent, Side
from bridge_patch.domain.market import Tick
from bridge_patch.services.exit_brain import ExitBrain, exit_id
from bridge_patch.services.messages import PositionUpdate
from tests.simulation.rig import BTC, SOL, Silence, at, bar, minute, run, tick
from tests.unit.services.exit_stream import Stream

D = Decimal
SCALPER = POLICIES[HarvestMode.SCALPER]
SWING = POLICIES[HarvestMode.SWING]
OPEN = PositionUpdate(
    at_ms=minute(1),
    symbol=BTC,
    side=Side.BUY,
    quantity_base=D("0.04"),
    first_base=D("0.04"),
    entry_price_usd=D(100_000),
    opened_ms=minute(1),
    stop_price_usd=D(98_000),
    policy=SCALPER,
    intent_id=IntentId("a"),
)


def brain(*updates: PositionUpdate) -> ExitBrain:
    stream = Stream(deque(updates))
    return ExitBrain(stream, stream, ListedInstruments(), Silence())


def decided(one: ExitBrain, *ticks: Tick) -> list[ReduceIntent]:
    async def play() -> list[ReduceIntent]:
        return [intent for t in ticks for intent in await one.decide(t)]

    return run(play())


def reasons(intents: list[ReduceIntent]) -> list[str]:
    return [intent.reason for intent in intents]


def test_a_part_is_asked_for_once_and_without_a_side() -> None:
    """The bars after it change nothing, whether or not the venue was quick."""
    one = brain(OPEN)
    asked = decided(one, *(at(n, {BTC: 101_100}) for n in (2, 3)))

    assert reasons(asked) == ["PARTIAL_PROFIT", "TRAIL"]
    assert asked[0].quantity is not None
    assert asked[0].quantity.base == D("0.02")
    assert asked[0].side is None
    assert asked[0].created_ms == minute(2)


def test_a_trail_pulls_the_stop_on_the_tick_and_only_when_it_is_worth_it() -> None:
    one = brain(replace(OPEN, policy=SWING))
    (first,) = decided(one, at(2, {BTC: "101000.55"}))
    assert first.stop_at is not None
    assert first.stop_at.usd == D("99990.6")  # 1 % below, up to the tick of 0.1

    assert decided(one, at(3, {BTC: "101001"})) == []


def test_a_stop_that_did_not_move_is_asked_for_again() -> None:
    """The venue's word counts, not what was asked for."""
    one = brain(replace(OPEN, policy=SWING))
    assert reasons(decided(one, at(2, {BTC: 101_000}))) == ["TRAIL"]
    one.outcomes.updates.append(replace(OPEN, policy=SWING))  # type: ignore[attr-defined]

    assert reasons(decided(one, at(3, {BTC: 101_000}))) == ["TRAIL"]


@pytest.mark.parametrize(("close", "reason"), [(97_900, "STOP_BREACHED")])
def test_a_price_through_the_stop_asks_for_a_close(close: int, reason: str) -> None:
    (intent,) = decided(brain(OPEN), at(2, {BTC: close}))

    assert (intent.reason, intent.quantity, intent.stop_at) == (reason, None, None)


def test_the_longest_hold_ends_a_position_whose_market_is_silent() -> None:
    """Half an hour of scalping is over, bars or no bars."""
    one = brain(OPEN)
    silent = [tick(n, bar(SOL, n, 150)) for n in range(2, 32)]

    assert reasons(decided(one, *silent[:-1])) == []
    assert reasons(decided(one, silent[-1])) == ["MAX_HOLD"]


def test_flat_is_the_end_of_it() -> None:
    one = brain(OPEN, replace(OPEN, quantity_base=D(0), stop_price_usd=None))

    assert decided(one, at(2, {BTC: 50_000})) == []
    assert one.tracks() == {}


def test_a_new_position_of_the_same_moment_starts_afresh() -> None:
    """Another intent's position is another story, even where its clock shows the same."""
    one = brain(OPEN)
    decided(one, at(2, {BTC: 101_100}))
    again = replace(OPEN, intent_id=IntentId("b"), entry_price_usd=D(101_000))
    one.outcomes.updates.append(again)  # type: ignore[attr-defined]
    run(one.catch_up())

    assert one.tracks()[BTC].partial_done is False
    assert one.tracks()[BTC].entry_price_usd == 101_000


def test_a_bar_from_before_the_entry_is_none_of_its_business() -> None:
    assert decided(brain(OPEN), at(1, {BTC: 50_000})) == []


def test_an_exits_id_is_the_decisions_and_holds_no_market_value() -> None:
    """The same bar gives the same id, so that a repetition is a duplicate."""
    one, two = (decided(brain(OPEN), at(2, {BTC: p}))[0].id for p in (101_100, 101_900))

    assert one == two == exit_id(BTC, minute(1), minute(2), "PARTIAL_PROFIT")
    assert exit_id(BTC, minute(1), minute(3), "TRAIL") != one


@pytest.mark.parametrize("policy", list(POLICIES.values()), ids=lambda p: p.mode)
@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("cut", range(1, 9))
def test_what_it_knows_it_can_learn_again(
    policy: HarvestPolicy, side: Side, cut: int
) -> None:
    """Killed after any bar: the stream and the bars rebuild peak, stage and deadline."""
    sign = side.sign
    start = replace(OPEN, side=side, policy=policy, stop_price_usd=D(100_000 - sign * 2000))
    steps = (0, 600, 1_100, 900, 1_800, 3_100, 2_900, 3_600, 3_200)
    bars = [at(n, {BTC: 100_000 + sign * move}) for n, move in enumerate(steps, start=2)]
    lived, told = brain(start), [start]
    for one in bars[:cut]:
        for intent in decided(lived, one):
            told.append(_done(told[-1], intent))
            lived.outcomes.updates.append(told[-1])  # type: ignore[attr-defined]
    run(lived.catch_up())

    again = brain(*told)
    run(again.catch_up())
    for one in bars[:cut]:
        again.see(one)

    assert again.tracks() == lived.tracks()
    assert decided(again, bars[cut]) == decided(lived, bars[cut])


def _done(update: PositionUpdate, intent: ReduceIntent) -> PositionUpdate:
    """What the execution states after it has done as asked."""
    if intent.stop_at is not None:
        return replace(update, stop_price_usd=intent.stop_at.usd)
    part = intent.quantity.base if intent.quantity else update.quantity_base
    return replace(update, quantity_base=update.quantity_base - part)


def test_a_part_that_was_asked_for_is_not_asked_for_by_the_next_process() -> None:
    """Whatever became of it, and though the first it reads is the last that was stated."""
    one = brain(replace(OPEN, partial_asked=True, cost_usd=D(3), exit_fraction=D("0.001")))
    asked = decided(one, at(2, {BTC: 101_100}))

    assert reasons(asked) == ["TRAIL"]
    track = one.tracks()[BTC]
    assert (track.cost_usd, track.exit_fraction) == (D(3), D("0.001"))


def test_what_was_added_to_begins_with_the_next_bar() -> None:
    """The peak of before it was enlarged is not a peak of the new average."""
    first = bar(BTC, 2, 100_400, high=103_000)
    grown = replace(
        OPEN,
        at_ms=minute(2),
        first_base=D("0.08"),
        quantity_base=D("0.08"),
        policy=SWING,
        intent_id=IntentId("b"),
    )
    lived = brain(replace(OPEN, policy=SWING))
    decided(lived, tick(2, first))
    lived.outcomes.updates.append(grown)  # type: ignore[attr-defined]
    run(lived.catch_up())
    again = brain(replace(OPEN, policy=SWING), grown)
    run(again.catch_up())
    again.see(tick(2, first))

    assert again.tracks() == lived.tracks()
    assert decided(again, at(3, {BTC: 100_400})) == decided(lived, at(3, {BTC: 100_400}))
    assert again.tracks()[BTC].best_price_usd == 100_400

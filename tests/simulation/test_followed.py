"""A past that was followed entry by entry is the one that a start reads at once."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from mmap import mmap

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.app.assembly import Ports, Run, assemble, unread
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.events import EquityMarked, Filled, Judged, LatchSet, TickReached
from bridge_patch.domain.intent import Mode
from bridge_patch.services.past import Past
from bridge_patch.services.ports import Stored
from bridge_patch.services.session import Session
from tests.simulation.rig import Silence, World
from tests.simulation.story import Story, told

#: Their journals hold fills, stops, refusals, doubts and latches, live and in shadow.
SEEDS = (10, 16, 21)
MODES = (Mode.LIVE, Mode.SHADOW)


@cache
def lived(seed: int) -> tuple[Stored, ...]:
    """The journal of a world in which everything that can go wrong may do so."""
    return tuple(told(seed).world.journal.read())


def nothing_read(mode: Mode) -> Past:
    run = Run(settings=load_settings({}), mode=mode, feed="-", telemetry=Silence())
    return unread(run, World().venue(), ListedInstruments())


def read(mode: Mode, *parts: Sequence[Stored]) -> Past:
    """A past that took these in, one part after the other."""
    past = nothing_read(mode)
    for part in parts:
        past.follow(part)
    return past


def state(thing: object) -> object:
    """Everything an object holds, down to plain values, in a form that can be compared."""
    if isinstance(thing, ListedInstruments):
        return "the listed contracts"
    if isinstance(thing, mmap):
        return bytes(thing[:])
    if isinstance(thing, Mapping):
        return [(state(key), state(value)) for key, value in thing.items()]
    if isinstance(thing, list | tuple | deque):
        return [state(each) for each in thing]
    if is_dataclass(thing) and not isinstance(thing, type):
        held = [(f.name, getattr(thing, f.name)) for f in fields(thing)]
    elif hasattr(thing, "__dict__") and not isinstance(thing, type):
        held = sorted(vars(thing).items())
    else:
        return thing
    return type(thing).__name__, [(name, state(value)) for name, value in held]


def begun(past: Past) -> object:
    past.begin()
    return state(past)


def pieces(entries: Sequence[Stored], cuts: Sequence[int]) -> Iterator[Sequence[Stored]]:
    """Cut at these places, be they in order or not."""
    ends = sorted(min(cut, len(entries)) for cut in cuts)
    for start, end in zip([0, *ends], [*ends, len(entries)], strict=True):
        yield entries[start:end]


@given(
    seed=st.sampled_from(SEEDS),
    mode=st.sampled_from(MODES),
    cuts=st.lists(st.integers(0, 260), max_size=6),
)
@example(seed=SEEDS[0], mode=Mode.LIVE, cuts=[0])
@example(seed=SEEDS[0], mode=Mode.SHADOW, cuts=[10_000])
def test_where_it_was_cut_makes_no_difference(
    seed: int, mode: Mode, cuts: list[int]
) -> None:
    """Ledger, gauge, activity, progress, ids, books and venue: all that is a fold."""
    entries = lived(seed)
    cold, warm = read(mode, entries), read(mode, *pieces(entries, cuts))

    assert warm.seq == len(entries) == entries[-1].seq
    assert begun(warm) == begun(cold)


def test_the_journals_hold_what_there_is_to_fold() -> None:
    kinds = {type(s.event) for seed in SEEDS for s in lived(seed)}

    assert {Judged, Filled, EquityMarked, LatchSet, TickReached} <= kinds
    assert all(len(lived(seed)) > 100 for seed in SEEDS)


@pytest.mark.parametrize("kind", [Judged, Filled, EquityMarked, LatchSet, TickReached])
def test_one_entry_that_was_not_read_shows(kind: type) -> None:
    """What is compared is not blind: a past that lacks one of them is another one."""
    entries = next(
        e for e in map(lived, SEEDS) if any(isinstance(s.event, kind) for s in e)
    )
    last = max(n for n, s in enumerate(entries) if isinstance(s.event, kind))
    lacking = [*entries[:last], *entries[last + 1 :]]

    assert any(begun(read(mode, lacking)) != begun(read(mode, entries)) for mode in MODES)


@pytest.mark.parametrize("seed", range(8))
def test_a_world_of_standbys_decides_as_one_of_cold_starts(seed: int) -> None:
    """Every life goes on from a past that was followed up to anywhere.

    To the last entry and the last line of the diary: crashes, lost answers, doubts.
    """
    cold, warm = told(seed), Story(seed)
    dice = random.Random(f"cuts {seed}")
    followed = 0

    def put_together(run: Run, ports: Ports) -> Session:
        nonlocal followed
        past, entries = unread(run, ports.venue, ListedInstruments()), ports.journal
        until = dice.randint(0, len(list(entries.read())))
        for cut in (until // 2, until):
            past.follow(s for s in entries.read(past.seq) if s.seq <= cut)
        followed += past.seq
        return assemble(run, ports, past=past)

    warm.world.assemble = put_together
    asyncio.run(warm.tell())

    assert warm.diary == cold.diary
    assert events_of(warm) == events_of(cold)
    assert warm.lives == 1 or followed > 0


def events_of(story: Story) -> list[object]:
    return [stored.event for stored in story.world.journal.read()]

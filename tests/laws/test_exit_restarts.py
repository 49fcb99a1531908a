"""The exit brain, killed at any bar, asks for what it would have asked for: M-56."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.harvest import HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import IntentId, ReduceIntent, Side
from bridge_patch.domain.market import Tick
from bridge_patch.services.exit_brain import ExitBrain
from bridge_patch.services.messages import PositionUpdate
from tests.laws.journeys import policies
from tests.simulation.rig import BTC, Silence, bar, minute, run, tick
from tests.unit.services.exit_stream import Stream

D = Decimal
ENTRY = D(100_000)


@dataclass(frozen=True)
class Minute:
    """A bar, what funding it costs, and whether the venue then does what is asked."""

    move: int
    up: int
    down: int
    paid: int
    obeyed: bool


@dataclass
class Story:
    """One position from its opening on: what was stated of it, and what was asked."""

    stated: list[PositionUpdate]
    ticks: list[Tick] = field(default_factory=list)
    asked: list[tuple[int, tuple[ReduceIntent, ...]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    killed: int = 0

    def brain(self, *, updates: int = 0, ticks: int = 0) -> ExitBrain:
        """A process that starts now, and finds the streams without their beginning."""
        stream = Stream(deque(self.stated[updates:]))
        notes = self.notes

        class Told(Silence):
            def note(self, area: str, message: str, **facts: object) -> None:
                notes.append(message)

        made = ExitBrain(stream, stream, ListedInstruments(), Told())
        run(made.catch_up())
        for one in self.ticks[ticks:]:
            made.see(one)
        return made

    def tell(self, brain: ExitBrain, update: PositionUpdate) -> None:
        self.stated.append(update)
        brain.outcomes.updates.append(update)  # type: ignore[attr-defined]


def opened(side: Side, policy: HarvestPolicy) -> PositionUpdate:
    return PositionUpdate(
        at_ms=minute(1),
        symbol=BTC,
        side=side,
        quantity_base=D("0.04"),
        first_base=D("0.04"),
        entry_price_usd=ENTRY,
        opened_ms=minute(1),
        stop_price_usd=ENTRY * (1 - side.sign * D("0.02")),
        policy=policy,
        intent_id=IntentId("a"),
        cost_usd=D(2),
        exit_fraction=D("0.001"),
    )


def told(
    first: PositionUpdate,
    path: list[Minute],
    kills: Collection[int] = (),
    *,
    trimmed: bool = False,
) -> Story:
    """Play a path; after the minutes in `kills` another process takes over.

    With `trimmed` it finds the last statement and the last bar only.
    """
    story, price = Story([first]), ENTRY
    brain = story.brain()
    for n, one in enumerate(path, 2):
        before, price = price, price * (1000 + one.move) / 1000
        high = max(before, price) * (1000 + one.up) / 1000
        low = min(before, price) * (1000 - one.down) / 1000
        now = tick(n, bar(BTC, n, price, open_=before, high=high, low=low))
        asked = run(brain.decide(now))
        story.ticks.append(now)
        story.asked.append((n, asked))
        last = story.stated[-1]
        update = replace(last, cost_usd=last.cost_usd + D(one.paid) / 10)
        for intent in asked:
            update = done(update, intent, obeyed=one.obeyed)
        if asked or update != last:  # what was asked about is stated again, moved or not
            story.tell(brain, replace(update, at_ms=minute(n)))
        if update.quantity_base == 0:
            return story
        if n in kills:
            story.killed += 1
            cut = (len(story.stated) - 1, len(story.ticks) - 1) if trimmed else (0, 0)
            brain = story.brain(updates=cut[0], ticks=cut[1])
    return story


def done(update: PositionUpdate, intent: ReduceIntent, *, obeyed: bool) -> PositionUpdate:
    """What the execution states after it has judged an exit and, maybe, carried it out."""
    if intent.reason == "PARTIAL_PROFIT":
        update = replace(update, partial_asked=True)
    if not obeyed:
        return update
    if intent.stop_at is not None:
        return replace(update, stop_price_usd=intent.stop_at.usd)
    part = intent.quantity.base if intent.quantity else update.quantity_base
    left = update.quantity_base - part
    share = update.cost_usd * left / update.quantity_base
    return replace(update, quantity_base=left, cost_usd=share)


minutes = st.builds(
    Minute,
    move=st.integers(-12, 14),
    up=st.integers(0, 6),
    down=st.integers(0, 6),
    paid=st.sampled_from([0, 0, 0, -20, 30, 200]),
    obeyed=st.booleans() | st.just(value=True),
)
paths = st.lists(minutes, min_size=2, max_size=25)


@given(
    side=st.sampled_from(Side),
    policy=policies(),
    path=paths,
    kills=st.sets(st.integers(2, 26), min_size=1),
)
def test_killed_at_any_bar_it_asks_for_the_same(
    side: Side, policy: HarvestPolicy, path: list[Minute], kills: set[int]
) -> None:
    """Peak, stage, levels and deadline; also of what the venue refused in between."""
    first = opened(side, policy)
    whole, broken = told(first, path), told(first, path, kills)

    assert broken.asked == whole.asked
    assert broken.stated == whole.stated
    assert broken.notes == []


def test_the_paths_reach_everything_that_a_restart_could_lose() -> None:
    """Guards the law above: parts that are asked for and refused, moved stops, closes."""
    calm = {"up": 0, "down": 0, "paid": 0}
    up = [Minute(move=6, obeyed=n != 1, **calm) for n in range(6)]
    path = [*up, Minute(move=-9, obeyed=True, **calm)]
    policy = HarvestPolicy(
        mode=HarvestMode.TREND_RUNNER,
        trail_pct=D("0.5"),
        hold_max_sec=3600,
        partial_trigger_pct=D(1),
        partial_close_fraction=D("0.5"),
    )
    for side in Side:
        moves = [replace(m, move=m.move * side.sign) for m in path]
        whole = told(opened(side, policy), moves)
        words = [i.reason for _, asked in whole.asked for i in asked]
        assert words == ["TRAIL", "PARTIAL_PROFIT", *["TRAIL"] * 4, "TRAIL_BREACHED"]
        assert whole.stated[-2].quantity_base == D("0.04")  # the part had been refused

        for kill in range(2, 9):
            assert told(opened(side, policy), moves, {kill}).asked == whole.asked


@given(
    side=st.sampled_from(Side),
    policy=policies(),
    path=paths,
    kills=st.sets(st.integers(4, 26), min_size=1),
)
def test_without_the_bars_since_the_entry_the_stop_holds_and_it_is_said(
    side: Side, policy: HarvestPolicy, path: list[Minute], kills: set[int]
) -> None:
    """A trimmed stream: what is lacking is noted, and no stop is asked to go back."""
    story = told(opened(side, policy), path, kills, trimmed=True)
    stops = [u.stop_price_usd for u in story.stated if u.stop_price_usd is not None]

    assert all(side.sign * (late - early) >= 0 for early, late in pairwise(stops))
    assert len(story.notes) == story.killed

"""One seed: a world, what strikes in it, and lives of a process until all is over."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.errors import OutageError
from bridge_patch.domain.events import Resolved
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.market import Tick
from bridge_patch.services.ports import Journal, Venue
from bridge_patch.services.session import Session
from tests.laws.account_settings import SETTINGS
from tests.simulation.chaos import (
    Chaos,
    ChaosBus,
    ChaosJournal,
    ChaosVenue,
    Crash,
    Survivor,
)
from tests.simulation.ending import check_ending
from tests.simulation.faults import Disk, JumpyClock, Line, Witness
from tests.simulation.plot import Plot, Speakers, nth
from tests.simulation.rig import World, bar, tick
from tests.simulation.watch import Watch

MINUTES: Final = 14
LIVES_MAX: Final = 60
#: So much of what broke is quoted.
CAUSE_MAX: Final = 900
#: Later than anything that is said.
LAST: Final = 10**9
#: What may strike, and how often of the times that it could; a seed scales them all.
ODDS: Final[Mapping[str, float]] = {
    "disk full": 0.004,
    "disk slow": 0.03,
    "commit unheard": 0.004,
    "bus lost": 0.002,
    "bus reply lost": 0.003,
    "orders unreadable": 0.01,
    "connection replaced": 0.15,
    "short read": 0.1,
    "reordered": 0.5,
    "request lost": 0.1,
    "reply lost": 0.12,
    "look-up lost": 0.2,
    "refused": 0.06,
    "venue silent": 0.02,
    "feed goes back": 0.06,
    "clock jump": 0.1,
    "restart": 0.02,
}
SCALES: Final = (0.0, 0.5, 1.0, 2.0)
DEATHS: Final = (0.0, 0.002, 0.006)


class Restart(BaseException):
    """Somebody stops the process and starts it again."""


@dataclass
class Story:
    """Told by its seed alone. `diary` says what happened, `seen` counts it."""

    seed: int
    minutes: int = MINUTES
    diary: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    lives: int = 0

    def __post_init__(self) -> None:
        dice = random.Random(f"trouble {self.seed}")
        scale = dice.choice(SCALES)
        self.chaos = Chaos(
            dice,
            death=dice.choice(DEATHS),
            odds={name: odds * scale for name, odds in ODDS.items()},
            told=self.diary.append,
        )
        self.settings = dice.choice(sorted(SETTINGS))
        self.mode = dice.choice((Mode.LIVE, Mode.LIVE, Mode.LIVE, Mode.SHADOW))
        self.changes_mode = dice.random() < 0.4
        self.wall = JumpyClock()
        self.world = World(env=dict(SETTINGS[self.settings]), wall=self.wall)
        self.plot = Plot(self.seed, self.minutes)
        self.speakers = Speakers(self.world, self.plot)
        self.watch = Watch(self.world, self.plot)
        survives = dice.random() < 0.5
        self.there = Survivor(self.world.venue(), self.world.journal) if survives else None
        self.disk = Disk(self.chaos, ChaosJournal(self.world.journal, self.chaos))
        self._say(
            f"{self.settings} settings, {'its own' if survives else 'journaled'} venue,"
            f" troubles x{scale:g}, deaths {self.chaos.death:g}"
        )

    async def tell(self) -> Counter[str]:
        """Live and die until the market is over, then once more in peace; return counts."""
        for _ in range(LIVES_MAX):
            try:
                await self._life()
                break
            except (Crash, Restart, OutageError) as end:
                self._say(f"{type(end).__name__}: {end}")
                self.seen[type(end).__name__] += 1
            self.watch.heard(self.mode)
            if self.changes_mode and self.chaos.rng.random() < 0.5:
                self.mode = Mode.LIVE if self.mode is Mode.SHADOW else Mode.SHADOW
                self.seen[f"restarted in {self.mode}"] += 1
        self.chaos.armed, self.disk.full_for = False, 0
        session = await self._life()
        for more in (1, 2):
            await self.speakers.before(session, LAST)
            await session.on_tick(self._after(more))
            self.watch.step(session)
        check_ending(self, session)
        self.seen += self.chaos.counted + self.watch.seen
        self.seen += Counter(e.event for e in self.world.events(Resolved))
        return self.seen

    async def _life(self) -> Session:
        """Start a process and play it the market, from where the journal ends."""
        self.lives += 1
        line = Line(self.chaos, self._connection)
        session = self._start(line)
        self._say(f"life {self.lives}, {self.mode}, from {nth_name(session.resumed_ms)}")
        self.disk.clock = session.clock
        self.watch.folded(session.recorder.ledger)
        before = None
        for one in self.plot.ticks:
            if one.at_ms < max(session.resumed_ms, self.plot.begins_ms):
                await session.warm_up(one)
                continue
            self._say(f"minute {nth(one)}")
            await self.speakers.before(session, nth(one))
            await session.on_tick(one)
            self.watch.step(session)
            if before is not None and self.chaos.strikes("feed goes back"):
                await session.on_tick(before)
            line.again()
            self.wall.jump(self.chaos)
            if self.chaos.strikes("restart"):
                raise Restart
            before = one
        return session

    def _start(self, line: Line) -> Session:
        def journal(_: Journal) -> Journal:
            return self.disk

        def venue(restored: PaperVenue) -> Venue:
            paper = self.there.inner if self.there else restored
            return Witness(
                inner=ChaosVenue(self.there or restored, self.chaos),
                paper=paper,
                journal=self.world.journal,
                chaos=self.chaos,
                mode=self.mode,
                wrongs=self.watch.wrongs,
            )

        return self.world.start(self.mode, bus=lambda _: line, journal=journal, venue=venue)

    def _connection(self) -> Bus:
        return ChaosBus(MemoryBus(self.world.streams, self.wall), self.chaos)

    def _after(self, more: int) -> Tick:
        end = self.plot.ticks[-1]
        n = nth(end) + more
        return tick(n, *(bar(b.symbol, n, b.close) for b in end.bars))

    def _say(self, what: str) -> None:
        self.diary.append(what)


def nth_name(at_ms: int) -> str:
    """Say from which minute a process goes on."""
    return f"minute {(at_ms - JumpyClock.at_ms) // 60_000}" if at_ms else "the beginning"


def told(seed: int, minutes: int = MINUTES) -> Story:
    """Tell one seed's story; what breaks in it carries the story along."""
    story = Story(seed, minutes)
    try:
        asyncio.run(story.tell())
    except Exception as error:
        raise BrokenStoryError(story) from error
    return story


class BrokenStoryError(AssertionError):
    """A seed whose story did not end well: what broke, and the last steps before."""

    def __init__(self, story: Story) -> None:
        self.story = story
        super().__init__(f"seed {story.seed}")

    def __str__(self) -> str:
        return self.text(last=12)

    def text(self, last: int) -> str:
        """Say what broke, with that many of the last steps."""
        steps = "\n".join(f"  {line}" for line in self.story.diary[-last:])
        cause = self.__cause__
        which = f"--seed {self.story.seed}"
        if self.story.minutes != MINUTES:
            which += f" --minutes {self.story.minutes}"
        again = f"python -m tests.simulation.campaign {which} --verbose"
        return (
            f"seed {self.story.seed}: {type(cause).__name__}: {str(cause)[:CAUSE_MAX]}\n"
            f"{steps}\n  again: {again}"
        )

"""What a market does, what is asked for and what a person orders: all of it by a seed.

The calm before it is for warming up only. Then prices wander, jump, and now and then fall
through every stop; a minute may trade little or settle funding, the feed is silent at
times, and a day may end. Proposers speak late,
twice, in another order, and nonsense; persons halt and resume.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.memory import MemoryBus
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Funding, Tick
from bridge_patch.services.messages import Command, Wish
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    NOON_MS,
    PRICES,
    SOL,
    WOBBLE,
    World,
    at,
    bar,
    close,
    intent,
    minute,
    tick,
)
from tests.simulation.script import POLICIES

D = Decimal
SYMBOLS: Final = (BTC, SOL)
GRID: Final = {BTC: D("0.1"), SOL: D("0.01")}
#: The minute at which the day after noon's begins.
MIDNIGHT: Final = 12 * 60
#: Further than any stop: what is left is for the venue to liquidate.
FALL: Final = D("0.13")
#: What is said, and how often in a hundred: an entry, unless it is one of these.
KINDS: Final = {
    "entry": 68,
    "close": 8,
    "part": 3,
    "old": 4,
    "nonsense": 4,
    "tiny": 3,
    "for shadow": 4,
    "its id again": 6,
}


@dataclass(frozen=True)
class Said:
    """A message or a person's order, and the minute at which it arrives."""

    n: int
    what: str | dict[str, Any] | Command


@dataclass
class Plot:
    """One seed's market and everything that is said during it."""

    seed: int
    minutes: int = 14
    first: int = CALM
    ticks: list[Tick] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"plot {self.seed}")
        if self.rng.random() < 0.25:
            self.first = MIDNIGHT - self.minutes // 2
        self.ticks = [*self._calm(), *self._market()]
        for n in [nth(one) for one in self.ticks[CALM - 1 : -3]]:
            for k in range(self.rng.choice((0, 1, 1, 2, 3))):
                self._speak(n, k)
            if self.rng.random() < 0.07:
                self._order(n)
        self.said.sort(key=lambda said: said.n)

    @property
    def begins_ms(self) -> UnixMs:
        """The first minute that is played, and not only shown."""
        return minute(self.first + 1)

    def _calm(self) -> Iterator[Tick]:
        for n in range(self.first - CALM + 1, self.first + 1):
            up = (self.first - n) % 2
            yield at(n, {s: PRICES[s] * (1 + up * WOBBLE) for s in SYMBOLS})

    def _market(self) -> Iterator[Tick]:
        last, rng, n = dict(PRICES), self.rng, self.first
        falls = rng.random() < 0.3
        while n < self.first + self.minutes:
            n += rng.choice((2, 3, 7)) if rng.random() < 0.04 else 1
            fall = falls and rng.random() < 0.12
            sign = rng.choice((-1, 1))
            bars = []
            for symbol in SYMBOLS:
                jump = 12 if rng.random() < 0.06 else 1
                move = D(str(round(rng.gauss(0, 0.002) * jump, 5)))
                now = last[symbol] * (1 + (sign * FALL if fall else move))
                now = now // GRID[symbol] * GRID[symbol]
                one = bar(symbol, n, now, open_=now if fall else last[symbol])
                thin = rng.random() < 0.08
                bars.append(replace(one, volume=one.volume / 2_000) if thin else one)
                last[symbol] = now
            yield replace(tick(n, *bars), fundings=self._fundings(n))

    def _fundings(self, n: int) -> tuple[Funding, ...]:
        """Let holding cost something, or earn it, now and then within a minute."""
        if self.rng.random() > 0.1:
            return ()
        rate = D(self.rng.choice(("0.0004", "-0.0004", "0.003")))
        at_ms = UnixMs(minute(n) - 30_000)
        return tuple(Funding(symbol=s, at_ms=at_ms, rate_fraction=rate) for s in SYMBOLS)

    def _speak(self, n: int, k: int) -> None:
        """Say something at its minute or late, and perhaps a second time."""
        rng = self.rng
        message = self._message(n, k)
        late = rng.choice((1, 2, 4)) if rng.random() < 0.08 else 0
        self.said.append(Said(n + late, message))
        if rng.random() < 0.1:
            self.said.append(Said(n + rng.choice((0, 0, 1, 3)), message))

    def _message(self, n: int, k: int) -> str | dict[str, Any]:
        rng, name = self.rng, f"m-{n}-{k}"
        symbol = rng.choice(SYMBOLS)
        (kind,) = rng.choices([*KINDS], [*KINDS.values()])
        if kind == "nonsense":
            return rng.choice(("[]", '{"symbol": NaN}', "not json"))
        if kind == "its id again" and self.named:
            name = rng.choice(sorted(self.named))
        self.named.add(name)
        if kind == "close":
            return close(name, n, symbol=symbol)
        if kind == "part":
            quantity = {BTC: 0.01, SOL: 3}[symbol]
            return close(name, n, symbol=symbol, quantity=quantity)
        entry = intent(
            name,
            n,
            symbol=symbol,
            action=rng.choice(("BUY", "SELL")),
            margin=rng.choice((60, 300, 450)),
            leverage=rng.choice((5, 8, 10)),
            stop_loss_pct=rng.choice((0.6, 1, 2)),
            harvest_policy=rng.choice(POLICIES),
        )
        more: dict[str, dict[str, Any]] = {
            "old": {"timestamp": iso_of(minute(n - 10))},
            "tiny": {"position_size_usd": 5},
            "for shadow": {"mode": "shadow"},
        }
        return entry | more.get(kind, {})

    def _order(self, n: int) -> None:
        """Let a person tighten the account, and soon let it go again."""
        wishes = (self.rng.choice((Wish.HALT, Wish.REDUCE)), Wish.RESUME)
        for after, wish in zip((0, self.rng.choice((1, 2, 3))), wishes, strict=True):
            name = f"o-{n}-{wish}"
            order = Command(at_ms=minute(n), id=name, wish=wish, who="ann", why="so")
            self.said.append(Said(n + after, order))


@dataclass
class Speakers:
    """Processes of their own: they say each thing once, when its time has come."""

    world: World
    plot: Plot
    told: int = 0

    async def before(self, session: Session, n: int) -> None:
        """Say, at the time of the tick before the n-th minute, what came before that."""
        waiting = self.plot.said[self.told :]
        due = [said for said in waiting if said.n < n]
        if not due:
            return
        await session.recorder.mark_tick()
        for said in due:
            self.told += 1
            if isinstance(said.what, Command):
                post = Post(CONTROL, codec.encode_command(said.what))
                bus = MemoryBus(self.world.streams, self.world.wall)
                await bus.publish((post,))
            else:
                await self.world.send(said.what)


def nth(one: Tick) -> int:
    """Which minute a tick closes."""
    return (one.at_ms - NOON_MS) // 60_000

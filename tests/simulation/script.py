"""A market and proposers for the chaos: everything about them follows from a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.market import Tick
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    MINUTE_MS,
    NOON_MS,
    PRICES,
    SOL,
    World,
    bar,
    calm,
    close,
    intent,
    minute,
    tick,
)

D = Decimal
SYMBOLS = (BTC, SOL)
POLICIES: tuple[dict[str, Any], ...] = (
    {
        "mode": "scalper",
        "trail_pct": 0.5,
        "max_time_sec": 300,
        "partial_trigger_pct": 0.3,
        "partial_close_fraction": 0.5,
    },
    {"mode": "swing", "trail_pct": 1.0, "max_time_sec": 600},
    {
        "mode": "trend_runner",
        "trail_pct": 2.0,
        "max_time_sec": 480,
        "partial_trigger_pct": 0.4,
        "partial_close_fraction": 0.5,
    },
)


@dataclass
class Script:
    """What the market does and what is asked for, minute by minute."""

    seed: int
    minutes: int = 24
    ticks: list[Tick] = field(default_factory=list)
    asked: dict[int, list[str | dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        self.ticks = [*calm(SYMBOLS), *self._market(rng)]
        for n in range(CALM, CALM + self.minutes - 10):
            once = [self._message(rng, n, k) for k in range(rng.choice((0, 1, 2)))]
            self.asked[n] = once + (once[:1] if rng.random() < 0.1 else [])

    def _market(self, rng: random.Random) -> Iterator[Tick]:
        last = dict(PRICES)
        for n in range(CALM + 1, CALM + self.minutes + 1):
            bars = []
            for symbol in SYMBOLS:
                jump = 12 if rng.random() < 0.06 else 1
                move = D(str(round(rng.gauss(0, 0.002) * jump, 5)))
                step = D("0.1") if symbol == BTC else D("0.01")
                now = (last[symbol] * (1 + move)) // step * step
                wick = D(str(round(abs(rng.gauss(0, 0.001)), 5)))
                top, bottom = max(last[symbol], now), min(last[symbol], now)
                bars.append(
                    bar(
                        symbol,
                        n,
                        now,
                        open_=last[symbol],
                        high=top * (1 + wick) // step * step + step,
                        low=bottom * (1 - wick) // step * step,
                    )
                )
                last[symbol] = now
            yield tick(n, *bars)

    def _message(self, rng: random.Random, n: int, k: int) -> str | dict[str, Any]:
        name, symbol = f"m-{n}-{k}", rng.choice(SYMBOLS)
        entry = intent(
            name,
            n,
            symbol=symbol,
            action=rng.choice(("BUY", "SELL")),
            margin=rng.choice((60, 300, 700)),
            leverage=rng.choice((8, 10, 12.5)),
            harvest_policy=rng.choice(POLICIES),
        )
        match rng.randrange(12):
            case 0:
                return close(name, n, symbol=symbol)
            case 1:
                return entry | {"timestamp": iso_of(minute(n - 10))}
            case 2:
                return rng.choice(("[]", '{"symbol": NaN}', "not json"))
            case 3:
                return entry | {"position_size_usd": 5}
            case 4:
                return entry | {"mode": "shadow"}
            case _:
                return entry


@dataclass
class Proposers:
    """Processes of their own: they say each thing once, when its time has come."""

    world: World
    script: Script
    said: set[int] = field(default_factory=set)

    async def before(self, session: Session, one: Tick) -> None:
        """Speak about the tick before this one, at its time, if that was not done yet."""
        n = (one.at_ms - NOON_MS) // MINUTE_MS - 1
        if n in self.said or not self.script.asked.get(n):
            return
        await session.recorder.mark_tick()
        self.said.add(n)
        for message in self.script.asked[n]:
            await self.world.send(message)


def named(script: Script) -> dict[str, Symbol]:
    """Every intent id that can have an outcome, with its symbol."""
    found = {}
    for messages in script.asked.values():
        for message in messages:
            if isinstance(message, dict):
                found[str(message["intent_id"])] = Symbol(message["symbol"])
    return found

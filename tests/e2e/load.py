"""Proposers that publish at a steady pace, straight onto the bus, whoever reads it."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Bus, Post
from bridge_patch.adapters.streams import EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import (
    Confidence,
    IntentId,
    Mode,
    Proposal,
    ReduceIntent,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
)
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.services.messages import Draft
from tests.simulation.rig import BTC

D = Decimal
ETH, BNB = Symbol("ETHUSDT"), Symbol("BNBUSDT")
PRICES: Final = {BTC: D(95_000), ETH: D(2_500), BNB: D(600)}
#: Proposers wait while so many of their intents have no outcome.
BACKLOG_MAX: Final = 250
#: Most entries find their symbol taken; so many in a hundred make room again.
CLOSES: Final = 0.08
SLICE_SEC: Final = 0.02
#: With it the ids of these proposers begin; the exit brain asks for things too.
PREFIX: Final = "k-"


def ours(name: str) -> bool:
    """Tell whether one of these proposers gave an intent its id."""
    return name.startswith(PREFIX)


@dataclass
class Proposers:
    """Publish entries, closes and now and then the same again, at a pace.

    `paced_sec` is for how long they did: they wait while too many intents are unanswered.
    """

    bus: Bus
    rate: int
    chance: random.Random
    now_ms: UnixMs | None = None
    ids: set[IntentId] = field(default_factory=set)
    published: int = 0
    paced_sec: float = 0.0

    async def work(self) -> None:
        """Go on until cancelled; wait where nobody takes anything in."""
        last, due = time.monotonic(), 0.0
        while True:
            await asyncio.sleep(SLICE_SEC)
            now = time.monotonic()
            last, past = now, now - last
            depth = await self.bus.depth(TRADE_INTENT, EXECUTION_GROUP)
            if self.now_ms and depth.lag + depth.pending < BACKLOG_MAX:
                self.paced_sec += past
                due += past * self.rate
                await self._publish(int(due))
                due -= int(due)

    async def _publish(self, count: int) -> None:
        posts = [self._post() for _ in range(count)]
        again = [post for post in posts if self.chance.random() < 0.01]
        await self.bus.publish((*posts, *again))
        self.published += len(posts) + len(again)

    def _post(self) -> Post:
        number, symbol = len(self.ids), self.chance.choice([*PRICES])
        name = IntentId(f"{PREFIX}{number}")
        self.ids.add(name)
        assert self.now_ms is not None
        if self.chance.random() < CLOSES:
            envelope = codec.encode_reduce(_close(name, symbol, self.now_ms))
        else:
            side = self.chance.choice((Side.BUY, Side.SELL))
            envelope = codec.encode_draft(_entry(name, symbol, side, self.now_ms))
        return Post(TRADE_INTENT, envelope)


def _close(name: IntentId, symbol: Symbol, now_ms: UnixMs) -> ReduceIntent:
    return ReduceIntent(
        id=name,
        symbol=symbol,
        side=None,
        quantity=None,
        stop_at=None,
        simulate=False,
        reason="so",
        created_ms=now_ms,
        source="loop",
    )


def _entry(name: IntentId, symbol: Symbol, side: Side, now_ms: UnixMs) -> Draft:
    return Draft(
        id=name,
        symbol=symbol,
        side=side,
        confidence=Confidence(D("0.9")),
        mode=Mode.LIVE,
        proposal=Proposal(margin=Margin(D(300)), leverage=Leverage(D(5))),
        policy=POLICY_FALLBACK,
        stop=StopDistance(D("0.02")),
        created_ms=now_ms,
        source="loop",
        reason="so",
    )

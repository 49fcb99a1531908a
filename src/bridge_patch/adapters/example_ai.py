"""An example AI: seeded, overconfident and uncalibrated. It is what a Governor is for.

It knows nothing. It throws dice at the end of a bar, is sure of itself whatever they show,
and now and then asks for something absurd. Everything it sends says so in its source.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from hashlib import blake2b
from typing import Final, final

from bridge_patch.domain.intent import (
    Confidence,
    IntentId,
    Proposal,
    RiskBudget,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
)
from bridge_patch.domain.market import Tick
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.services.engine import Signal
from bridge_patch.services.messages import Draft

#: In every intent and every line about it.
SOURCE: Final = "example-ai-overconfident-uncalibrated"
#: One opinion per symbol in so many bars, on average.
BARS_PER_SIGNAL: Final = 36
#: One opinion in so many is absurd.
SIGNALS_PER_BLUNDER: Final = 6
_STALE_MS: Final = 10 * 60 * 1000


class Blunder(StrEnum):
    """The absurd things it asks for."""

    OVERSIZED = "oversized"
    ALL_IN = "all_in"
    GREEDY = "greedy"
    OVERLEVERAGED = "overleveraged"
    UNDERLEVERAGED = "underleveraged"
    CRUMB = "crumb"
    UNSURE = "unsure"
    WIDE_STOP = "wide_stop"
    SMALL_BUDGET = "small_budget"
    UNLISTED = "unlisted"
    NO_MARKET = "no_market"
    STALE = "stale"
    DUPLICATE = "duplicate"
    NAN = "nan"
    WRONG_SIDE_STOP = "wrong_side_stop"


_BLUNDERS: Final = tuple(Blunder)


@final
@dataclass(frozen=True, slots=True)
class ExampleAI:
    """A signal source that is a function of seed, symbol and bar, and of nothing else."""

    seed: int

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        """Return its opinions about the bars that just closed."""
        found = []
        for bar in tick.bars:
            dice = self._dice(bar.symbol, bar.close_ms)
            if dice[0] % BARS_PER_SIGNAL == 0:
                found.append(_signal(bar.symbol, dice))
        return tuple(found)

    def _dice(self, symbol: Symbol, at_ms: UnixMs) -> tuple[int, ...]:
        digest = blake2b(f"{self.seed}:{symbol}:{at_ms}".encode(), digest_size=16).digest()
        return tuple(int.from_bytes(digest[n : n + 4]) for n in range(0, 16, 4))


def _signal(symbol: Symbol, dice: tuple[int, ...]) -> Signal:
    _, direction, belief, whim = dice
    blunder = ""
    if whim % SIGNALS_PER_BLUNDER == 0:
        blunder = _BLUNDERS[whim // SIGNALS_PER_BLUNDER % len(_BLUNDERS)]
    return Signal(
        symbol=symbol,
        side=Side.BUY if direction % 2 == 0 else Side.SELL,
        confidence=Confidence(Decimal(52 + belief % 46) / 100),
        source=SOURCE,
        reason="dice, not evidence",
        blunder=blunder,
    )


def distort(draft: Draft) -> tuple[Draft, ...]:
    """Turn a sound draft into what the example AI really sends; duplicates are two."""
    if not draft.blunder:
        return (draft,)
    blunder = Blunder(draft.blunder)
    if blunder is Blunder.DUPLICATE:
        return (draft, draft)
    return (_spoilt(draft, blunder),)


def _spoilt(draft: Draft, blunder: Blunder) -> Draft:
    margin, leverage = draft.proposal.margin.usd, draft.proposal.leverage.times
    spoilt = {
        Blunder.OVERSIZED: _sized(draft, Decimal(100_000), leverage),
        Blunder.ALL_IN: _sized(draft, Decimal(6_000), leverage),
        Blunder.GREEDY: _sized(draft, margin * 2, leverage),
        Blunder.OVERLEVERAGED: _sized(draft, max(margin / 4, Decimal(60)), Decimal(80)),
        Blunder.UNDERLEVERAGED: _sized(draft, margin, Decimal(2)),
        Blunder.CRUMB: _sized(draft, Decimal(5), leverage),
        Blunder.UNSURE: replace(draft, confidence=Confidence(Decimal("0.3"))),
        Blunder.WIDE_STOP: replace(draft, stop=StopDistance(Decimal("0.2"))),
        Blunder.SMALL_BUDGET: replace(draft, risk_budget=RiskBudget(Decimal(1))),
        Blunder.UNLISTED: _named(draft, "MOONUSDT"),
        Blunder.NO_MARKET: _named(draft, "TRXUSDT"),
        Blunder.STALE: replace(draft, created_ms=UnixMs(draft.created_ms - _STALE_MS)),
    }
    return spoilt.get(blunder, draft)


def _sized(draft: Draft, margin_usd: Decimal, leverage: Decimal) -> Draft:
    proposal = Proposal(margin=Margin(margin_usd), leverage=Leverage(leverage))
    return replace(draft, proposal=proposal)


def _named(draft: Draft, symbol: str) -> Draft:
    """Ask for another symbol, under an id that says so."""
    new_id = IntentId(draft.id.replace(draft.symbol, symbol))
    return replace(draft, symbol=Symbol(symbol), id=new_id)

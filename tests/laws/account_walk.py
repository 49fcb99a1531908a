"""Ways for an account to go: what is drawn from, and a walk that a seed decides."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.services.ports import PositionReading
from tests.laws.account_settings import DOGE, ETH, SYMBOLS
from tests.laws.account_stage import Stage
from tests.simulation.rig import PATIENT
from tests.simulation.tap import Trouble

D = Decimal
#: Modest ones first, so that what fails is shown as small as it can be.
MARGINS: Final = (60, 150, 450, 900, 2_500, 30_000, 10**9, 5)
LEVERAGES: Final = (8, 15, 5, 12.5, 40, 125, 1)
CALM_MOVES: Final = tuple(D(n).scaleb(-4) for n in (7, -7, 0, 20, -20, 3, -11))
#: After these the market is too wild for high leverages; after a crash, for nearly all.
WILD_MOVES: Final = tuple(D(n).scaleb(-3) for n in (5, -5, 12, -12, 25, -25))
CRASH: Final = D("0.14")
SOURCES: Final = ("test", "ann", "bob")
AMOUNTS: Final = (D(400), D(-300), D(4_000), D(-2_500), D(-6_000))
POLICIES: Final[tuple[dict[str, Any], ...]] = (
    PATIENT,
    {"mode": "scalper", "trail_pct": 0.5, "max_time_sec": 300},
    {"mode": "swing", "trail_pct": 1.0, "max_time_sec": 600},
)
#: What else an entry may say: nothing, sound things, and absurd ones.
EXTRAS: Final[tuple[dict[str, Any], ...]] = (
    {},
    {},
    {"stop_loss_pct": 1},
    {"stop_loss_pct": 0.4},
    {"stop_loss_pct": 9},
    {"confidence": 0.1},
    {"confidence": 0},
    {"risk_budget_usd": 25},
    {"entry_price": 1, "stop_loss": None, "stop_loss_pct": 2},
    {"limits_hash": "of another"},
    {"position_size_usd": None},
    {"symbol": DOGE},
    {"mode": "shadow"},
)
#: A part to close, and closes that would be none.
CLOSES: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"quantity": 0.001},
    {"quantity": 10**6},
    {"action": "SELL", "reduce_only": True, "quantity": 0.01},
    {"action": "BUY", "reduce_only": True, "quantity": 0.01},
)
#: A question has nothing to lose but its answer; an order, its request or its reply.
TROUBLES: Final = (
    ("find", Trouble.REQUEST_LOST),
    *((kind, how) for kind in ("place", "stop", "reduce") for how in Trouble),
)
STATES: Final = tuple(TradingState)


def entry(
    symbol: Symbol, side: Side, size: tuple[float, float], **more: Any
) -> dict[str, Any]:
    """An entry's own part of a message; what is None is left out by the caller."""
    margin, leverage = size
    said: dict[str, Any] = {
        "symbol": symbol,
        "action": str(side),
        "position_size_usd": margin,
        "leverage": leverage,
    }
    return said | more


def stranger_of(side: Side, quantity: Decimal) -> PositionReading:
    """Somebody else's position, on a symbol on which we are flat."""
    return PositionReading(
        symbol=ETH,
        side=side,
        quantity_base=quantity,
        entry_price_usd=D(2_500),
        margin_usd=quantity * 250,
        stop_price_usd=None,
    )


def room_for_a_stranger(stage: Stage) -> bool:
    """Tell whether nothing of ours stands, or may stand, where a stranger would."""
    ledger = stage.session.recorder.ledger
    return ETH not in ledger.positions and not ledger.in_doubt


def crash_of(stage: Stage) -> list[Decimal]:
    """Moves against everything we hold; where we are flat, down."""
    held = stage.session.recorder.ledger.positions
    return [-CRASH * held[s].side.sign if s in held else -CRASH for s in SYMBOLS]


class Walk:
    """One account's life, as a seed decides it."""

    def __init__(self, settings: str, seed: int) -> None:
        self.chance, self.stage = random.Random(seed), Stage(settings)
        self.steps: Mapping[Callable[[], None], float] = {
            self.propose: 12,
            self.drift: 8,
            self.jolt: 2,
            self.crash: 0.4,
            self.close: 4,
            self.babble: 1,
            self.transfer: 1,
            self.person: 1,
            self.resume: 3,
            self.restart: 1,
            self.midnight: 0.3,
            self.stranger: 1,
            self.trouble: 2,
            self.explain: 2,
        }

    def go(self, steps: int) -> Counter[str]:
        """Take that many steps; return what was met on the way."""
        ways, weights = [*self.steps], [*self.steps.values()]
        for way in self.chance.choices(ways, weights, k=steps):
            way()
        self.stage.midnight()
        self.stage.restart()
        self.stage.end()
        return self.stage.met

    def propose(self) -> None:
        pick = self.chance.choice
        asked = [
            entry(
                pick(SYMBOLS),
                pick((*Side,)),
                (pick(MARGINS[:5]), pick(LEVERAGES[:4])),
                harvest_policy=pick(POLICIES),
                confidence=0.9,
            )
            | (pick(EXTRAS) if self.chance.random() < 0.3 else {})
            for _ in range(pick((1, 1, 2, 3)))
        ]
        self.stage.propose(*asked)

    def drift(self) -> None:
        moves = [self.chance.choice(CALM_MOVES) for _ in SYMBOLS]
        self.stage.drift(moves, minutes=self.chance.choice((1, 2, 9)))

    def jolt(self) -> None:
        self.stage.drift([self.chance.choice(WILD_MOVES) for _ in SYMBOLS])

    def crash(self) -> None:
        self.stage.drift(crash_of(self.stage), gap=True)

    def midnight(self) -> None:
        self.stage.midnight()

    def close(self) -> None:
        self.stage.close(self.chance.choice(SYMBOLS), **self.chance.choice(CLOSES))

    def babble(self) -> None:
        self.stage.babble(self.chance.choice(SOURCES), self.chance.choice((1, 11)))

    def transfer(self) -> None:
        amount = self.chance.choice(AMOUNTS[:3])
        self.stage.transfer(amount, told=self.chance.random() < 0.5)

    def explain(self) -> None:
        if self.stage.untold_usd:
            self.stage.explain()

    def person(self) -> None:
        self.stage.person(self.chance.choice(STATES))

    def resume(self) -> None:
        self.stage.stranger(None)
        self.stage.person(TradingState.RUNNING)
        self.stage.rearm(self.chance.choice(SYMBOLS))

    def restart(self) -> None:
        self.stage.restart()

    def stranger(self) -> None:
        if self.stage.till.strangers:
            self.stage.stranger(None)
        elif room_for_a_stranger(self.stage):
            self.stage.stranger(stranger_of(self.chance.choice((*Side,)), D("0.5")))

    def trouble(self) -> None:
        self.stage.trouble(*self.chance.choice(TROUBLES))


def ruin() -> Counter[str]:
    """Lose more than the drawdown allows, in one bar; then another day, then a person."""
    stage = Stage("wide")
    stage.propose(*(entry(s, Side.BUY, (2_500, 8), stop_loss_pct=1) for s in SYMBOLS))
    stage.drift(crash_of(stage), gap=True)
    stage.restart()
    stage.midnight()
    stage.propose(entry(ETH, Side.BUY, (450, 5)))
    stage.person(TradingState.RUNNING)
    stage.restart()
    stage.end()
    return stage.met

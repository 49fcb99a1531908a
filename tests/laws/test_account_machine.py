"""Whatever happens to an account, and in whatever order: the Governor's promises hold.

The real services under one long life: entries, nonsense, closes, prices, transfers,
strangers, silence, restarts, persons and midnights. After every step each new event is put
to an oracle that shares no code with them (`account_oracle`), and each new verdict is
judged again. A longer run: `SOAK=1 pytest tests/laws/test_account_machine.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Side, Symbol
from tests.laws.account_settings import SETTINGS, SYMBOLS
from tests.laws.account_stage import Stage
from tests.laws.account_walk import (
    AMOUNTS,
    CALM_MOVES,
    CLOSES,
    EXTRAS,
    LEVERAGES,
    MARGINS,
    POLICIES,
    SOURCES,
    TROUBLES,
    WILD_MOVES,
    crash_of,
    entry,
    room_for_a_stranger,
    stranger_of,
)
from tests.simulation.tap import Trouble

#: A run is as long as some forty single examples, so there are fewer of them.
SHARE: Final = 3
SOAK: Final = 20 if os.environ.get("SOAK") else 1
STEPS: Final = 35
#: What was met in all lives together.
LIVED: Final[Counter[str]] = Counter()

symbols, sides = st.sampled_from(SYMBOLS), st.sampled_from(Side)
calm_moves = st.tuples(*[st.sampled_from(CALM_MOVES)] * len(SYMBOLS))
wild_moves = st.tuples(*[st.sampled_from((*CALM_MOVES, *WILD_MOVES))] * len(SYMBOLS))
modest = st.tuples(st.sampled_from(MARGINS[:4]), st.sampled_from(LEVERAGES[:3]))
absurd = st.tuples(st.sampled_from(MARGINS), st.sampled_from(LEVERAGES))


@st.composite
def entries(draw: st.DrawFn) -> dict[str, Any]:
    """An entry, modest or absurd, by somebody."""
    said = entry(
        draw(symbols),
        draw(sides),
        draw(st.one_of(modest, modest, absurd)),
        harvest_policy=draw(st.sampled_from(POLICIES)),
        source=draw(st.sampled_from(SOURCES)),
        confidence=0.9,
    )
    if draw(st.sampled_from((False, False, True))):
        said |= draw(st.sampled_from(EXTRAS))
    return said


@st.composite
def an_entry_each(draw: st.DrawFn) -> list[dict[str, Any]]:
    """One batch with a sound entry on every symbol: often more than there is room for."""
    size, policy = st.sampled_from(MARGINS[:5]), st.sampled_from(POLICIES)
    stop, leverage = st.sampled_from((0.4, 1, 2)), st.sampled_from(LEVERAGES[:4])
    return [
        entry(
            symbol,
            draw(sides),
            (draw(size), draw(leverage)),
            stop_loss_pct=draw(stop),
            harvest_policy=draw(policy),
        )
        for symbol in SYMBOLS
    ]


three = an_entry_each()


def after_quiet(steps: int) -> Callable[[Any], bool]:
    """Let something happen only when entries had their chance in between."""
    return lambda machine: machine.quiet >= steps


class Account(RuleBasedStateMachine):
    """One account's life, as Hypothesis decides it; `Stage` checks every step of it."""

    stage: Stage
    another_day: bool = False
    crashed: bool = False
    quiet: int = 0
    known: int = 0

    @initialize(name=st.sampled_from(sorted(SETTINGS)), asked=three)
    def begin(self, name: str, asked: list[dict[str, Any]]) -> None:
        self.stage = Stage(name)
        self.stage.propose(*asked)

    @rule(asked=st.lists(entries(), min_size=1, max_size=3))
    def propose(self, asked: list[dict[str, Any]]) -> None:
        self.quiet += 1
        self.stage.propose(*asked)

    @rule(asked=three)
    def propose_everywhere(self, asked: list[dict[str, Any]]) -> None:
        self.quiet += 1
        self.stage.propose(*asked)

    @rule(source=st.sampled_from(SOURCES), times=st.sampled_from((1, 11)))
    def babble(self, source: str, times: int) -> None:
        self.stage.babble(source, times)

    @rule(symbol=symbols, how=st.sampled_from(CLOSES))
    def close(self, symbol: Symbol, how: dict[str, Any]) -> None:
        self.stage.close(symbol, **how)

    @rule(moves=calm_moves, minutes=st.sampled_from((1, 3, 12)))
    def drift(self, moves: tuple[Decimal, ...], minutes: int) -> None:
        self.stage.drift(moves, minutes=minutes)

    @rule(moves=wild_moves)
    def jolt(self, moves: tuple[Decimal, ...]) -> None:
        self.stage.drift(moves)

    @precondition(lambda self: not self.crashed and self.quiet > 0)
    @rule()
    def crash(self) -> None:
        self.crashed = True
        self.stage.drift(crash_of(self.stage), gap=True)

    @precondition(after_quiet(1))
    @rule(amount=st.sampled_from(AMOUNTS), told=st.booleans())
    def transfer(self, amount: Decimal, told: bool) -> None:
        if self.stage.till.moved_usd + amount > AMOUNTS[-1]:
            self.quiet = 0
            self.stage.transfer(amount, told=told)

    @precondition(lambda self: self.stage.untold_usd)
    @rule()
    def explain(self) -> None:
        self.stage.explain()

    @precondition(after_quiet(2))
    @rule(state=st.sampled_from(TradingState))
    def person(self, state: TradingState) -> None:
        self.quiet = 0
        self.stage.person(state)

    @precondition(lambda self: self.stage.oracle.state is not TradingState.RUNNING)
    @rule()
    def resume(self) -> None:
        self.stage.stranger(None)
        self.stage.person(TradingState.RUNNING)

    @rule(symbol=symbols)
    def rearm(self, symbol: Symbol) -> None:
        self.stage.rearm(symbol)

    @precondition(lambda self: self.quiet > 1 and room_for_a_stranger(self.stage))
    @rule(side=sides, quantity=st.sampled_from((Decimal(1), Decimal("0.01"))))
    def stranger_comes(self, side: Side, quantity: Decimal) -> None:
        self.quiet = 0
        self.stage.stranger(stranger_of(side, quantity))

    @rule(trouble=st.sampled_from(TROUBLES))
    def trouble(self, trouble: tuple[str, Trouble]) -> None:
        self.stage.trouble(*trouble)

    @precondition(after_quiet(2))
    @rule(moves=calm_moves)
    def silence(self, moves: tuple[Decimal, ...]) -> None:
        self.quiet = 0
        self.stage.till.silent = True
        self.stage.drift(moves)
        self.stage.propose(entry(SYMBOLS[0], Side.BUY, (450, 8)))
        self.stage.till.silent = False

    @precondition(lambda self: self.stage.checked > self.known + 5)
    @rule()
    def restart(self) -> None:
        self.stage.restart()
        self.known = self.stage.checked

    @precondition(lambda self: self.quiet > 0 and not self.another_day)
    @rule()
    def midnight(self) -> None:
        self.another_day = True
        self.stage.midnight()

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        self.stage.end()
        LIVED.update(self.stage.met)
        for what in self.stage.met:
            event(what)


@pytest.mark.slow
def test_whatever_happens_to_an_account_the_promises_hold() -> None:
    """And it happened: every life begins with an order that is allowed."""
    LIVED.clear()
    most = max(settings().max_examples // SHARE, 1) * SOAK
    run_state_machine_as_test(
        Account, settings=settings(max_examples=most, stateful_step_count=STEPS)
    )

    assert LIVED["entry ACCEPT"] >= most
    assert min(LIVED[what] for what in ("entry CLAMP", "restart", "reduction ACCEPT")) > 0

"""Law 9: whatever happens, a position is covered, or NAKED and young, or being closed.

The real services over a venue that fails: entries, partial fills, prices, partial closes,
stops that move or are cancelled, refusals, lost requests and replies, funding, crashes and
restarts, on both sides and several symbols. `SOAK=1 pytest -n 2` on this file takes ten
thousand lives.
"""

from __future__ import annotations

import os
from collections import Counter
from decimal import Decimal
from typing import Any, Final

import pytest
from hypothesis import Phase, event, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bridge_patch.domain.intent import Side, Symbol
from tests.laws.protection_faults import FAULTS, Fault
from tests.laws.protection_meals import eat_stops
from tests.laws.protection_stage import SYMBOLS, Stage
from tests.laws.protection_storm import Storm
from tests.simulation.rig import PATIENT

D = Decimal
SOAK: Final = bool(os.environ.get("SOAK"))
#: How many runs a soak has, and in how many shares, so that two processes end together.
RUNS, SHARES = (10_000, 8) if SOAK else (0, 1)
#: A run is as long as some ten single examples, so there are fewer of them.
SHARE: Final = 3
STEPS: Final = 14

CALM_MOVES = [D(m) for m in ("0", "0.0004", "-0.0004", "0.003", "-0.003")]
WILD_MOVES = [D(m) for m in ("0.03", "-0.03", "0.12", "-0.12")]
TRAIL = {"mode": "swing", "trail_pct": 0.5, "max_time_sec": 7200}
_LOST: Final = Storm.REQUEST_LOST
symbols = st.sampled_from(SYMBOLS)
#: Which of the positions that are open.
which = st.integers(0, len(SYMBOLS) - 1)
calm_moves = st.tuples(*[st.sampled_from(CALM_MOVES)] * len(SYMBOLS))
wild_moves = st.tuples(*[st.sampled_from((*CALM_MOVES, *WILD_MOVES))] * len(SYMBOLS))
sizes = st.sampled_from([(400, 10), (900, 4), (120, 20)])
storms = st.sampled_from(
    [
        *(("place", (one,)) for one in (Storm.REPLY_LOST, Storm.RAISES, Storm.TRICKLE)),
        *(
            ("stop", (one,) * n)
            for n in (1, 2)
            for one in Storm
            if one is not Storm.TRICKLE
        ),
        *(("reduce", (one,)) for one in Storm),
        ("reduce", (Storm.REFUSED,) * 4),
        ("reduce", (Storm.REQUEST_LOST, Storm.REFUSED)),
        ("cancel", (Storm.REQUEST_LOST,) * 2),
        ("cancel", (Storm.REPLY_LOST,)),
        *(("find", (Storm.REQUEST_LOST,) * n) for n in (1, 3, 9)),
        ("place", (Storm.REFUSED,)),
        ("place", (Storm.REQUEST_LOST,)),
    ]
)
#: Calls that fail together, and how many of each.
sieges = st.sampled_from(
    [
        (("stop", Storm.REFUSED, 1), ("reduce", Storm.REFUSED, 3)),
        (("stop", Storm.REFUSED, 1), ("reduce", Storm.REQUEST_LOST, 1), ("find", _LOST, 9)),
        (("stop", Storm.REFUSED, 1), ("reduce", Storm.TRICKLE, 1)),
        (("stop", Storm.REQUEST_LOST, 1), ("find", _LOST, 9)),
        (("stop", Storm.REQUEST_LOST, 1), ("find", _LOST, 2)),
        (("stop", Storm.REPLY_LOST, 1), ("find", _LOST, 9)),
        (("stop", Storm.REQUEST_LOST, 2),),
        (("place", Storm.TRICKLE, 1), ("stop", Storm.REFUSED, 1)),
        (("place", Storm.REPLY_LOST, 1), ("find", _LOST, 3)),
    ]
)
#: What was met in all lives together.
LIVED: Final[Counter[str]] = Counter()
#: How many of the planted faults a few lives find.
QUICK: Final = 6
#: What a few lives meet, whatever they are; that many meet all of `RARE` too.
RARE_FROM: Final = 1_000
COMMON: Final = (
    *("covered", "naked", "restart", "spells", "a second stop", "find lost"),
    *("place TRICKLE", "close STOP_FAILED", "close NAKED_TOO_LONG"),
)
RARE: Final = (
    *("crash", "swept", "left behind", "an orphan", "cancelled by the venue", "funded"),
    *("stop REFUSED", "stop REPLY_LOST", "reduce REFUSED", "reduce TRICKLE"),
    *("closing", "not known yet", "eaten", "close LIQUIDATION_NEAR"),
)


class Protected(RuleBasedStateMachine):
    """One account's life at a venue that fails; `Stage` checks every step of it."""

    stage: Stage

    @initialize(
        leaves_stops=st.sampled_from((True, True, False)),
        symbol=symbols,
        side=st.sampled_from(Side),
    )
    def begin(self, leaves_stops: bool, symbol: Symbol, side: Side) -> None:
        self.stage = Stage(leaves_stops)
        self.stage.enter(symbol, action=side, harvest_policy=PATIENT)

    @rule(
        symbol=symbols,
        side=st.sampled_from(Side),
        size=sizes,
        policy=st.sampled_from([PATIENT, TRAIL]),
        stop_pct=st.sampled_from([0.5, 2, 4]),
    )
    def enter(
        self,
        symbol: Symbol,
        side: Side,
        size: tuple[int, int],
        policy: dict[str, Any],
        stop_pct: float,
    ) -> None:
        margin, leverage = size
        self.stage.enter(
            symbol,
            action=side,
            margin=margin,
            leverage=leverage,
            harvest_policy=policy,
            stop_loss_pct=stop_pct,
        )

    @rule(which=which, part=st.sampled_from([None, D("0.3"), D("0.5"), D("0.97")]))
    def close(self, which: int, part: Decimal | None) -> None:
        self.stage.close(self.stage.held(which), part)

    @rule(which=which, towards=st.sampled_from([D("0.2"), D("0.6"), D("1.5")]))
    def move_stop(self, which: int, towards: Decimal) -> None:
        self.stage.move_stop(self.stage.held(which), towards)

    @rule(which=which, storm=st.sampled_from([Storm.REQUEST_LOST, Storm.RAISES]))
    def walk_stop(self, which: int, storm: Storm) -> None:
        """A stop is moved again and again while no old one can be cancelled."""
        symbol = self.stage.held(which)
        self.stage.trouble("cancel", (storm,) * 4)
        for _ in range(3):
            self.stage.move_stop(symbol, D("0.2"))

    @rule(symbol=symbols, side=st.sampled_from(Side), ms=st.sampled_from([100, 6_000]))
    def enter_in_pieces(self, symbol: Symbol, side: Side, ms: int) -> None:
        """The trades of an entry are told one by one, and its answer never comes."""
        self.stage.trouble("place", (Storm.TRICKLE,))
        self.stage.enter(symbol, action=side, harvest_policy=PATIENT)
        self.stage.wait(ms)
        self.stage.wait(ms)

    @rule(which=which, side=st.sampled_from(Side))
    def leave(self, which: int, side: Side) -> None:
        """A stop outlives its position for a while, and somebody wants in again."""
        symbol = self.stage.held(which)
        self.stage.trouble("cancel", (Storm.REQUEST_LOST,) * 3)
        self.stage.close(symbol, None)
        self.stage.enter(symbol, action=side, harvest_policy=PATIENT)

    @rule(which=which)
    def besiege(self, which: int) -> None:
        """A stop goes, the next is lost, and nobody answers until long after."""
        self.stage.trouble("stop", (Storm.REQUEST_LOST,))
        self.stage.trouble("find", (Storm.REQUEST_LOST,) * 12)
        self.stage.venue_cancels(self.stage.held(which))
        self.stage.wait(4_999)
        self.stage.wait(1_000)

    @rule(moves=calm_moves, thin=st.booleans())
    def drift(self, moves: tuple[Decimal, ...], thin: bool) -> None:
        self.stage.bars(moves, gap=False, thin=thin)

    @rule(moves=wild_moves, gap=st.booleans())
    def jolt(self, moves: tuple[Decimal, ...], gap: bool) -> None:
        self.stage.bars(moves, gap=gap, thin=False)

    @rule(ms=st.sampled_from([100, 900, 4_999, 5_000, 7_000]))
    def wait(self, ms: int) -> None:
        self.stage.wait(ms)

    @rule(storm=storms)
    def trouble(self, storm: tuple[str, tuple[Storm, ...]]) -> None:
        self.stage.trouble(*storm)

    @rule(which=which, siege=sieges)
    def strike(self, which: int, siege: tuple[tuple[str, Storm, int], ...]) -> None:
        """A stop goes while the calls that would mend it fail."""
        for kind, storm, times in siege:
            self.stage.trouble(kind, (storm,) * times)
        self.stage.venue_cancels(self.stage.held(which))

    @rule(siege=sieges, side=st.sampled_from(Side), symbol=symbols)
    def enter_under_siege(
        self,
        siege: tuple[tuple[str, Storm, int], ...],
        side: Side,
        symbol: Symbol,
    ) -> None:
        """A position begins while its stop and its close fail."""
        for kind, storm, times in siege:
            self.stage.trouble(kind, (storm,) * times)
        self.stage.enter(symbol, action=side, harvest_policy=PATIENT)

    @rule(which=which)
    def venue_cancels(self, which: int) -> None:
        self.stage.venue_cancels(self.stage.held(which))

    @rule(which=which)
    def eat(self, which: int) -> None:
        """A stop is taken and ends at once, again and again."""
        eat_stops(self.stage, self.stage.held(which))

    @rule(which=which, rate=st.sampled_from([D("0.02"), D("-0.02"), D("0.085")]))
    def charge(self, which: int, rate: Decimal) -> None:
        self.stage.charge(self.stage.held(which), rate)

    @rule()
    def restart(self) -> None:
        self.stage.restart()

    @precondition(lambda self: self.stage.venue.dies_in is None)
    @rule(calls=st.integers(1, 6))
    def crash(self, calls: int) -> None:
        self.stage.crash(calls)

    def teardown(self) -> None:
        if not hasattr(self, "stage"):
            return
        try:
            met = self.stage.end()
        finally:
            self.stage.runner.close()
        LIVED.update({"lives": 1})
        LIVED.update(met)
        for what in met:
            event(what)


@pytest.mark.slow
@pytest.mark.parametrize("share", range(SHARES))
def test_every_position_is_covered_or_young_and_naked_or_closing(share: int) -> None:
    """And all of it happened: each state, and each thing that may go wrong."""
    LIVED.clear()
    most = RUNS // SHARES if SOAK else max(settings().max_examples // SHARE, 1)
    seed(share)(Protected)
    run_state_machine_as_test(
        Protected,
        settings=settings(
            max_examples=most,
            stateful_step_count=STEPS,
            derandomize=not SOAK,
            database=None,
        ),
    )

    print(f"share {share}: {dict(LIVED)}")
    assert LIVED["lives"] >= most
    wanted = (*COMMON, *RARE) if most >= RARE_FROM else COMMON
    missing = [what for what in wanted if not LIVED[what]]
    assert not missing, f"not met in {most} lives: {missing}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", FAULTS if SOAK else FAULTS[:QUICK], ids=lambda fault: fault.__name__
)
def test_each_planted_fault_is_found(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """Law 9 can be broken, and then the machine says so."""
    fault(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Protected,
            settings=settings(
                max_examples=300,
                stateful_step_count=STEPS,
                phases=[Phase.generate],
                derandomize=True,
                database=None,
                print_blob=False,
            ),
        )

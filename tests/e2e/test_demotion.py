"""Back to shadow with positions open, at an exchange over HTTP: less, then nothing.

The feed is a replay and the exchange is stepped by it: three processes are stopped while
four positions are open, two of each side, and started again in shadow.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest

from bridge_patch.domain.events import (
    CloseForced,
    Judged,
    ModeOrdered,
    Sending,
    Settled,
    Status,
    StopArmed,
    Verdict,
)
from bridge_patch.domain.intent import Mode, Side, Symbol
from bridge_patch.domain.order import Leg
from bridge_patch.domain.venue_events import Book
from bridge_patch.governor.reasons import Reason
from tests.e2e.harness import COMMAND, clean_env, only_in_soak
from tests.e2e.script_run import ScriptRun, play
from tests.e2e.scripted import ACTS, CALM, TIMED, Act, entry, minute, write_script
from tests.e2e.three import PROCESSES
from tests.e2e.watched_exchange import ORDER, TICK, Call

pytestmark = [pytest.mark.e2e, pytest.mark.slow, only_in_soak]

#: All four are open at the restart: one has its part, one is about to; two run out later.
LONG, SHORT, LONG_TIMED, SHORT_TIMED = OPENED = tuple(
    replace(act, n=CALM + n) for act, n in zip(ACTS, (0, 2, 1, 2), strict=True)
)
#: Nobody has a position here before the demotion, or after it.
IDLE = Act("idle", Symbol("LTCUSDT"), Side.BUY, CALM, 90, (), TIMED)
SCRIPT = (*OPENED, IDLE)
#: The bar at which shadow is ordered, and the one at which it is started.
ORDERED_N, DEMOTED_N = CALM + 3, CALM + 4
#: By when all is flat, and when the second shadow run begins.
FLAT_N, AGAIN_N = CALM + 11, CALM + 15
WAIT_SEC: Final = 30


def proposal(name: str, act: Act, n: int, **more: Any) -> dict[str, Any]:
    """An entry that nobody may trade any more."""
    return {**entry(name, act.symbol, act.side, n, TIMED), **more, "n": n}


#: One as a live engine writes it, one where a position is open, one on a flat symbol.
SHADOWED: Final = (
    proposal("s-idle", IDLE, DEMOTED_N + 1, mode="live"),
    proposal("s-held", LONG, DEMOTED_N + 1),
    proposal("s-flat", LONG_TIMED, FLAT_N + 1),
    proposal("s-again", SHORT, AGAIN_N + 1, mode="live"),
)
#: One that comes behind the order, while all three still are live.
HELD_BACK: Final = proposal("held-back", IDLE, ORDERED_N)


@dataclass
class Demotion:
    """What is done at which bar, and where in the calls that was."""

    by_command: bool
    places: dict[int, int] = field(default_factory=dict)
    told: int | None = None

    async def on_call(self, run: ScriptRun, call: Call) -> bool:
        """Do what is due at a bar, once."""
        for n in (ORDERED_N, DEMOTED_N, FLAT_N, AGAIN_N):
            if call.path == TICK and call.tick_ms == minute(n) and n not in self.places:
                self.places[n] = len(run.exchange.calls)
                if n in {DEMOTED_N, AGAIN_N}:
                    run.go_on_with(run.restart(Mode.SHADOW))
                if n == ORDERED_N and self.by_command:
                    run.stand_still_for(self._order(run))
        return True

    async def _order(self, run: ScriptRun) -> None:
        """Let a person order shadow, and an entry come after it."""
        words = ("demote", "--why", "a test", "--state", run.three.state)
        ordered = await asyncio.create_subprocess_exec(
            *(COMMAND, *words, "--wait-sec", str(WAIT_SEC)),
            env=clean_env(),
            stdout=sys.stderr,
        )
        self.told = await ordered.wait()
        await run.publish(HELD_BACK)


def demoted(folder: Path, *, by_command: bool) -> tuple[ScriptRun, Demotion]:
    """Play the script, and go back to shadow in the middle of it."""
    demotion = Demotion(by_command)
    intents = [act.intent | {"n": act.n} for act in OPENED]
    market = write_script(folder / "bars", SCRIPT)
    symbols = tuple(act.symbol for act in SCRIPT)
    every = [*intents, *(dict(each) for each in SHADOWED)]
    left = asyncio.run(play(folder, market, every, demotion.on_call, symbols=symbols))
    return left, demotion


@pytest.fixture(scope="module")
def by_setting(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScriptRun, Demotion]:
    return demoted(tmp_path_factory.mktemp("setting"), by_command=False)


@pytest.fixture(scope="module")
def by_command(tmp_path_factory: pytest.TempPathFactory) -> tuple[ScriptRun, Demotion]:
    return demoted(tmp_path_factory.mktemp("command"), by_command=True)


@pytest.fixture(params=["by_setting", "by_command"])
def run_(request: pytest.FixtureRequest) -> tuple[ScriptRun, Demotion]:
    """Both ways back to shadow: a setting and a restart, or the command and a restart."""
    found: tuple[ScriptRun, Demotion] = request.getfixturevalue(request.param)
    return found


def settled(left: ScriptRun) -> dict[str, Settled]:
    """Every outcome by its intent."""
    found: list[Settled] = left.three.events(Settled)
    return {one.intent_id: one for one in found}


def test_every_position_stays_protected_and_is_harvested_to_flat(
    run_: tuple[ScriptRun, Demotion],
) -> None:
    """A part, three trails, four ends; by the exchange's records nothing was ever naked."""
    left, _ = run_
    records = left.exchange.core.venue.records
    rows = [r for r in left.three.decisions() if r["mode"] == "live" and r["detail"]]

    assert left.exchange.faults == []
    assert left.exchange.held == {}
    assert records.open_orders() == []
    assert records.open_algos() == []
    assert left.journaled() == left.at_venue()
    assert left.three.events(CloseForced) == []
    for act in (LONG, SHORT):
        sizes = [t.quantity_base for t in records.trades if t.symbol == act.symbol]
        assert sizes == [sizes[0], sizes[0] / 2, sizes[0] / 2]
        reasons = [row["detail"] for row in rows if row["symbol"] == act.symbol]
        assert reasons == ["PARTIAL_PROFIT", "TRAIL", "TRAIL", "TRAIL"]
    for act in (LONG_TIMED, SHORT_TIMED):
        reasons = [row["detail"] for row in rows if row["symbol"] == act.symbol]
        assert (reasons[0], reasons[-1]) == ("TRAIL", "MAX_HOLD")


def test_after_the_restart_only_reductions_stops_and_cancels_are_sent(
    run_: tuple[ScriptRun, Demotion],
) -> None:
    """By the exchange's history: every id is that of a reduction that was announced."""
    left, demotion = run_
    place = demotion.places[DEMOTED_N]
    after = list(left.exchange.trading(since=place))
    announced: list[Sending] = left.three.events(Sending)
    legs = {str(order.order_id): order.leg for order in announced}
    before = {call.client_id for call in left.exchange.trading() if call not in after}
    sent = {call.client_id: call for call in after if call.method == "POST"}

    assert len(after) > 10
    assert [call for call in after if not call.reduces] == []
    assert {legs[name] for name in sent} == {Leg.REDUCE, Leg.STOP}
    let_go = {call.client_id for call in after if call.method == "DELETE"}
    assert let_go <= before | sent.keys()
    orders = left.exchange.core.venue.records.orders.values()
    entries = [order for order in orders if not (order.reduce_only or order.close_all)]
    assert [order.symbol for order in entries] == [act.symbol for act in _in_order()]
    assert all(order.placed_ms < minute(DEMOTED_N) for order in entries)


def _in_order() -> Sequence[Act]:
    return sorted(OPENED, key=lambda act: act.n)


@dataclass
class Crash:
    """All three die while an entry is on its way, and are started in shadow."""

    place: int = 0

    async def on_call(self, run: ScriptRun, call: Call) -> bool:
        """Let the blow fall before the first short's order is carried out; it arrives."""
        now = (call.method, call.path) == ("POST", ORDER) and not call.reduces
        if now and call.params["symbol"] == SHORT.symbol and not self.place:
            self.place = len(run.exchange.calls)
            run.three.settings = {**run.three.settings, "AI_SIZING_MODE": "shadow"}
            run.three.strike(*PROCESSES)
        return True


def test_an_entry_that_was_on_its_way_is_protected_and_harvested_in_shadow(
    tmp_path: Path,
) -> None:
    """It filled after its sender's death; shadow finds it, rests its stop, and sees it out.

    No price is played before that stop rests.
    """
    crash = Crash()
    market = write_script(tmp_path / "bars", SCRIPT)
    intents = [act.intent | {"n": act.n} for act in OPENED]
    symbols = tuple(act.symbol for act in SCRIPT)
    left = asyncio.run(play(tmp_path, market, intents, crash.on_call, symbols=symbols))
    trades = left.exchange.core.venue.records.trades
    sizes = [t.quantity_base for t in trades if t.symbol == SHORT.symbol]
    after = [call for call in left.exchange.trading(since=crash.place) if call.trades]

    assert left.exchange.faults == []
    assert left.exchange.held == {}
    assert left.exchange.core.venue.records.open_algos() == []
    assert left.journaled() == left.at_venue()
    assert left.three.events(CloseForced) == []
    assert sizes == [sizes[0], sizes[0] / 2, sizes[0] / 2]
    assert SHORT_TIMED.symbol not in {t.symbol for t in trades}
    assert [call for call in after if not call.reduces] == []
    assert settled(left)[SHORT.name].status is Status.FILLED


def test_shadow_decisions_go_on_and_trade_in_a_book_alone(
    run_: tuple[ScriptRun, Demotion],
) -> None:
    """What is proposed is judged and simulated, whatever its payload says of live."""
    left, _ = run_
    judged: list[Judged] = left.three.events(Judged)
    modes = {str(one.intent_id): one.mode for one in judged}
    outcomes = settled(left)
    names = [str(each["intent_id"]) for each in SHADOWED]
    shadowed: list[StopArmed] = left.three.events(StopArmed)

    assert [modes[name] for name in names] == [Mode.SHADOW] * len(names)
    simulated = [n for n in names if outcomes[n].status is Status.SIMULATED]
    assert simulated == names
    assert IDLE.symbol in {s.symbol for s in shadowed if s.book is Book.GOVERNED}
    assert IDLE.symbol not in {s.symbol for s in shadowed if s.book is Book.ACCOUNT}


def test_once_flat_and_through_another_restart_no_trading_call_is_made(
    run_: tuple[ScriptRun, Demotion],
) -> None:
    left, demotion = run_
    flat = demotion.places[FLAT_N]

    assert list(left.exchange.trading(since=flat)) == []
    assert len(left.exchange.calls) - flat > 100
    assert left.three.starts == 9


def test_the_order_holds_from_its_bar_on_while_the_processes_still_are_live(
    by_command: tuple[ScriptRun, Demotion],
) -> None:
    """An entry that came behind it is refused; what reduces goes on."""
    left, demotion = by_command
    ordered: list[ModeOrdered] = left.three.events(ModeOrdered)
    judged: list[Judged] = left.three.events(Judged)
    (held_back,) = [one for one in judged if one.intent_id == "held-back"]

    assert demotion.told == 0
    assert [one.mode for one in ordered] == [Mode.SHADOW]
    assert held_back.verdict is Verdict.REJECT
    assert Reason.TRADING_REDUCING in held_back.codes
    assert held_back.mode is Mode.LIVE

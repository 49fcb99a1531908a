"""The exit brain is killed and nobody starts it again for some bars; the market goes on.

The feed is a replay and the exchange is stepped by it. The stop at the venue holds
meanwhile and nothing new is opened; whoever comes back acts on the bars that it missed.
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus_url import EMBEDDED
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import EXIT_TURN
from bridge_patch.app.buses import BusAt
from bridge_patch.domain.events import CloseForced, Judged
from bridge_patch.governor.reasons import Reason
from bridge_patch.services.turns import TurnStage
from tests.e2e.harness import only_in_soak
from tests.e2e.script_run import ScriptRun, play
from tests.e2e.scripted import (
    ACTS,
    AGAIN,
    CALM,
    HARVESTED,
    PART,
    TIMED,
    entry,
    minute,
    write_script,
)
from tests.e2e.watched_exchange import TICK, Call

pytestmark = [pytest.mark.e2e, pytest.mark.slow, only_in_soak]

D = Decimal
LONG, SHORT, IDLE, _ = (replace(act, n=CALM) for act in ACTS)
DEAD_N, BACK_N = CALM + PART, CALM + AGAIN - 1


@dataclass
class Silence:
    """Dead from the bar at which the part is due, until the trail would have moved twice.

    Between two bars somebody comes back, and has caught up before the next.
    """

    dead: bool = False
    back: bool = False
    #: Stops that rest on each symbol, right before somebody comes back.
    stood: tuple[int, ...] = ()

    async def on_call(self, run: ScriptRun, call: Call) -> bool:
        """Kill, and let the market go on; start again some bars later."""
        if call.path == TICK and call.tick_ms == minute(DEAD_N) and not self.dead:
            self.dead = True
            exits = run.three.living.pop("exits")
            exits.kill()
            exits.wait()
        if call.path == TICK and call.tick_ms == minute(BACK_N) and not self.back:
            self.back = True
            self.stood = tuple(len(run.exchange.stops(s.symbol)) for s in (LONG, SHORT))
            run.stand_still_for(self._come_back(run))
        return True

    async def _come_back(self, run: ScriptRun) -> None:
        run.three.begin("exits")
        await _decided(run, BACK_N)


async def _decided(run: ScriptRun, n: int) -> None:
    """Wait until the exits have answered all that they were asked up to this bar."""
    with closing(BusAt(EMBEDDED).open(SqliteFile(run.three.journal))) as bus:
        place, newest_ms = "", 0
        while newest_ms < minute(n):
            for message in await bus.follow(EXIT_TURN, place, count=512, wait_ms=50):
                place = message.entry_id
                turn = codec.decode_exit_turn(message.envelope)
                if turn.stage is TurnStage.DONE:
                    newest_ms = max(newest_ms, turn.at_ms)


def test_silent_exits_leave_the_stop_and_take_up_the_harvest_when_they_are_back(
    tmp_path: Path,
) -> None:
    """The part is taken late, and the stop goes to where the missed bars had pulled it."""
    silence = Silence()
    market = write_script(tmp_path / "bars", (LONG, SHORT, IDLE))
    late = entry("late", IDLE.symbol, IDLE.side, DEAD_N + 1, TIMED) | {"n": DEAD_N + 1}
    intents = [*(act.intent | {"n": act.n} for act in (LONG, SHORT)), late]
    symbols = (LONG.symbol, SHORT.symbol, IDLE.symbol)
    settings = {"EXITS_SILENCE_MAX_SEC": "2"}
    left = asyncio.run(
        play(tmp_path, market, intents, silence.on_call, symbols=symbols, more=settings)
    )
    judged: list[Judged] = left.three.events(Judged)
    (refused,) = [one for one in judged if one.intent_id == "late"]
    records = left.exchange.core.venue.records

    assert silence.stood == (1, 1)
    assert left.exchange.faults == []
    assert left.exchange.held == {}
    assert left.journaled() == left.at_venue()
    assert left.three.events(CloseForced) == []
    assert Reason.EXITS_SILENT in refused.codes
    for act, last in ((LONG, D("96510.1")), (SHORT, D("147.64"))):
        trades = [t for t in records.trades if t.symbol == act.symbol]
        sizes = [t.quantity_base for t in trades]
        assert sizes == [sizes[0], sizes[0] / 2, sizes[0] / 2]
        assert [t.at_ms for t in trades] == [
            minute(CALM),
            minute(BACK_N),
            minute(CALM + len(HARVESTED)),
        ]
        stops = [s.trigger_usd for s in records.algos.values() if s.symbol == act.symbol]
        assert stops[-1] == last

"""`kill -9` of the exit brain at each stage of a harvest, at an exchange over HTTP.

The feed is a replay and the exchange is stepped by it, so a stage is a request: the blow
falls before that request is carried out, and time stands still until somebody goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from bridge_patch.app.binance_server.records import TradeRecord
from bridge_patch.domain.events import CloseForced, Sending
from bridge_patch.domain.money import ONE
from bridge_patch.domain.order import Leg
from tests.e2e.harness import only_in_soak, run
from tests.e2e.script_run import ScriptRun, play
from tests.e2e.scripted import (
    ACTS,
    AGAIN,
    HOLD_MIN,
    MINUTE_MS,
    MOVE,
    PART,
    Act,
    minute,
    write_script,
)
from tests.e2e.watched_exchange import ORDER, STOP, TICK, Call

pytestmark = [pytest.mark.e2e, pytest.mark.slow, only_in_soak]

D = Decimal
LONG, SHORT, LONG_TIMED, SHORT_TIMED = ACTS
ALONE: Final = ("exits",)
#: Who sends dies as well.
BOTH: Final = ("exits", "execution")


@dataclass(frozen=True)
class Moment:
    """A request before which somebody dies, and how the position stands then.

    `arrives` says whether the request is carried out, if its sender is dead.
    """

    name: str
    act: Act
    bars: int
    method: str = "POST"
    path: str = TICK
    open_share: Decimal = ONE
    stops: int = 1
    arrives: bool = True
    victims: tuple[str, ...] = ALONE

    def is_now(self, call: Call) -> bool:
        """Tell whether this is the request that was waited for."""
        here = call.path == TICK or call.params.get("symbol") == self.act.symbol
        now = call.tick_ms == minute(self.act.n + self.bars)
        return here and now and (call.method, call.path) == (self.method, self.path)


def harvest_of(act: Act, sender: tuple[str, ...] = ALONE) -> tuple[Moment, ...]:
    """The stages of a position that is taken off by its policy."""
    half = D("0.5")
    return (
        Moment("it has filled, no turn yet", act, 1),
        Moment("the part is due", act, PART),
        Moment("the part is asked for", act, PART, path=ORDER, victims=sender),
        Moment("the part is taken, the trail begins", act, MOVE, open_share=half),
        Moment(
            "the new stop rests, and the old one",
            *(act, MOVE, "DELETE", STOP, half, 2),
            arrives=False,
            victims=sender,
        ),
        Moment("it trails", act, AGAIN, open_share=half),
    )


def end_of(act: Act, sender: tuple[str, ...] = ALONE) -> tuple[Moment, ...]:
    """The stages of a position that runs out of time."""
    asked = Moment(
        "its close is asked for", act, HOLD_MIN, path=ORDER, arrives=False, victims=sender
    )
    return (Moment("its time is over", act, HOLD_MIN), asked)


@dataclass
class Blows:
    """Who dies when, and how everything stood at those moments."""

    left: list[Moment]
    fallen: list[Moment] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    async def on_call(self, run: ScriptRun, call: Call) -> bool:
        """Let a blow fall where one is due; say whether the request is carried out."""
        if not self.left or not self.left[0].is_now(call):
            return True
        moment = self.left.pop(0)
        self._look(run, moment)
        run.three.strike(*moment.victims)
        self.fallen.append(moment)
        return moment.arrives or moment.victims == ALONE

    def _look(self, run: ScriptRun, moment: Moment) -> None:
        """Note where the position is not what this stage is about."""
        symbol, exchange = moment.act.symbol, run.exchange
        position = exchange.core.venue.position(symbol)
        share = position and position.quantity_base / position.first_base
        resting = exchange.core.venue.records.open_algos(symbol)
        stood = (share, len(exchange.stops(symbol)), len(resting))
        if stood != (moment.open_share, moment.stops, moment.stops):
            self.wrong.append(f"{moment.name}: {stood}")


async def _goes_on(run: ScriptRun, call: Call) -> bool:
    return True


INTENTS: Final = [act.intent | {"n": act.n} for act in ACTS]


@pytest.fixture(scope="module")
def unkilled(tmp_path_factory: pytest.TempPathFactory) -> ScriptRun:
    """The run that nobody killed."""
    folder = tmp_path_factory.mktemp("unkilled")
    market = write_script(folder / "bars")
    return asyncio.run(play(folder, market, INTENTS, _goes_on))


def killed_at(folder: Path, moments: Sequence[Moment]) -> ScriptRun:
    """Play the same market with a blow at each of these moments."""
    ordered = sorted(moments, key=lambda m: m.act.n + m.bars)
    blows = Blows(ordered)
    market = write_script(folder / "bars")
    left = asyncio.run(play(folder, market, INTENTS, blows.on_call))

    assert len(blows.fallen) == len(moments), blows.left
    assert blows.wrong == []
    assert left.three.starts == 3 + sum(len(m.victims) for m in moments)
    return left


def trades(left: ScriptRun) -> list[TradeRecord]:
    """The exchange's own record of every trade, in order."""
    return left.exchange.core.venue.records.trades


def stops(left: ScriptRun) -> list[tuple[object, ...]]:
    """The exchange's own record of every stop: what it was, and what became of it."""
    records = left.exchange.core.venue.records.algos.values()
    return [
        (s.client_id, s.trigger_usd, s.close_all, s.quantity_base, s.status, s.placed_ms)
        for s in records
    ]


def check_protected(left: ScriptRun) -> None:
    """No look found a position without a stop, and nothing is left of any."""
    verified = run("verify", "--journal", left.three.journal, cwd=left.three.state)
    records = left.exchange.core.venue.records

    assert left.exchange.faults == []
    assert left.exchange.looks > 1000
    assert left.exchange.held == {}
    assert records.open_orders() == []
    assert records.open_algos() == []
    assert left.journaled() == left.at_venue()
    assert left.three.events(CloseForced) == []
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_the_run_that_nobody_kills_takes_part_trails_and_runs_out_of_time(
    unkilled: ScriptRun,
) -> None:
    """Not vacuous: both sides take half, trail, and end at their stop; two run out."""
    reasons = [
        (row["symbol"], row["detail"])
        for row in unkilled.three.decisions()
        if row["source"] == "exit-brain"
    ]

    check_protected(unkilled)
    for act in (LONG, SHORT):
        assert [why for symbol, why in reasons if symbol == act.symbol] == [
            "PARTIAL_PROFIT",
            *["TRAIL"] * 3,
        ]
        sizes = [t.quantity_base for t in trades(unkilled) if t.symbol == act.symbol]
        assert sizes == [sizes[0], sizes[0] / 2, sizes[0] / 2]
    for act in (LONG_TIMED, SHORT_TIMED):
        assert [why for symbol, why in reasons if symbol == act.symbol] == [
            "TRAIL",
            "MAX_HOLD",
        ]


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> ScriptRun:
    """The run with sixteen blows; whoever sends for the shorts dies with the exits.

    One order arrives though its sender is dead; one cancel and one close do not.
    """
    moments = [*harvest_of(LONG), *harvest_of(SHORT, BOTH)]
    moments += [*end_of(LONG_TIMED), *end_of(SHORT_TIMED, BOTH)]
    return killed_at(tmp_path_factory.mktemp("killed"), moments)


def test_through_sixteen_kills_every_position_is_protected(killed: ScriptRun) -> None:
    """By the exchange's own records, after each of its requests."""
    check_protected(killed)


def test_killed_exits_end_where_the_run_that_nobody_killed_does(
    killed: ScriptRun, unkilled: ScriptRun
) -> None:
    """Every trade, stop and decision is the same, but for the close that was lost."""
    once, again = trades(unkilled), trades(killed)

    assert again[:-1] == once[:-1]
    assert stops(killed) == stops(unkilled)
    assert settled(killed, but=SHORT_TIMED) == settled(unkilled, but=SHORT_TIMED)


def test_a_close_that_was_lost_with_its_sender_is_asked_for_once_more(
    killed: ScriptRun, unkilled: ScriptRun
) -> None:
    """A bar later, under an id of its own; the lost one is never sent again."""
    once, again = trades(unkilled)[-1], trades(killed)[-1]
    announced: list[Sending] = killed.three.events(Sending)
    sent = [
        order.order_id
        for order in announced
        if order.symbol == SHORT_TIMED.symbol and order.leg is Leg.REDUCE
    ]
    asked = [
        call.client_id
        for call in killed.exchange.trading()
        if call.path == ORDER and call.client_id in sent
    ]

    assert (again.symbol, again.side, again.quantity_base) == (
        once.symbol,
        once.side,
        once.quantity_base,
    )
    assert again.at_ms == once.at_ms + MINUTE_MS
    assert len(sent) == 2
    assert asked == sent


def settled(left: ScriptRun, *, but: Act) -> list[dict[str, object]]:
    """Every decision, as `decisions --json` tells it, but those on one symbol."""
    return [row for row in left.three.decisions() if row["symbol"] != but.symbol]

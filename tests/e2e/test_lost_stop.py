"""A stop is lost together with its sender: nobody knows its fate, and the deadline decides.

The feed is a replay and the exchange is stepped by it: the deadline of some seconds is over
when the next bar closes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from bridge_patch.domain.events import CloseForced
from bridge_patch.domain.protection_events import CloseCause
from tests.e2e.harness import only_in_soak
from tests.e2e.script_run import ScriptRun, play
from tests.e2e.scripted import ACTS, minute, write_script
from tests.e2e.watched_exchange import STOP, Call

pytestmark = [pytest.mark.e2e, pytest.mark.slow, only_in_soak]

LONG = ACTS[0]


@dataclass
class Loss:
    """Exits and execution die as the first stop leaves, and it does not arrive."""

    lost: str = ""

    async def on_call(self, run: ScriptRun, call: Call) -> bool:
        """Let the first stop get lost."""
        if self.lost or (call.method, call.path) != ("POST", STOP):
            return True
        self.lost = call.client_id
        run.three.strike("exits", "execution")
        return False


def test_a_stop_that_was_lost_with_its_sender_leaves_the_position_to_its_deadline(
    tmp_path: Path,
) -> None:
    """It is not sent again, nor is another; the position is closed, and the stop swept."""
    loss = Loss()
    market = write_script(tmp_path / "bars", (LONG,))
    intents = [LONG.intent | {"n": LONG.n}]
    left = asyncio.run(
        play(tmp_path, market, intents, loss.on_call, symbols=(LONG.symbol,))
    )
    trades = left.exchange.core.venue.records.trades
    stops = [call for call in left.exchange.trading() if call.path == STOP]
    forced: list[CloseForced] = left.three.events(CloseForced)

    assert loss.lost
    assert [t.at_ms for t in trades] == [minute(LONG.n), minute(LONG.n + 1)]
    assert [t.quantity_base for t in trades] == [trades[0].quantity_base] * 2
    assert [one.cause for one in forced] == [CloseCause.NAKED_TOO_LONG]
    assert [(c.method, c.client_id) for c in stops] == [
        ("POST", loss.lost),
        ("DELETE", loss.lost),
    ]
    assert left.exchange.held == {}
    assert left.exchange.core.venue.records.open_algos() == []
    assert left.journaled() == left.at_venue()

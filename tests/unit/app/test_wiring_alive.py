"""Long work that gets on is no stalled process: each step of it is told."""

from __future__ import annotations

import asyncio
import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.journal_lease import Lease
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.app.wiring import execution_side
from bridge_patch.domain.errors import FencedError
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.execution import BATCH_MAX
from tests.unit.app.test_standby import held_at, run_of, settings_at

POISON = Envelope.of(
    event_type="trade.intent", payload="{}", timestamp="2025-05-05T00:00:00Z", source="ai"
)


def test_each_batch_of_a_backlog_and_each_call_to_the_venue_is_a_sign_of_life(
    tmp_path: Path,
) -> None:
    signs = list[str]()
    run = replace(
        run_of(settings_at(tmp_path), io.StringIO()), alive=lambda: signs.append("alive")
    )

    async def scenario() -> list[int]:
        counts = []
        session = execution_side(run, store)
        posts = [Post(TRADE_INTENT, POISON)] * (2 * BATCH_MAX + 1)
        await store.bus.publish(posts)
        assert await session.execution.drain() == len(posts)
        counts.append(len(signs))

        venue = session.keeper.venue
        await venue.cancel(Symbol("BTCUSDT"), ClientOrderId("o-1"))
        counts.append(len(signs))
        return counts

    with closing(held_at(tmp_path)) as store:
        of_backlog, and_of_venue = asyncio.run(scenario())

    assert of_backlog >= 3
    assert and_of_venue == of_backlog + 1


def test_who_lost_the_lease_still_calls_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sign of life comes in front of that look, and not in its place."""

    def lost(_: Lease) -> None:
        raise FencedError("another one acts")

    with closing(held_at(tmp_path)) as store:
        session = execution_side(run_of(settings_at(tmp_path), io.StringIO()), store)
        monkeypatch.setattr(Lease, "assure", lost)
        with pytest.raises(FencedError):
            asyncio.run(session.keeper.venue.cancel(Symbol("BTCUSDT"), ClientOrderId("o")))

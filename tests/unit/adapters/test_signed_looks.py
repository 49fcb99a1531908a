"""With a key on the bus, who only looks at it is not held up, and believes nobody else."""

from __future__ import annotations

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Message, Post, StoredBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.inbox import BusInbox
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.signing import signed
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.secret import Secret
from tests.contracts.sites import NOON_MS, run
from tests.wire.samples import draft

OURS = Secret("0123456789abcdef" * 2)


def test_a_flood_of_forged_intents_does_not_slow_a_look_at_what_waits(
    plain: StoredBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every look walked through all of them: four seconds each for 50,000."""
    wish = Post(TRADE_INTENT, codec.encode_draft(draft(mode=Mode.LIVE)))
    run(plain.publish([wish] * 2_000))
    looked: list[int] = []
    follow = plain.follow

    async def counted(
        stream: str, after_id: str, *, count: int, wait_ms: int
    ) -> tuple[Message, ...]:
        found = await follow(stream, after_id, count=count, wait_ms=wait_ms)
        looked.append(len(found))
        return found

    monkeypatch.setattr(plain, "follow", counted)
    clock = ManualClock(NOON_MS)
    ours = signed(plain, OURS)
    inbox = BusInbox(ours, consumer="one", mode=Mode.LIVE, clock=clock, age_max_ms=60_000)
    run(inbox.read(9, 0))
    found = run(inbox.waiting())

    assert (found.lag, found.pending) == (1_991, 9)
    assert found.oldest_ms == codec.made_at(wish.envelope)
    assert sum(looked) <= 1
    ahead = run(ours.peek(TRADE_INTENT, ""))
    assert ahead is not None
    assert ahead.envelope == Envelope(())

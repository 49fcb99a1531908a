"""In shadow: what an earlier live run left at the venue, and whether that can be read."""

from __future__ import annotations

from bridge_patch.app.monitoring_sample import Sampler
from bridge_patch.domain.intent import Mode, Unknown
from bridge_patch.services.ports import AccountReading
from tests.simulation.rig import BTC, CALM, World, ask, at, calm, intent, play, ready, run
from tests.simulation.tap import Tap


class Mute(Tap):
    """Says nothing of the account."""

    async def read(self) -> AccountReading | Unknown:
        return Unknown("the key may not read")


def test_a_venue_that_cannot_be_read_is_told_while_something_is_open_there() -> None:
    """Stop and liquidation of it are not looked at meanwhile; the book knows nothing."""

    async def scenario(*, opened: bool) -> tuple[str, float]:
        world, now_sec = World(), [0.0]
        session = await ready(world)
        if opened:
            await ask(world, session, intent("a", CALM))
        session = world.start(Mode.SHADOW, venue=Mute)
        await play(session, [*calm((BTC,)), at(CALM + 1, {BTC: 95_000})])
        sampler = Sampler(session, lambda: now_sec[0])
        sampler.take()
        now_sec[0] = 12.0
        seen = sampler.take().equity
        return seen.why, seen.unread_sec

    assert run(scenario(opened=True)) == ("the key may not read", 12.0)
    assert run(scenario(opened=False)) == ("", 0.0)

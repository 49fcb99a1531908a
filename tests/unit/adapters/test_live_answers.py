"""What is asked of the exchange: who waits, who is refused, which socket is believed."""

import asyncio
import sys

import pytest

from bridge_patch.adapters.feeds.live_rest import NoAnswerError, RefusedError, web
from bridge_patch.adapters.feeds.live_socket import PublicSocket
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs
from tests.public_exchange import HOUR_MS, MINUTE_MS
from tests.unit.adapters.live_scene import BTC, NOON_MS, Heard, opened, run, soon


def test_a_symbol_of_which_there_are_no_bars_stops_the_start() -> None:
    """A name that the exchange does not know is the settings' fault, and said as such."""

    async def scenario() -> None:
        async with opened(BTC) as scene:
            scene.feed.rest._origin += "/nowhere"
            with pytest.raises(InvalidValueError, match="SYMBOLS names BTCUSDT"):
                await scene.begin()

    run(scenario())


def test_the_past_is_waited_for_while_nobody_answers_and_left_when_told_to_stop() -> None:
    async def scenario() -> None:
        async with opened(BTC, failing={"klines"}) as scene:
            asked = 0

            async def wanted() -> bool:
                nonlocal asked
                asked += 1
                return asked < 5

            assert [tick async for tick in scene.feed.past(3, wanted)] == []
            assert len(scene.heard.said("the past is waited for")) == 1

    run(scenario())


def test_without_the_extra_a_live_market_says_which_one_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A replay needs no client of the network, and is installed without one."""
    monkeypatch.setitem(sys.modules, "aiohttp", None)

    with pytest.raises(InvalidValueError, match=r"needs bridge-patch\[exchange\]"):
        web()


def test_told_to_wait_it_asks_nothing_at_all() -> None:
    """Whoever goes on asking under a ban is banned for longer."""

    async def scenario() -> None:
        async with opened(BTC) as scene:
            rest = scene.feed.rest
            scene.exchange.status = 429
            with pytest.raises(NoAnswerError, match="HTTP 429"):
                await rest.bars(BTC, UnixMs(NOON_MS - MINUTE_MS), UnixMs(NOON_MS))
            scene.exchange.status = 0
            before = len(scene.exchange.asked)
            with pytest.raises(NoAnswerError, match="told us to wait"):
                await rest.server_ms()
            assert len(scene.exchange.asked) == before
            scene.wall.now += 61_000
            assert await rest.server_ms() == scene.wall.now

    run(scenario())


def test_bars_that_were_not_asked_for_are_refused() -> None:
    async def scenario() -> None:
        async with opened(BTC) as scene:
            scene.exchange.shifted_ms = MINUTE_MS
            with pytest.raises(InvalidValueError, match="those asked for"):
                await scene.feed.rest.bars(
                    BTC, UnixMs(NOON_MS - MINUTE_MS), UnixMs(NOON_MS)
                )
            with pytest.raises(RefusedError):
                await scene.feed.rest._get(list[int], "nothing", {})

    run(scenario())


def test_a_socket_that_is_silent_or_old_is_opened_anew() -> None:
    """An open socket proves nothing; and the exchange ends one after a day."""

    async def scenario(silence_sec: float, life_ms: int) -> tuple[int, Heard]:
        async with opened(BTC, marks_only=True) as scene:
            socket = PublicSocket(
                session=scene.feed._session,
                url=scene.feed._url(),
                heard=lambda _: setattr(scene.wall, "now", scene.wall.now + 1_000),
                clock=scene.feed.time.clock,
                telemetry=scene.heard,
                sleep=soon,
                silence_max_sec=silence_sec,
                life_max_ms=life_ms,
            )
            following = asyncio.create_task(socket.follow())
            while socket.openings < 3:
                if life_ms < MINUTE_MS:
                    await scene.exchange.say("a word")
                await asyncio.sleep(0.01)
            following.cancel()
            return socket.openings, scene.heard

    openings, heard = run(scenario(0.05, HOUR_MS))
    assert openings == 3
    assert heard.said("the exchange is not heard")
    openings, heard = run(scenario(30, 2_000))
    assert openings == 3
    assert not heard.said("the exchange is not heard")

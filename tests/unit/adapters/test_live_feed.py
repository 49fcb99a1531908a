"""A feed against an exchange on loopback, on a clock that the test moves."""

import asyncio
from decimal import Decimal

from bridge_patch.adapters.feeds.live_funding import INTERVAL_MS
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Mark
from bridge_patch.governor.snapshot import Known
from tests.public_exchange import HOUR_MS, MINUTE_MS, kline_frame, mark_frame, until
from tests.unit.adapters.live_scene import BTC, NOON_MS, SOL, opened, run


def test_the_past_is_read_to_the_newest_bar_that_is_over() -> None:
    """Two pages of it, all symbols of a minute together, and the open bar left out."""

    async def scenario() -> None:
        async with opened() as scene:
            past = await scene.begin(bars=1_200)

        assert len(past) == 1_200
        assert past[-1].at_ms == NOON_MS
        assert all(len(tick.bars) == 2 for tick in past)
        pages = [asked for what, asked in scene.exchange.asked if what == "klines"]
        assert len(pages) == 4

    run(scenario())


def test_bars_come_over_the_socket_and_marks_between_them() -> None:
    async def scenario() -> None:
        async with opened() as scene:
            await scene.begin()
            await scene.exchange.say(mark_frame("BTCUSDT", scene.wall.now, 95_100))
            await scene.bar(0, BTC, SOL)
            tick = await scene.next()

            assert tick.at_ms == NOON_MS + MINUTE_MS
            assert [b.symbol for b in tick.bars] == [BTC, SOL]
            (mark,) = scene.feed.marks()
            assert (mark.symbol, mark.mark_usd) == (BTC, Decimal(95_100))
            assert scene.feed.marks() == ()
            assert "btcusdt@markPrice@1s" in scene.exchange.streams
            assert "solusdt@kline_1m" in scene.exchange.streams

    run(scenario())


def test_what_a_reconnect_missed_is_fetched_before_anything_newer_is_played() -> None:
    async def scenario() -> None:
        async with opened() as scene:
            await scene.begin()
            await scene.bar(0, BTC, SOL)
            await scene.next()
            await scene.exchange.hang_up()
            await until(lambda: scene.exchange.listeners == 1)
            await scene.bar(5, BTC, SOL)
            ticks = [await scene.next() for _ in range(5)]

            assert [t.at_ms for t in ticks] == [
                NOON_MS + n * MINUTE_MS for n in (2, 3, 4, 5, 6)
            ]
            assert all(len(tick.bars) == 2 for tick in ticks)
            assert scene.heard.said("missing minutes were asked for")

    run(scenario())


def test_while_nobody_answers_a_gap_is_held_and_said_and_then_filled() -> None:
    async def scenario() -> None:
        async with opened(BTC) as scene:
            await scene.begin()
            scene.exchange.failing.add("klines")
            await scene.bar(2, BTC)
            await until(lambda: scene.heard.said("no answer"))
            assert await scene.feed.next(50) is None
            scene.exchange.failing.clear()
            scene.wall.now += 6_000
            ticks = [await scene.next() for _ in range(3)]

            assert [t.bars[0].open_ms - NOON_MS for t in ticks] == [
                n * MINUTE_MS for n in (0, 1, 2)
            ]

    run(scenario())


def test_a_minute_that_the_exchange_has_not_is_said_aloud_and_gone_behind() -> None:
    async def scenario() -> None:
        async with opened(BTC, lacking={NOON_MS + MINUTE_MS}) as scene:
            await scene.begin()
            await scene.bar(2, BTC)
            assert (await scene.next()).bars[0].open_ms == NOON_MS
            assert await scene.feed.next(50) is None
            scene.wall.now += MINUTE_MS
            ticks = [await scene.next()]

            assert [t.bars[0].open_ms - NOON_MS for t in ticks] == [2 * MINUTE_MS]
            said = scene.heard.said("missing minutes were asked for")
            assert [facts.get("none_of_BTCUSDT") for facts in said].count(1) == 1

    run(scenario())


def test_garbage_is_refused_and_counted_and_harms_no_frame_behind_it() -> None:
    async def scenario() -> None:
        async with opened(BTC) as scene:
            await scene.begin()
            now = scene.wall.now
            await scene.exchange.say(
                "{",
                mark_frame("BTCUSDT", now, 95_000, p="NaN"),
                mark_frame("ETHUSDT", now, 2_500),
                mark_frame("BTCUSDT", now - 5, 95_000),
                mark_frame("BTCUSDT", now - 900, 1),
                kline_frame("BTCUSDT", NOON_MS + 7 * MINUTE_MS),
            )
            await until(lambda: scene.feed.refused.total() == 5)

            assert [m.mark_usd for m in scene.feed.marks()] == [95_000]
            assert len(scene.heard.said("refused")) == 5

    run(scenario())


def test_a_symbol_that_is_silent_ages_and_the_others_go_on() -> None:
    """Nothing is invented for it: its mark stays as old as it is."""

    async def scenario() -> None:
        async with opened() as scene:
            await scene.begin()
            first_ms = scene.wall.now
            both = (
                mark_frame("BTCUSDT", first_ms, 95_000),
                mark_frame("SOLUSDT", first_ms, 150),
            )
            await scene.exchange.say(*both)
            assert await scene.feed.all_heard(2_000)
            known = {m.symbol: m for m in scene.feed.marks()}
            scene.wall.now += 4_000
            await scene.exchange.say(mark_frame("BTCUSDT", scene.wall.now, 95_010))
            new: list[Mark] = []
            while not new:
                await scene.feed.next(20)
                new += scene.feed.marks()

            assert {m.symbol for m in new} == {BTC}
            assert known[SOL].at_ms == first_ms

    run(scenario())


def test_the_venues_clock_is_measured_by_ours() -> None:
    async def scenario() -> None:
        async with opened(BTC, ahead_ms=700) as scene:
            await until(lambda: isinstance(scene.feed.time.skew, Known))

            assert scene.feed.time.skew == Known(Decimal(-700), UnixMs(scene.wall.now))

    run(scenario())


def test_terms_have_the_interval_that_is_read_and_settlements_come_with_a_bar() -> None:
    async def scenario() -> None:
        settles_ms = NOON_MS + 4 * HOUR_MS
        async with opened(BTC, SOL, intervals={"SOLUSDT": 4}) as scene:
            scene.wall.now = settles_ms - 50_000
            scene.exchange.settled = [("BTCUSDT", settles_ms + 3, "0.0003")]
            await scene.begin()
            for at_ms in (settles_ms - 50_000, settles_ms + 10):
                scene.wall.now = at_ms
                await scene.exchange.say(
                    mark_frame("BTCUSDT", at_ms, 95_000),
                    mark_frame("SOLUSDT", at_ms, 150),
                )
                assert await scene.feed.all_heard(2_000)
                await asyncio.sleep(0.05)
            told = {t.symbol: t.interval_ms for t in scene.feed.terms()}
            assert told == {BTC: INTERVAL_MS, SOL: 4 * HOUR_MS}
            minute = 4 * 60
            scene.wall.now = settles_ms + 6_000
            await until(
                lambda: any(
                    w == "fundingRate" and int(a["endTime"]) > settles_ms
                    for w, a in scene.exchange.asked
                )
            )
            await asyncio.sleep(0.05)
            await scene.bar(minute - 1, BTC, SOL)
            await scene.bar(minute, BTC, SOL)
            ticks = [await scene.next(), await scene.next()]

            assert [len(t.fundings) for t in ticks] == [0, 1]
            assert ticks[1].fundings[0].at_ms == settles_ms + 3

    run(scenario())


def test_one_that_follows_marks_only_asks_for_no_bars() -> None:
    async def scenario() -> None:
        async with opened(BTC, marks_only=True) as scene:
            await until(lambda: scene.exchange.listeners == 1)
            await scene.exchange.say(mark_frame("BTCUSDT", scene.wall.now, 95_000))
            assert await scene.feed.all_heard(2_000)

            assert scene.exchange.streams == ["btcusdt@markPrice@1s"]
            assert "klines" not in {what for what, _ in scene.exchange.asked}

    run(scenario())

"""What watches a process is beside it: off by default, and what fails there is a line."""

import io
import socket
import threading
import time
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import pytest

from bridge_patch.adapters.alerts import START_MAX_SEC, Alarm, Cause
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.metrics_sample import BusSeen
from bridge_patch.adapters.metrics_server import MetricsServer
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.app import monitoring
from bridge_patch.app.monitoring import Monitor, Rounds, bus_seen, monitored
from bridge_patch.app.monitoring_sample import Sampler
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import Settings, load_settings
from bridge_patch.app.stopping import Stop
from bridge_patch.app.store import open_store
from bridge_patch.domain.errors import FencedError, OutageError
from bridge_patch.domain.intent import UnixMs
from bridge_patch.governor.snapshot import Known
from tests.simulation.rig import CALM, World, ask, intent, ready, run
from tests.unit.adapters.lines_samples import ACCEPTED
from tests.unit.adapters.monitored import NOW_MS, Wound, sample, told
from tests.unit.adapters.test_metrics_page import asked


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def settings_at(folder: Path, **more: str) -> Settings:
    return replace(load_settings(more), state_dir=folder)


def printed() -> tuple[LogTelemetry, io.StringIO]:
    out = io.StringIO()
    return LogTelemetry(out), out


def test_nothing_is_watched_unless_a_setting_says_so(tmp_path: Path) -> None:
    telemetry, out = printed()
    stop = Stop()
    outage = Outage(telemetry=telemetry)
    with monitored(settings_at(tmp_path), Part.EXECUTION, outage, stop) as monitor:
        assert monitor.told is None
        assert telemetry.listener is None
        assert not stop.asked

    assert out.getvalue() == ""
    assert list(tmp_path.iterdir()) == []


def test_a_process_serves_its_own_page_and_says_where(tmp_path: Path) -> None:
    telemetry, out = printed()
    port, stop = free_port(), Stop()
    settings = settings_at(tmp_path, METRICS_PORT_EXITS=str(port))
    outage = Outage(telemetry=telemetry)
    with monitored(settings, Part.EXITS, outage, stop) as monitor:
        assert monitor.told is not None
        for _ in range(200):
            if "served" in out.getvalue():
                break
            assert not stop.asked
            time.sleep(0.05)
        status, page = asked(f"http://127.0.0.1:{port}/metrics")
        telemetry.tell(ACCEPTED)

        assert monitor.told.fold.counts.total() > 0

    assert status == 200
    assert 'part="exits"' in page
    assert f"http://127.0.0.1:{port}/metrics" in out.getvalue()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5)
    assert (telemetry.listener, stop.looked) == (None, None)


def test_who_was_displaced_waits_and_has_no_outage(tmp_path: Path) -> None:
    """A standby that is red for ever would be restarted for ever."""
    telemetry, _ = printed()
    outage, stop = Outage(telemetry=telemetry), Stop()
    settings = settings_at(tmp_path, METRICS_PORT_EXECUTION=str(free_port()))

    async def scenario() -> None:
        tries = []

        async def attempt() -> None:
            tries.append(outage.why)
            if len(tries) == 1:
                msg = "another process acts"
                raise FencedError(msg)

        with monitored(settings, Part.EXECUTION, outage, stop) as monitor:
            await outage.outlast(attempt, stop)
            assert monitor.told is not None
            displaced = monitor.told.health()
            outage.displaced = False
            lacking = monitor.told.health()

        assert tries == ["", "another process acts"]
        assert displaced.is_well
        assert lacking.reasons == ("OUTAGE: another process acts",)

    run(scenario())


def test_a_port_that_is_taken_is_one_line_and_is_had_once_it_is_free() -> None:
    telemetry, out = printed()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        server = MetricsServer(told(), other.getsockname()[1])
        rounds = Rounds(told=told(), telemetry=telemetry, look=BusSeen, server=server)
        for sec in range(0, 100, 5):
            rounds.once(float(sec))
        refused = out.getvalue()
    rounds.once(1_000.0)
    served = server.is_open
    server.close()

    assert refused.count("\n") == 1
    assert "trading goes on" in refused
    assert served


def test_a_bus_that_hangs_holds_up_no_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The alarm about an outage must not wait for the server that is out."""
    hung, free = threading.Event(), threading.Event()

    def hanging(*_: object) -> BusSeen:
        hung.set()
        free.wait()
        return BusSeen()

    monkeypatch.setattr(monitoring, "bus_seen", hanging)
    outage = Outage(telemetry=printed()[0], why="disk full")
    settings = settings_at(tmp_path, METRICS_PORT_ENGINE=str(free_port()))
    with monitored(settings, Part.ENGINE, outage, Stop()) as monitor:
        assert hung.wait(10)
        assert monitor.told is not None
        for _ in range(500):
            if monitor.told.herald.raised[Alarm.OUTAGE]:
                break
            time.sleep(0.02)
        raised = monitor.told.herald.raised[Alarm.OUTAGE]
        free.set()

    assert raised == 1


def test_a_look_that_fails_ends_no_round() -> None:
    def broken() -> BusSeen:
        raise ValueError

    one = told()
    rounds = Rounds(told=one, telemetry=printed()[0], look=broken)
    rounds.once(0.0)
    rounds.once(10.0)

    assert one.lost == 2


def test_a_sampler_that_fails_does_not_stop_the_loop() -> None:
    one, stop = told(sample=sample()), Stop()
    monitor = Monitor(told=one, clock=Wound().now_sec)
    monitor.follow(World().start())
    monitor._sampler = Sampler(None, Wound().now_sec)  # type: ignore[arg-type]  # broken
    stop.looked = monitor.turned

    assert not stop.asked
    assert one.lost == 1
    assert one.progress.turns == 1


def test_a_sample_is_what_the_session_knows() -> None:
    """Exposure with what is reserved, equity against its limits, and nothing made up."""

    async def scenario() -> None:
        world = World()
        session = await ready(world)
        await ask(world, session, intent("i-1", CALM))
        seen = Sampler(session, Wound().now_sec).take()
        trader = session.keeper.trader

        assert seen.exposure.positions == len(trader.recorder.ledger.positions) == 1
        assert seen.exposure.used_usd["gross"] > 0
        assert isinstance(trader.recorder.gauge.equity, Known)
        assert seen.equity.equity_usd == trader.recorder.gauge.equity.value
        assert seen.naked == {}

    run(scenario())


def test_a_bus_that_nobody_has_begun_is_no_alarm(tmp_path: Path) -> None:
    assert bus_seen(settings_at(tmp_path / "none"), UnixMs(0)) == BusSeen()


def test_a_bus_that_is_away_is_an_alarm_from_the_second_look_on() -> None:
    one = told()
    rounds = Rounds(told=one, telemetry=printed()[0], look=lambda: BusSeen(away="refused"))
    rounds.once(0.0)
    first = one.bus.away
    rounds.once(10.0)

    assert (first, one.bus.away) == ("", "refused")


def test_a_bus_that_falls_silent_while_it_is_looked_at_is_away_and_its_numbers_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old numbers must not stand for a bus that answers no more, or not to this user."""
    settings = settings_at(tmp_path)
    open_store(settings.state_dir, journal=False).close()

    def refuse(_: BusLook) -> NoReturn:
        msg = "the bus refuses XINFO: no permission"
        raise OutageError(msg)

    monkeypatch.setattr(BusLook, "places", refuse)
    one = told(bus=BusSeen(lag=7, pending=0))
    rounds = Rounds(
        told=one,
        telemetry=printed()[0],
        look=lambda: bus_seen(settings, UnixMs(0)),
    )
    rounds.once(0.0)
    rounds.once(10.0)

    assert one.bus == BusSeen(away="the bus refuses XINFO: no permission")
    assert one.lost == 0


def test_a_session_that_warms_up_is_no_account_yet_and_may_not_for_ever() -> None:
    """A start raises no alarm about readings that it has not made; but it is watched."""

    async def scenario() -> None:
        clock = Wound()
        one = told(clock)
        monitor = Monitor(told=one, clock=clock.now_sec)
        monitor.follow(World().start())
        monitor.turned()
        starting = one.standing()
        clock.sec += START_MAX_SEC + 1
        monitor.turned()
        stuck = one.standing()
        monitor.follow(await ready(World()))
        monitor.turned()

        assert starting == {}
        assert set(stuck) == {Cause(Alarm.STALLED, "start")}
        assert one.sample is not None
        assert Cause(Alarm.STALLED, "start") not in one.standing()
        monitor.forget()
        assert one.sample is None

    run(scenario())


def test_what_waits_is_seen_from_beside_the_loop(tmp_path: Path) -> None:
    """Its age is by the run's time: recorded intents are not a year late."""

    async def scenario() -> None:
        store = open_store(tmp_path, journal=False)
        fields = {"event_type": "trade.intent", "timestamp": iso_of(UnixMs(NOW_MS))}
        post = Post(TRADE_INTENT, Envelope((*fields.items(), ("payload", "{}"))))
        await store.bus.publish((post, post))
        store.close()

    run(scenario())
    settings = settings_at(tmp_path)
    replayed = bus_seen(settings, UnixMs(0))
    late = bus_seen(settings, UnixMs(NOW_MS + 90_000))

    assert (replayed.lag, replayed.pending, replayed.alarm) == (2, 0, "")
    assert replayed.entries == {TRADE_INTENT: 2}
    assert late.oldest_age_ms == 90_000
    assert "waiting for 90 s" in late.alarm

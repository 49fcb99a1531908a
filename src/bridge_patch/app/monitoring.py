"""Watches one process from beside its loop: page, probe, and alarms to people.

Off unless a port or an address is set. Nothing here decides anything: whatever fails costs
a line and a count, and the loop goes on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.adapters.alerts_herald import Herald
from bridge_patch.adapters.alerts_sender import Sender
from bridge_patch.adapters.bus_look import Look
from bridge_patch.adapters.health_progress import Progress
from bridge_patch.adapters.health_starts import count_start
from bridge_patch.adapters.loopback import HOST
from bridge_patch.adapters.metrics_sample import BusSeen, Identity
from bridge_patch.adapters.metrics_server import MetricsServer
from bridge_patch.adapters.metrics_told import Told
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.app.buses import BusAt
from bridge_patch.app.monitoring_sample import Sampler
from bridge_patch.app.outage import Outage
from bridge_patch.app.settings import MarketFeed, Settings
from bridge_patch.app.status.behind import backlog_seen
from bridge_patch.app.stopping import Stop
from bridge_patch.app.wiring import STORE_NAME, build_id
from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.backlog import BacklogLimits
from bridge_patch.services.session import Session

#: How often alarms are looked for, and a sample is taken at most.
LOOK_SEC: Final = 1.0
#: How often the bus is looked at, and a port that was taken is tried again.
BUS_EVERY_SEC: Final = 3.0
BIND_EVERY_SEC: Final = 15.0


@final
@dataclass(slots=True, kw_only=True)
class Monitor:
    """What watches one process; without a `told` it watches nothing."""

    told: Told | None = None
    clock: Callable[[], float] = time.monotonic
    _sampler: Sampler | None = None
    _due_sec: float = 0.0

    def turned(self) -> None:
        """Note that the loop came round; now and then, look at what it works on."""
        told = self.told
        if told is None:
            return
        told.progress.turned()
        sampler, now_sec = self._sampler, self.clock()
        if sampler is None or now_sec < self._due_sec:
            return
        self._due_sec = now_sec + LOOK_SEC
        try:
            if sampler.session.has_begun:
                told.sample, told.waits_since_sec = sampler.take(), None
        except Exception:  # noqa: BLE001 - what cannot be shown must not stop the loop
            told.lost += 1

    def barred(self) -> None:
        """Note that bars of a live market came, or are followed from now on."""
        if self.told is not None:
            self.told.progress.barred()

    def follow(self, session: Session) -> None:
        """Look at this session from now on, until told to forget it."""
        if self.told is not None:
            self._sampler, self._due_sec = Sampler(session, self.clock), 0.0
            self.told.now_ms = session.clock.now_ms
            self.told.waits_since_sec = self.told.progress.now_sec()

    def forget(self) -> None:
        """Look at no session: this process does not act, or not any more."""
        self._sampler = None
        if self.told is not None:
            self.told.sample = self.told.waits_since_sec = None
            self.told.progress.unbarred()


@final
@dataclass(slots=True, kw_only=True)
class Rounds:
    """Goes round beside the loop, and looks to the bus and the port now and then.

    A server of the bus that hangs holds up these rounds, and so no alarm is said by them.
    """

    told: Told
    telemetry: LogTelemetry
    look: Callable[[], BusSeen]
    server: MetricsServer | None = None
    _refused: str = ""
    _away: bool = False
    _bus_due_sec: float = 0.0
    _bind_due_sec: float = 0.0

    def once(self, now_sec: float) -> None:
        """Go round once; what fails is counted, and the next round comes."""
        try:
            if now_sec >= self._bind_due_sec:
                self._bind_due_sec = now_sec + BIND_EVERY_SEC
                self.bind()
            if now_sec >= self._bus_due_sec:
                self._bus_due_sec = now_sec + BUS_EVERY_SEC
                self._look()
        except Exception:  # noqa: BLE001 - nothing here may end the rounds
            self.told.lost += 1

    def _look(self) -> None:
        """Look at the bus; once that it is not to be reached is not yet an alarm."""
        seen = self.look()
        if not seen.away or self._away:
            self.told.bus = seen
        self._away = bool(seen.away)

    def bind(self) -> None:
        """Take the port, if it is not ours yet; say once for each reason why it is not."""
        server = self.server
        if server is None or server.is_open:
            return
        try:
            server.open()
        except Exception as error:  # noqa: BLE001 - a port that is taken, a part that lacks
            if self._refused != str(error):
                self._refused = str(error)
                what = "the port is not to be had: trying again, trading goes on"
                self.telemetry.note("METRICS", what, port=server.port, why=error)
            return
        self._refused = ""
        where = f"http://{HOST}:{server.bound_port}"
        self.telemetry.note("METRICS", "served", at=f"{where}/metrics and /healthz")


@final
@dataclass(frozen=True, slots=True)
class Rounder:
    """Threads that go round until they are told to end; the process waits for none."""

    ended: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def begin(self, once: Callable[[float], None], name: str) -> None:
        """Call `once` now and each second, on a thread of its own."""

        def go() -> None:
            once(time.monotonic())
            while not self.ended.wait(LOOK_SEC):
                once(time.monotonic())

        thread = threading.Thread(target=go, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()

    def end(self) -> None:
        """End them all; one that hangs is left behind."""
        self.ended.set()
        for thread in self.threads:
            thread.join(2 * LOOK_SEC)


@contextmanager
def monitored(
    settings: Settings, part: Part, outage: Outage, stop: Stop
) -> Iterator[Monitor]:
    """Watch this process while the body runs, as the settings say."""
    port = port_of(settings, part)
    if not port and settings.alert_urls is None:
        yield Monitor()
        return
    told = _told(settings, part, outage)
    told.senders = _senders(settings, outage.telemetry)
    monitor = Monitor(told=told)
    rounds = Rounds(
        told=told,
        telemetry=outage.telemetry,
        look=lambda: bus_seen(settings, _present_ms(settings, told)),
        server=MetricsServer(told, port) if port else None,
    )
    rounder = Rounder()
    outage.telemetry.listener, stop.looked = told, monitor.turned
    told.progress.begin()
    try:
        rounder.begin(rounds.once, "monitor")
        rounder.begin(lambda _: told.announce(), "alarms")
        yield monitor
    finally:
        outage.telemetry.listener, stop.looked = None, None
        rounder.end()
        if rounds.server is not None:
            rounds.server.close()
        for sender in told.senders:
            sender.end()


def port_of(settings: Settings, part: Part) -> int:
    """Return the port of a process, 0 for none; `run` serves that of the execution."""
    match part:
        case Part.ENGINE:
            return settings.metrics_port_engine
        case Part.EXECUTION:
            return settings.metrics_port_execution
        case Part.EXITS:
            return settings.metrics_port_exits


def _present_ms(settings: Settings, told: Told) -> UnixMs:
    """Return what ages on the bus are measured by: in a replay, data time, if it is known.

    Where it is not nothing has an age: recorded bars are not a year late.
    """
    if settings.market_feed is MarketFeed.LIVE:
        return SystemClock().now_ms()
    return told.sample.now_ms if told.sample else UnixMs(0)


def bus_seen(settings: Settings, now_ms: UnixMs) -> BusSeen:
    """Look at the bus by a connection of its own, and let go of it again."""
    file = SqliteFile(settings.state_dir / STORE_NAME)
    limits = BacklogLimits(
        entries_max=settings.backlog_alarm_entries,
        age_max_sec=settings.backlog_alarm_age_sec,
    )
    if settings.bus_url.is_embedded and not file.path.exists():
        return BusSeen()  # nobody has begun it
    try:
        look, away = BusAt.of(settings).look_or_why(file)
        with closing(look):
            return _seen(look, away, limits, now_ms)
    except BridgeError as error:  # it answers, and then no more; or not to this user
        return BusSeen(away=str(error))
    except Exception as error:  # noqa: BLE001 - a file that is not there yet, a full disk
        return BusSeen(away=type(error).__name__)


def _seen(look: Look, away: str, limits: BacklogLimits, now_ms: UnixMs) -> BusSeen:
    if away:
        return BusSeen(away=away)
    backlog = backlog_seen(look.places(), (), now_ms, limits)
    return BusSeen(
        lag=backlog.lag,
        pending=backlog.pending,
        oldest_ms=backlog.oldest_ms,
        oldest_age_ms=backlog.oldest_age_ms,
        alarm=backlog.alarm,
        entries=look.lengths(),
    )


def _told(settings: Settings, part: Part, outage: Outage) -> Told:
    starts = count_start(settings.state_dir, part, SystemClock().now_ms())
    return Told(
        identity=Identity(
            part=part,
            mode=settings.ai_sizing_mode,
            limits_hash=settings.limits().digest(),
            build=build_id(),
            venue=settings.venue,
        ),
        acts=part is Part.EXECUTION,
        progress=Progress(time.monotonic),
        herald=Herald(part),
        starts=starts,
        outage=lambda: "" if outage.displaced else outage.why,
        unshown=lambda: outage.telemetry.lost,
    )


def _senders(settings: Settings, telemetry: LogTelemetry) -> tuple[Sender, ...]:
    """Return who carries alarms to people, one for each address: none waits for another.

    Where one address is not understood nobody is told, and that is said.
    """
    if settings.alert_urls is None:
        return ()
    from bridge_patch.adapters.alerts_apprise import (  # noqa: PLC0415 - an extra, and slow
        notifiers_of,
    )

    try:
        senders = tuple(map(Sender, notifiers_of(settings.alert_urls)))
    except InvalidValueError as error:
        telemetry.note("ALERTS", "nobody is told of alarms: trading goes on", why=error)
        return ()
    for sender in senders:
        sender.begin()
    return senders

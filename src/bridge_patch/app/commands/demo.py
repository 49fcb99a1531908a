"""`demo`: a week in shadow, then live on the paper venue, and one table at the end."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Final, TextIO, cast, final

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from bridge_patch.adapters.example_ai import ExampleAI
from bridge_patch.adapters.feeds.choose import choose_feed
from bridge_patch.adapters.feeds.series import EVERYTHING, Feed, Window
from bridge_patch.adapters.honest_ai import HonestAI
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.sources import Together
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.adapters.verify import verify_journal
from bridge_patch.app.commands.options import DemoOptions
from bridge_patch.app.commands.run import CACHE_NAME, announce, play
from bridge_patch.app.demo.arrange import make_room, settings_for
from bridge_patch.app.demo.drills import Drills, FrozenAccount
from bridge_patch.app.demo.sampler import Sampler
from bridge_patch.app.demo.summary import Phase, Summary, print_summary
from bridge_patch.app.demo.tally import Tally
from bridge_patch.app.report.write import REPORT_NAME, write_report
from bridge_patch.app.settings import DEMO_LOG_NAME, Settings, VenueName, load_settings
from bridge_patch.app.stopping import Stop
from bridge_patch.app.venues import contacted
from bridge_patch.app.wiring import (
    STORE_NAME,
    AccountEquity,
    Run,
    Store,
    engine_side,
    execution_side,
    open_store,
    start_events,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, TradingState
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.evidence.replay import rejudge
from bridge_patch.services.engine import SignalSource
from bridge_patch.services.holds import DRAWDOWN
from bridge_patch.services.ports import Account
from bridge_patch.services.session import Session

DAY_MS: Final = 24 * 3600 * 1000
_WARNING: Final = (
    "Signals: an example AI that throws dice, overconfident and uncalibrated: it shows what"
    " the Governor is for, and nothing about markets; and calibrated momentum, which speaks"
    " once it has proven itself"
)


def demo(options: DemoOptions) -> None:
    """Play both phases over the data, print the table; the journal stays for questions."""
    console = Console(stderr=options.as_json, soft_wrap=True, highlight=False)
    stated = load_settings()
    named = options.data or stated.market_data_dir
    settings = replace(
        settings_for(stated, symbols=options.symbols or (), seed=options.seed, data=named),
        state_dir=options.state,
    )
    make_room(options.state)
    feed = choose_feed(
        named,
        symbols=settings.symbols,
        cache_dir=options.state / CACHE_NAME,
        instruments=ListedInstruments(),
        seed=settings.example_ai_seed,
        window=EVERYTHING,
    )
    console.print(f"Market: {feed.info.label}", markup=False)
    console.print(_WARNING)
    with (options.state / DEMO_LOG_NAME).open("w", encoding="utf-8") as log:
        stage = _Stage(options, settings, feed, console, log, honest=HonestAI())
        summary = asyncio.run(_played(stage))
    print_summary(summary, console, as_json=options.as_json)


async def _played(stage: _Stage) -> Summary:
    """Play the demo, beside a simulated exchange of its own where the settings want one."""
    settings = stage.settings
    if settings.venue is VenueName.PAPER:
        return await stage.play()
    from bridge_patch.app.binance_server.bench import exchange_beside  # noqa: PLC0415 - an extra

    async with exchange_beside(settings, stage.feed.info.symbols) as url:
        stage.settings = replace(settings, simulator_url=url)
        return await stage.play()


@final
@dataclass(slots=True)
class _Stage:
    """Plays the phases one after the other on one journal, each as a start of its own."""

    options: DemoOptions
    settings: Settings
    feed: Feed
    console: Console
    log: TextIO
    honest: HonestAI

    @property
    def source(self) -> SignalSource:
        """Both models, the same ones in both phases: what was learned stays learned."""
        return Together((ExampleAI(self.settings.example_ai_seed), self.honest))

    async def play(self) -> Summary:
        info, begun = self.feed.info, time.perf_counter()
        turn_ms = UnixMs(info.start_ms + self.options.days_shadow * DAY_MS)
        end_ms = info.end_ms
        if self.options.days_live is not None:
            end_ms = min(end_ms, UnixMs(turn_ms + self.options.days_live * DAY_MS))
        if turn_ms >= end_ms:
            msg = (
                f"--days-shadow {self.options.days_shadow} must leave data to go live on:"
                f" {info.label}"
            )
            raise InvalidValueError(msg)
        phases = [
            await self._phase(Mode.SHADOW, info.start_ms, turn_ms),
            await self._phase(Mode.LIVE, turn_ms, end_ms),
        ]
        wall_sec = time.perf_counter() - begun
        return self._summary(phases, wall_sec)

    async def _phase(self, mode: Mode, start_ms: UnixMs, end_ms: UnixMs) -> Phase:
        """Run one mode over [start, end); the day before the start only warms up."""
        key_file = self.options.state / self.settings.journal_key_file
        store = open_store(self.options.state, journal=True, key_file=key_file)
        try:
            return await self._run(mode, store, start_ms, end_ms)
        finally:
            store.close()

    async def _run(
        self, mode: Mode, store: Store, start_ms: UnixMs, end_ms: UnixMs
    ) -> Phase:
        telemetry = LogTelemetry(cast("TextIO", Sampler(self.log, self._show)))
        run = Run(
            settings=self.settings,
            mode=mode,
            feed=self.feed.info.label,
            telemetry=telemetry,
        )
        frozen: list[FrozenAccount] = []

        def watch(account: Account) -> Account:
            frozen.append(FrozenAccount(account))
            return frozen[0]

        session = execution_side(run, store, watch=watch)
        equity = AccountEquity(session.keeper.account)
        engine = engine_side(run, store, equity, self.source)
        session = replace(
            session, engine=engine, resumed_ms=max(session.resumed_ms, start_ms)
        )
        recorder = session.keeper.trader.recorder
        await recorder.write(*start_events(run, store, recorder.account, start_ms))
        announce(telemetry, run, {Part.ENGINE, Part.EXECUTION, Part.EXITS})
        book = Book.GOVERNED if mode is Mode.SHADOW else Book.ACCOUNT
        drills = Drills(
            start_ms=start_ms,
            book=book,
            account=frozen[0],
            recorder=recorder,
            losers_latch_min=self.settings.losers_latch_min,
        )
        tally = Tally(book)
        stop = Stop.on_signals()
        await self._play(
            session,
            drills,
            mode,
            Window(start_ms=UnixMs(start_ms - DAY_MS), end_ms=end_ms),
            stop,
        )
        await _mark_ends(session)
        if store.journal is not None:
            tally.add_all(s.event for s in store.journal.read() if s.run_id == store.run_id)
        return Phase(
            mode=mode,
            start_ms=start_ms,
            end_ms=UnixMs(session.clock.now_ms()),
            tally=tally,
        )

    async def _play(
        self, session: Session, drills: Drills, mode: Mode, window: Window, stop: Stop
    ) -> None:
        feed = self.feed.within(window)
        with Progress(
            TextColumn(f"{mode:>6}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("ticks, left"),
            TimeRemainingColumn(),
            console=self.console,
            disable=self.options.quiet or not self.console.is_terminal,
        ) as bar:
            task = bar.add_task("", total=feed.info.ticks)

            async def before(tick: Tick) -> None:
                bar.advance(task)
                await drills.on_tick(tick.at_ms)
                stop.asked = stop.asked or (mode is Mode.LIVE and _is_over(session))

            async with contacted(session.keeper.venue):
                await play(session, feed, stop=stop, before_tick=before)

    def _show(self, line: str) -> None:
        if not self.options.quiet:
            self.console.print(line, markup=False)

    def _summary(self, phases: list[Phase], wall_sec: float) -> Summary:
        path = self.options.state / STORE_NAME
        with closing(JournalReader(SqliteFile(path))) as journal:
            again = rejudge(
                (stored.event for stored in journal.read()), self.settings.limits()
            )
        verification = verify_journal(path)
        report = write_report(
            SqliteFile(path), self.options.state / REPORT_NAME, verification
        )
        return Summary(
            feed=self.feed.info.label,
            phases=tuple(phases),
            wall_sec=wall_sec,
            journal=path,
            log=self.options.state / DEMO_LOG_NAME,
            report=report.path,
            standings=report.material.standings,
            verification=verification,
            rejudged=again,
            honest=self.honest.report(),
        )


async def _mark_ends(session: Session) -> None:
    """Journal what every account is worth at the end, for whoever compares them."""
    recorder, now_ms = session.recorder, session.clock.now_ms()
    last = recorder.gauge.mark()
    await recorder.write(
        *session.keeper.trader.books.marks(now_ms), *(() if last is None else (last,))
    )


def _is_over(session: Session) -> bool:
    """Tell whether a latch for a person to release has ended the run, all closed."""
    recorder = session.keeper.trader.recorder
    halted = (
        recorder.gauge.state is TradingState.HALTED
        and recorder.gauge.holds.cause == DRAWDOWN
    )
    return halted and not recorder.ledger.positions

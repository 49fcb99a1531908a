"""Crashes, played through everything that runs: engine, Governor, paper venue, exit brain.

One entry a run, before or within the crash, on one side, at the leverage that the sizer
finds in the volatility of that moment. What is asked: is anything liquidated, does every
position end with nothing left, and how far from its trigger does each stop fill.

Where the market is wilder than the sizer trusts it abstains, and nothing is open in the
worst of it. So that the exits are seen there too, the same entry is then proposed past it,
as large as at the last volatility it takes, with the Governor's rules about the distance of
liquidation, shocks and funding opened wide: they refuse it, as they should.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.feeds.series import Feed, Window
from bridge_patch.adapters.inbox import BusOutbox
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.memory import (
    ManualClock,
    MemoryBus,
    MemoryJournal,
    MemoryStreams,
)
from bridge_patch.app.assembly import Ports, Run, assemble, build_id
from bridge_patch.app.harvest.outcome import (
    Asked,
    Attempt,
    stop_fills,
    trades_of,
    why_not,
)
from bridge_patch.app.settings import load_settings
from bridge_patch.app.venues import new_venue
from bridge_patch.app.wiring import AccountEquity, bounds_of
from bridge_patch.domain.events import (
    Event,
)
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Confidence, IntentId, Mode, Side, UnixMs
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.position import Position
from bridge_patch.policy.sizing import FACTOR_MAX, Abstained, size
from bridge_patch.services.engine import Engine, Signal
from bridge_patch.services.exit_trials import CONFIDENCES
from bridge_patch.services.messages import Draft
from bridge_patch.services.session import Session
from bridge_patch.sim.bars import liquidation_level

#: So long before the entry the market is watched, and after it played on: two hours are the
#: longest hold.
WARM_MS: Final = 24 * 3_600_000
AFTER_MS: Final = 150 * 60_000
#: In every intent of these runs.
SOURCE: Final = "crash-test"
#: What keeps such entries out, opened as far as the settings go.
_WIDE: Final = MappingProxyType(
    {
        "LIQUIDATION_STOPS_MIN": "1",
        "LIQUIDATION_SIGMAS_MIN": "0.1",
        "SHOCK_SIGMAS_MAX": "1000",
        "FUNDING_MAX_RISK_PCT": "100",
    }
)
_FACTOR_STEP: Final = Decimal("0.05")


@final
@dataclass(slots=True)
class _Heard:
    """Telemetry that keeps why the sizer abstained, and shows nothing."""

    codes: list[str] = field(default_factory=list)

    def tell(self, event: Event) -> None: ...

    def published(self, draft: Draft) -> None: ...

    def note(self, area: str, message: str, **facts: object) -> None:  # noqa: ARG002
        if area == "AI-SIZER" and "code" in facts:
            self.codes.append(str(facts["code"]))


@final
@dataclass(frozen=True, slots=True)
class _Once:
    """A model that speaks once, at its moment, if it has anything to say."""

    said: tuple[Signal, ...]
    at_ms: UnixMs

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        return self.said if tick.at_ms == self.at_ms else ()


@final
@dataclass(slots=True)
class _Watched:
    """What is seen of the position while it lives."""

    toward: Decimal = Decimal(0)
    naked: int = 0

    def look(self, session: Session, tick: Tick, before: Position | None) -> None:
        self.naked += bool(session.recorder.ledger.naked())
        for bar in tick.bars:
            if before is not None and before.symbol == bar.symbol:
                self.toward = max(self.toward, _toward(before, bar))


async def attempt(
    feed: Feed, asked: Asked, *, forced: bool = False, wide: bool = False
) -> Attempt:
    """Enter once, and play on until the longest hold is long over.

    `forced` goes past the sizer, and `wide` opens the Governor's rules that then refuse.
    """
    heard, watched, at_ms = _Heard(), _Watched(), asked.at_ms
    session, bus, journal = _session(asked, heard, silent=forced, wide=wide)
    for tick in feed.within(lifetime(at_ms, at_ms)):
        if tick.at_ms < at_ms:
            await session.warm_up(tick)
            continue
        before = session.recorder.ledger.positions.get(asked.symbol)
        await session.on_tick(tick)
        if forced and tick.at_ms == at_ms:
            await BusOutbox(bus).propose(_past_the_sizer(asked))
            await session.execution.drain()
        watched.look(session, tick, before)
    events = [stored.event for stored in journal.read()]
    trades = trades_of(events)
    if not trades:
        why = why_not(events, heard.codes)
        return Attempt(asked=asked, forced=forced, opened=False, said=why)
    trade = trades[0]
    return Attempt(
        asked=asked,
        forced=forced,
        opened=True,
        said=trade.exits[-1].reason if trade.closed_ms else "still open",
        leverage=float(trade.leverage or 0),
        net_pct=float(trade.net_usd / (trade.quantity_base * trade.entry_price_usd) * 100),
        toward_liquidation=float(watched.toward),
        naked_ticks=watched.naked,
        liquidated=any(each.liquidated for each in trades),
        flat=not session.recorder.ledger.positions,
        stops=tuple(stop_fills(events)),
    )


def _past_the_sizer(asked: Asked) -> Draft:
    """Return the entry as the sizer makes it in the wildest market that it takes."""
    settings, confidence = load_settings({}), CONFIDENCES[asked.mode]
    equity_usd, bounds, factor = settings.paper_equity_usd, bounds_of(settings), FACTOR_MAX
    while isinstance(sized := size(confidence, factor, equity_usd, bounds), Abstained):
        factor -= _FACTOR_STEP
    return Draft(
        id=IntentId(f"forced-{asked.symbol}-{asked.at_ms}"),
        symbol=asked.symbol,
        side=asked.side,
        confidence=Confidence(confidence),
        mode=Mode.LIVE,
        proposal=sized.proposal,
        policy=sized.policy,
        stop=sized.stop,
        created_ms=asked.at_ms,
        source=SOURCE,
        reason="past the sizer",
    )


def _session(
    asked: Asked, heard: _Heard, *, silent: bool, wide: bool
) -> tuple[Session, MemoryBus, MemoryJournal]:
    """Put a live run on paper together, as `run` does, over a bus and journal in memory."""
    ours = {"SYMBOLS": asked.symbol, "AI_SIZING_MODE": "live"}
    settings = load_settings({**ours, **(_WIDE if wide else {})})
    run = Run(settings=settings, mode=Mode.LIVE, feed="crash", telemetry=heard)
    wall, run_id = ManualClock(asked.at_ms), "crash"
    bus = MemoryBus(MemoryStreams(), wall)
    journal = MemoryJournal(run_id=run_id, clock=wall)
    session = assemble(
        run, Ports(bus=bus, journal=journal, venue=new_venue(run), run_id=run_id)
    )
    signal = Signal(
        symbol=asked.symbol,
        side=asked.side,
        confidence=Confidence(CONFIDENCES[asked.mode]),
        source=SOURCE,
        reason="the time has come",
    )
    session.engine = Engine(
        source=_Once(() if silent else (signal,), asked.at_ms),
        outbox=BusOutbox(bus),
        equity=AccountEquity(session.keeper.account),
        telemetry=heard,
        bounds=bounds_of(settings),
        mode=run.mode,
        limits_hash=settings.limits().digest(),
        build=build_id(),
    )
    return session, bus, journal


def _toward(position: Position, bar: Bar) -> Decimal:
    instrument = ListedInstruments().find(position.symbol)
    if not isinstance(instrument, Instrument):
        return Decimal(0)
    entry = position.entry_price_usd
    worst = bar.low if position.side is Side.BUY else bar.high
    return (entry - worst) / (entry - liquidation_level(position, instrument))


def lifetime(first_ms: UnixMs, last_ms: UnixMs) -> Window:
    """Return what has to be played for entries from the first moment to the last."""
    return Window(start_ms=UnixMs(first_ms - WARM_MS), end_ms=UnixMs(last_ms + AFTER_MS))

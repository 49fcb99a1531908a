"""The execution side as it is shipped, in shadow, with intents waiting on its bus."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final, final

from bench.account import START_MS, WARM_MINUTES, now_ms
from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.feeds.generated import generate
from bridge_patch.adapters.feeds.series import Feed
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.journal_url import EMBEDDED, JournalUrl
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app.buses import AT_HOME, BusAt
from bridge_patch.app.collecting import collect_seldom
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import Run, Store, execution_side, open_store, start_events
from bridge_patch.domain.events import Event
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import (
    Confidence,
    IntentId,
    Mode,
    Proposal,
    ReduceIntent,
    Side,
    StopDistance,
    Symbol,
)
from bridge_patch.domain.market import Tick
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.services.messages import Draft
from bridge_patch.services.ports import Telemetry
from bridge_patch.services.session import Session

SYMBOLS: Final = (Symbol("BTCUSDT"), Symbol("ETHUSDT"), Symbol("SOLUSDT"))
SEED: Final = 7
_NOBODY_READS: Final = "bench:nobody"
#: So deep that no bar's volume limits what the books fill in it.
_DEEP: Final = Decimal(10) ** 9
_SOUND: Final = Proposal(margin=Margin(Decimal(60)), leverage=Leverage(Decimal(10)))
#: So wide that what went before stops no intent: each is asked about, none by its past.
WIDE: Final = {
    "SYMBOL_ENTRIES_1H_MAX": "100000",
    "VENUE_ORDERS_10S_MAX": "100000",
    "VENUE_ORDERS_1M_MAX": "100000",
    "NOTIONAL_1M_MAX_EQUITY_MULTIPLE": "100000",
    "NOTIONAL_1H_MAX_EQUITY_MULTIPLE": "100000",
    "NOTIONAL_1D_MAX_EQUITY_MULTIPLE": "100000",
    "LOSERS_PAUSE_MIN": "100000",
    "LOSERS_LATCH_MIN": "100000",
    "SLIPPAGE_1H_MAX_PCT": "100",
    "DAILY_LOSS_MAX_PCT": "100",
    "DRAWDOWN_MAX_PCT": "100",
    "MALFORMED_MAX_PCT": "100",
}
#: Below the least leverage: refused by one rule, with all votes recorded.
_TIMID: Final = Proposal(margin=Margin(Decimal(200)), leverage=Leverage(Decimal(4)))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an execution side has its bus and its journal: at home, unless told."""

    bus: BusAt = AT_HOME
    journal: JournalUrl = EMBEDDED


HOME: Final = Place()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """A started execution side."""

    run: Run
    store: Store
    session: Session

    async def put(self, first: int, last: int) -> None:
        """Put the intents of these numbers on the bus."""
        await self.store.bus.publish([intent(number) for number in range(first, last)])

    async def commit_sec(self) -> float:
        """Return how long one durable commit takes here and now, the smallest there is."""
        begin = perf_counter()
        await self.store.bus.publish([Post(_NOBODY_READS, intent(0).envelope)])
        return perf_counter() - begin


class Unread(StringIO):
    """A stream for log lines: they are rendered, written and gone."""

    def write(self, text: str) -> int:
        return len(text)


@final
class Silent:
    """A telemetry that renders nothing at all."""

    def tell(self, event: Event) -> None: ...

    def published(self, draft: Draft) -> None: ...

    def note(self, area: str, message: str, **facts: object) -> None: ...


@asynccontextmanager
async def shadow(
    telemetry: Telemetry | None = None, place: Place = HOME
) -> AsyncIterator[Shadow]:
    """Start an execution side and warm its market up; it logs, unless told otherwise."""
    async with unplayed(telemetry, place=place) as side:
        *before, last = invented(WARM_MINUTES)
        for tick in before:
            await side.session.warm_up(tick)
        side.session.clock.set(last.at_ms)
        await side.session.keeper.on_tick(deep(last))
        assert side.session.clock.now_ms() == now_ms()
        yield side


@asynccontextmanager
async def unplayed(
    telemetry: Telemetry | None = None,
    symbols: tuple[Symbol, ...] = SYMBOLS,
    place: Place = HOME,
) -> AsyncIterator[Shadow]:
    """Start an execution side in a folder of its own that has not seen a bar."""
    collect_seldom()
    with TemporaryDirectory() as folder, ExitStack() as opened:
        settings = replace(load_settings(WIDE), state_dir=Path(folder), symbols=symbols)
        store = open_store(
            settings.state_dir, journal=True, url=place.journal, bus_at=place.bus
        )
        opened.callback(store.close)
        run = Run(
            settings=settings,
            mode=Mode.SHADOW,
            feed="bench",
            telemetry=LogTelemetry(Unread()) if telemetry is None else telemetry,
        )
        session = execution_side(run, store)
        await session.recorder.write(
            *start_events(run, store, session.recorder.account, START_MS)
        )
        yield Shadow(run=run, store=store, session=session)


def invented(minutes: int, symbols: tuple[Symbol, ...] = SYMBOLS) -> Feed:
    """Return a generated market of so many one-minute bars."""
    return generate(
        symbols,
        instruments=ListedInstruments(),
        seed=SEED,
        start_ms=START_MS,
        bars=minutes,
    )


def intent_id(number: int) -> IntentId:
    """Return the name of one of them."""
    return IntentId(f"bench-{number:08d}")


def intent(number: int, mode: Mode = Mode.SHADOW) -> Post:
    """Return one of an endless row: open, refused, close, refused, on each symbol in turn.

    A symbol with a position takes no other, so what was opened is closed before its turn
    comes again; every second intent is refused.
    """
    pair, refused = divmod(number, 2)
    turn, closes = divmod(pair, 2)
    symbol = SYMBOLS[(turn + refused) % len(SYMBOLS)]
    name = intent_id(number)
    if closes and not refused:
        reduce = ReduceIntent(
            id=name,
            symbol=symbol,
            side=None,
            quantity=None,
            stop_at=None,
            simulate=False,
            reason="bench",
            created_ms=now_ms(),
            source="bench",
        )
        return Post(TRADE_INTENT, codec.encode_reduce(reduce))
    draft = Draft(
        id=name,
        symbol=symbol,
        side=Side.BUY,
        confidence=Confidence(Decimal("0.7")),
        mode=mode,
        proposal=_TIMID if refused else _SOUND,
        policy=POLICIES[HarvestMode.SWING],
        stop=StopDistance(Decimal("0.02")),
        created_ms=now_ms(),
        source="bench",
        reason="bench",
    )
    return Post(TRADE_INTENT, codec.encode_draft(draft))


def deep(tick: Tick) -> Tick:
    """Return the tick with a volume that limits no fill."""
    bars = tuple(replace(bar, volume=_DEEP) for bar in tick.bars)
    return replace(tick, bars=bars)

"""Positions under the real services and a stormy venue, step by step, with law 9 checked.

After every step each position at the venue is in exactly one of four states, and the stage
counts them: covered, NAKED and young, closing, or not known to the journal yet because the
order that made it is in doubt.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.events import CloseForced, Settled
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import Leg
from bridge_patch.services.pauses import WAIT_MAX_MS
from bridge_patch.services.progress import NEVER
from bridge_patch.services.session import Session
from tests.laws.account_settings import ETH
from tests.laws.account_stage import PRICE_TICKS, START
from tests.laws.protection_storm import Crash, Storm, StormyVenue
from tests.simulation.rig import (
    BTC,
    CALM,
    ROOMY,
    SOL,
    World,
    bar,
    calm,
    close,
    intent,
    minute,
    tick,
)

D = Decimal
SYMBOLS: Final = (BTC, SOL, ETH)
ENV: Final = {
    **ROOMY,
    "MAX_NOTIONAL_USD": "500000",
    "ORDER_NOTIONAL_MAX_EQUITY_MULTIPLE": "10",
    "INITIAL_MARGIN_MAX_PCT": "90",
    "RISK_PER_TRADE_MAX_PCT": "20",
    "DAILY_LOSS_MAX_PCT": "90",
    "DRAWDOWN_MAX_PCT": "90",
    "SHOCK_SIGMAS_MAX": "1000",
    "EQUITY_JUMP_MAX_PCT": "100",
    "RECONCILE_SEC": "300",
}
NAKED_MAX_MS: Final = 5_000
#: The latest a pulse may be: the next bar closes then.
LATEST_MS: Final = 59_000
#: What every process is shown first, and what every account begins with.
QUIET: Final = tuple(
    tick(n, *(bar(s, n, one.bars[0].close * START[s] / START[BTC]) for s in SYMBOLS))
    for n, one in enumerate(calm((BTC,)), 1)
)


@dataclass
class Stage:
    """One life. Every method is one step, and checks all that it led to."""

    leaves_stops: bool
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    met: Counter[str] = field(default_factory=Counter)
    n: int = CALM
    names: int = 0
    #: Since which check a position is not covered, by the venue and by nobody's word.
    bare: dict[Symbol, UnixMs] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world = World(env=ENV)
        self.prices = dict(START)
        self.ticks: list[Tick] = list(QUIET)
        self.there: StormyVenue | None = None
        self.session = self._begun()
        self._run(self.session.begin())

    @property
    def venue(self) -> StormyVenue:
        assert self.there is not None
        return self.there

    def held(self, which: int) -> Symbol:
        """Name one of the positions that are open; without one, any symbol."""
        open_ = sorted(self.venue.exchange.positions) or SYMBOLS
        return open_[which % len(open_)]

    # What may happen

    def enter(self, symbol: Symbol, **more: Any) -> None:
        self.names += 1
        self._said(intent(f"i-{self.names}", self.n, symbol=symbol, **more))

    def close(self, symbol: Symbol, part: Decimal | None) -> None:
        """Close a position, or a part of it."""
        position = self.session.recorder.ledger.positions.get(symbol)
        self.names += 1
        said = close(f"c-{self.names}", self.n, symbol=symbol)
        if part is not None and position is not None:
            said["quantity"] = float(position.quantity_base * part)
        self._said(said)

    def move_stop(self, symbol: Symbol, towards: Decimal) -> None:
        """Move a stop by that share of its way to the price."""
        ledger = self.session.recorder.ledger
        position, level = ledger.positions.get(symbol), ledger.stop_price_usd(symbol)
        if position is None or level is None:
            return
        grid = PRICE_TICKS[symbol]
        level += (self.prices[symbol] - level) * towards // grid * grid
        self.names += 1
        self._said(
            close(f"m-{self.names}", self.n, symbol=symbol, stop_move_to=float(level))
        )

    def bars(self, moves: Sequence[Decimal], *, gap: bool, thin: bool) -> None:
        """Let a minute close in which every symbol moves by its share."""
        self.n += 1
        bars = []
        for symbol, move in zip(SYMBOLS, moves, strict=True):
            first, grid = self.prices[symbol], PRICE_TICKS[symbol]
            last = max(first * (1 + move) // grid * grid, grid)
            one = bar(symbol, self.n, last, open_=last if gap else first)
            bars.append(replace(one, volume=D(2)) if thin else one)
            self.prices[symbol] = last
        self.ticks.append(tick(self.n, *bars))
        self._step(self.session.on_tick(self.ticks[-1]))

    def wait(self, ms: int) -> None:
        """Let time pass between two bars, and the services have their pulse."""
        now_ms = self.session.clock.now_ms()
        latest_ms = UnixMs(minute(self.n) + LATEST_MS)
        self.session.clock.set(max(now_ms, min(UnixMs(now_ms + ms), latest_ms)))
        self._step(self.session.pulse())

    def venue_cancels(self, symbol: Symbol) -> None:
        if self.venue.cancels(symbol):
            self._step(self.session.pulse())

    def charge(self, symbol: Symbol, rate: Decimal) -> None:
        self.wait(100)
        if self.venue.charges(symbol, rate):
            self._step(self.session.pulse())

    def trouble(self, kind: str, storms: Sequence[Storm]) -> None:
        self.venue.troubles[kind].extend(storms)

    def restart(self) -> None:
        """Start another process over the same journal, at the same moment."""
        now_ms = self.session.clock.now_ms()
        self.session = self._begun()
        self.met["restart"] += 1
        self._step(self._recovered(now_ms))

    def crash(self, calls: int) -> None:
        """Let the process die at one of its next calls to the venue."""
        self.venue.dies_in = calls

    # What has to hold

    def check(self) -> None:
        """Hold law 9 against the truth, and against what the journal knows."""
        venue, ledger = self.venue, self.session.recorder.ledger
        assert not venue.wrongs, venue.wrongs
        for symbol in SYMBOLS:
            if symbol in venue.exchange.positions:
                state = self.state(symbol)
                self.met[state] += 1
                assert state != "WRONG", f"{symbol} is not covered: {self._told(symbol)}"
            else:
                self.bare.pop(symbol, None)
        for order_id, symbol in venue.orphans.items():
            known = [s.order_id for s in ledger.stale_stops(symbol)]
            known += [order.order_id for order in ledger.doubts(symbol, Leg.STOP)]
            busy = venue.untold() or symbol in ledger.positions
            assert busy or order_id in known, f"{order_id} was left behind and forgotten"
        self.met["an orphan"] += bool(venue.orphans)

    def end(self) -> Counter[str]:
        """Let the storm pass: everything is flat then, or exactly covered."""
        self.venue.troubles.clear()
        self.venue.dies_in = None
        for _ in range(4):
            self.wait(WAIT_MAX_MS + 1_000)
        self.bars([D(0)] * len(SYMBOLS), gap=False, thin=False)
        self.wait(WAIT_MAX_MS + 1_000)  # a close that waited meets more than thin bars
        venue, ledger = self.venue, self.session.recorder.ledger
        held = {s: p.signed_base for s, p in venue.exchange.positions.items()}
        assert {s: p.signed_base for s, p in ledger.positions.items()} == held
        assert not ledger.in_doubt
        assert not venue.orphans
        assert not self.session.recorder.nakedness.open
        for symbol in held:
            assert venue.covered(symbol)
            assert len(venue.exchange.stops[symbol]) == 1
        self._count()
        return self.met

    def state(self, symbol: Symbol) -> str:
        """Name the one of the states that a position is in; WRONG is none."""
        recorder = self.session.recorder
        ledger, seen = recorder.ledger, recorder.nakedness
        now_ms = self.session.clock.now_ms()
        if self.venue.covered(symbol):
            self.bare.pop(symbol, None)
            return "covered"
        since_ms = self.bare.setdefault(symbol, now_ms)
        if any(ledger.doubts(symbol, Leg.FLATTEN)) or symbol in seen.closing:
            return "closing"
        if symbol in seen.open and now_ms - since_ms < NAKED_MAX_MS:
            return "naked"
        in_doubt = any(ledger.doubts(symbol, Leg.ENTRY, Leg.REDUCE))
        return "not known yet" if in_doubt else "WRONG"

    def _told(self, symbol: Symbol) -> str:
        recorder, exchange = self.session.recorder, self.venue.exchange
        parts = (
            exchange.positions[symbol],
            exchange.stops.get(symbol),
            recorder.ledger.plans.get(symbol),
            recorder.nakedness,
            self.session.clock.now_ms(),
        )
        return "\n".join(map(str, parts))

    def _count(self) -> None:
        self.met.update(self.venue.met)
        self.met.update(f"close {e.cause}" for e in self.world.events(CloseForced))
        self.met.update(f"entry {e.status}" for e in self.world.events(Settled))
        self.met["spells"] += self.session.recorder.nakedness.spells

    def _begun(self) -> Session:
        def venue(paper: PaperVenue) -> StormyVenue:
            if self.there is None:
                self.there = StormyVenue(
                    paper, self.world.journal, _NOON, leaves_stops=self.leaves_stops
                )
            return self.there

        session = self.world.start(venue=venue)
        self.venue.clock = session.clock
        self._run(self._warmed_up(session))
        return session

    async def _warmed_up(self, session: Session) -> None:
        for one in self.ticks:
            if session.resumed_ms == NEVER or one.at_ms < session.resumed_ms:
                await session.warm_up(one)

    async def _recovered(self, now_ms: UnixMs) -> None:
        session = self.session
        for one in self.ticks:
            if one.at_ms >= session.resumed_ms != NEVER:
                await session.on_tick(one)
        await session.begin()
        session.clock.set(max(now_ms, session.clock.now_ms()))
        await session.pulse()

    def _said(self, message: dict[str, Any]) -> None:
        self._run(self.world.send(message))
        self._step(self.session.execution.drain())

    def _step(self, scenario: Any) -> None:
        """Take a step; a process that dies in it is followed by another."""
        try:
            self._run(scenario)
        except Crash:
            self.restart()
            return
        self.check()

    def _run(self, scenario: Any) -> None:
        self.runner.run(scenario)


class _Noon:
    """The time before anybody has a clock."""

    def now_ms(self) -> UnixMs:
        return minute(0)


_NOON: Final = _Noon()

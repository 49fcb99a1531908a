"""An account under the real services, and everything that may happen to it, step by step.

Bus, journal, venue and wiring are those of the rig. Money, strangers and silence come from
`Till`, which outlives every process: the paper venue knows none of them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.events import (
    Book,
    Event,
    InstrumentSeen,
    Judged,
    LatchSet,
    Rearmed,
    TradingState,
    Transferred,
)
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.evidence.replay import rejudge
from bridge_patch.services.holds import OPERATOR
from bridge_patch.services.ports import PositionReading
from bridge_patch.services.session import Session
from tests.laws.account_bank import Bank, Till
from tests.laws.account_oracle import Oracle
from tests.laws.account_settings import DOGE, ETH, SETTINGS, SYMBOLS
from tests.simulation.rig import (
    BTC,
    CALM,
    DAY_MS,
    MINUTE_MS,
    PRICES,
    SOL,
    World,
    bar,
    calm,
    close,
    intent,
    minute,
    play,
    tick,
)
from tests.simulation.tap import Trouble

D = Decimal
#: The trading rules, as a start writes them down.
LISTED: Final = tuple(
    InstrumentSeen(at_ms=minute(0), instrument=one)
    for one in map(ListedInstruments().find, (*SYMBOLS, DOGE))
    if isinstance(one, Instrument)
)
START: Final = {**PRICES, ETH: D(2_500)}
PRICE_TICKS: Final = {BTC: D("0.1"), SOL: D("0.01"), ETH: D("0.01")}


@dataclass
class Stage:
    """One account's life. Every method is one step, and checks all that it led to."""

    settings: str
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    till: Till = field(default_factory=Till)
    met: Counter[str] = field(default_factory=Counter)
    untold_usd: list[Decimal] = field(default_factory=list)
    n: int = CALM
    names: int = 0
    checked: int = 0

    def __post_init__(self) -> None:
        self.world = World(env=dict(SETTINGS[self.settings]))
        self.limits = load_settings(self.world.env).limits()
        self.oracle = Oracle(self.limits)
        self.prices = dict(START)
        self.ticks: list[Tick] = [
            *(
                tick(t + 1, *(bar(s, t + 1, p * START[s] / START[BTC]) for s in SYMBOLS))
                for t, p in enumerate(one.bars[0].close for one in calm((BTC,)))
            )
        ]
        self.session = self._begun()
        self._run(self.session.recorder.write(*LISTED))
        self._run(play(self.session, self.ticks))
        self.check()

    # What may happen

    def propose(self, *asked: dict[str, Any]) -> None:
        """Put intents into one batch."""
        messages = []
        for one in asked:
            self.names += 1
            said = intent(f"i-{self.names}", self.n) | one
            messages.append({k: v for k, v in said.items() if v is not None})
        self._said(messages)

    def babble(self, source: str, times: int) -> None:
        """Let a source talk nonsense."""
        for _ in range(times):
            self._run(self.world.send("[not an intent", source=source))
        self._drain()

    def close(self, symbol: Symbol, **more: Any) -> None:
        self.names += 1
        self._said([close(f"c-{self.names}", self.n, symbol=symbol) | more])

    def drift(
        self,
        moves: Sequence[Decimal],
        minutes: int = 1,
        *,
        step: int = 1,
        gap: bool = False,
    ) -> None:
        """Let minutes pass, in each of which every symbol moves by its share.

        With a gap nothing traded on the way: no stop is filled at its own price.
        """
        for _ in range(minutes):
            self.n += step
            bars = []
            for symbol, move in zip(SYMBOLS, moves, strict=True):
                first, grid = self.prices[symbol], PRICE_TICKS[symbol]
                last = max(first * (1 + move) // grid * grid, grid)
                bars.append(bar(symbol, self.n, last, open_=last if gap else first))
                self.prices[symbol] = last
            self.ticks.append(tick(self.n, *bars))
            self._run(self.session.on_tick(self.ticks[-1]))
            self.check()

    def midnight(self) -> None:
        """Let the rest of the day pass quietly, so that volatility is known all the way."""
        left = (DAY_MS - minute(self.n) % DAY_MS) // MINUTE_MS
        wobble = D("0.0007")
        for k in range(left // 6 + 1):
            self.drift([wobble if k % 2 else -wobble] * 3, step=6)

    def transfer(self, amount: Decimal, *, told: bool) -> None:
        """Move money in or out; `told` at once, or else later or never."""
        self.till.moved_usd += amount
        if told:
            self._tell(amount)
        else:
            self.untold_usd.append(amount)
        self.check()

    def explain(self) -> None:
        """Tell of the oldest transfer that nobody knew about."""
        self._tell(self.untold_usd.pop(0))
        self.check()

    def person(self, state: TradingState) -> None:
        """Let a person halt, reduce or resume, as the switch does."""
        recorder, now_ms = self.session.recorder, self._now_ms()
        mark = recorder.gauge.mark() if state is TradingState.RUNNING else None
        latch = recorder.gauge.holds.latch(
            *(state, OPERATOR, "so", now_ms),
            who="ann",
            releases={OPERATOR, recorder.gauge.holds.cause}
            if state is TradingState.RUNNING
            else (),
        )
        self._run(recorder.write(*([mark] if mark else []), latch))
        self.check()

    def rearm(self, symbol: Symbol) -> None:
        event = Rearmed(
            book=Book.ACCOUNT,
            at_ms=self._now_ms(),
            symbol=symbol,
            who="ann",
            why="mended",
        )
        self._run(self.session.recorder.write(event))
        self.check()

    def stranger(self, reading: PositionReading | None) -> None:
        """Let somebody else open a position on the account, or close them all."""
        self.till.strangers[:] = [] if reading is None else [reading]
        self.oracle.strangers = list(self.till.strangers)

    def trouble(self, kind: str, trouble: Trouble) -> None:
        """Let the next call of a kind go wrong."""
        assert isinstance(self.session.keeper.venue, Bank)
        self.session.keeper.venue.trouble(kind, trouble)

    def restart(self) -> None:
        """Start another process over the same journal: it knows what the old one knew."""
        before, after = self.session, self._begun()
        one, two = before.recorder, after.recorder
        assert (one.gauge.state, one.gauge.holds.cause) == (
            two.gauge.state,
            two.gauge.holds.cause,
        )
        assert one.gauge.day_start_usd == two.gauge.day_start_usd
        assert one.gauge.peak_usd == two.gauge.peak_usd
        assert one.ledger.positions == two.ledger.positions
        assert one.ledger.budget == two.ledger.budget
        assert two.ledger.inherited == set(one.ledger.in_doubt)
        for symbol in SYMBOLS:
            then, now = (r.activity.at(symbol, "test", self._now_ms()) for r in (one, two))
            assert then == now
        self.met["restart"] += 1
        self.met[f"restart {two.gauge.state}"] += 1
        self.session = after
        self._run(play(after, self.ticks))
        self.check()

    # What has to hold

    def check(self) -> None:
        """Put every new event to the oracle, and judge every new verdict again."""
        self.oracle.moved_usd = self.till.moved_usd
        new = [s.event for s in self.world.journal.read(self.checked)]
        self.checked += len(new)
        for event in new:
            self.oracle.take(event, self.prices)
            self._meet(event)
        again = rejudge([*LISTED, *new], self.limits)
        assert not again.mismatches, again.mismatches[0]
        assert self.session.recorder.gauge.state is self.oracle.state
        self.met["rejudged"] += again.checked

    def end(self) -> None:
        """Judge the whole journal once more, and put the process away."""
        events: Iterable[Event] = (s.event for s in self.world.journal.read())
        assert not rejudge(events, self.limits).mismatches
        self.runner.close()

    def _meet(self, event: Event) -> None:
        if isinstance(event, Judged):
            kind = "reduction" if event.confidence is None else "entry"
            self.met[f"{kind} {event.verdict}"] += 1
            self.met.update(f"reason {code}" for code in event.codes if code != "PASS")
        elif isinstance(event, LatchSet) and event.book is Book.ACCOUNT:
            self.met[f"latch {event.cause}"] += 1
            if event.why.startswith("EXPLAINED: "):  # and something else still holds
                self.met["latch EXPLAINED"] += 1

    def _begun(self) -> Session:
        return self.world.start(venue=lambda inner: Bank(inner, till=self.till))

    def _said(self, messages: Iterable[dict[str, Any]]) -> None:
        for message in messages:
            self._run(self.world.send(message))
        self._drain()

    def _drain(self) -> None:
        self._run(self.session.execution.drain())
        self.check()

    def _tell(self, amount: Decimal) -> None:
        event = Transferred(book=Book.ACCOUNT, at_ms=self._now_ms(), amount_usd=amount)
        self._run(self.session.recorder.write(event))

    def _now_ms(self) -> UnixMs:
        return minute(self.n)

    def _run(self, scenario: Any) -> None:
        self.runner.run(scenario)

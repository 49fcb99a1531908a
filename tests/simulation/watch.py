"""What must hold after every step of a life, whatever struck, and once all is quiet.

The account is folded a second time by an oracle that shares no code with the services, and
each promise that breaks is named.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from bridge_patch.adapters import codec
from bridge_patch.adapters.chain import subject
from bridge_patch.adapters.streams import EXECUTION_RESULT
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.events import (
    Book,
    BulkExpired,
    Event,
    IntentReceived,
    Judged,
    LatchSet,
    Sending,
    Settled,
    TradingState,
)
from bridge_patch.domain.intent import IntentId, Mode, Symbol
from bridge_patch.domain.order import Leg
from bridge_patch.evidence.replay import rejudge
from bridge_patch.services.holds import OPERATOR
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.recall import LOST
from bridge_patch.services.recorder import Recorder
from bridge_patch.services.session import Session
from tests.laws.account_oracle import Oracle
from tests.laws.account_stage import LISTED
from tests.simulation.plot import Plot
from tests.simulation.rig import World, reserved_usd

TIGHTNESS: Final = (TradingState.RUNNING, TradingState.REDUCING, TradingState.HALTED)


class Broken(AssertionError):  # noqa: N818 - a promise is broken, not a program
    """An invariant does not hold."""


@dataclass
class Watch:
    """Follows one world. `step` is for after each step, `heard` for after a death."""

    world: World
    plot: Plot
    wrongs: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    checked: int = 0
    read: int = 0
    holds: dict[str, TradingState] = field(default_factory=dict)
    once: Counter[tuple[str, str]] = field(default_factory=Counter)
    named: set[str] = field(default_factory=set)
    asked: Recorder | None = None

    def __post_init__(self) -> None:
        self.limits = load_settings(self.world.env).limits()
        self.oracle = Oracle(self.limits)
        self.times = [one.at_ms for one in self.plot.ticks]

    def step(self, session: Session) -> None:
        """Check all that is new, and that the process knows what the journal says."""
        new = self.heard(session.keeper.trader.scribe.identity.mode)
        self.known(session.recorder, new)
        ledger = session.recorder.ledger
        self.folded(ledger)
        for symbol in ledger.naked():
            tried = [e for e in new if isinstance(e, Sending) and e.symbol == symbol]
            doubt = [*ledger.doubts(symbol, Leg.STOP, Leg.FLATTEN)]
            self.that(
                bool(tried or doubt or _waits(session, symbol)),
                f"protected: {symbol} is naked, and nothing is done",
            )

    def heard(self, mode: Mode) -> list[Event]:
        """Take in what was written and published, by a process of that mode."""
        new = [s.event for s in self.world.journal.read(self.checked)]
        self.checked += len(new)
        self.that(not self.wrongs, "; ".join(self.wrongs))
        for event in new:
            self._once(event)
            if isinstance(event, LatchSet):
                self._latched(event)
            elif self._about_the_account(event, mode):
                try:
                    self.oracle.take(event, self._prices(event.at_ms))
                except AssertionError as error:
                    msg = f"within limits: {error.args[0] if error.args else event}"
                    raise Broken(msg) from error
        again = rejudge([*LISTED, *new], self.limits)
        self.that(not again.mismatches, f"same verdicts: {again.mismatches[:1]}")
        self.seen["judged again"] += again.checked
        self._published()
        return new

    def folded(self, ledger: Ledger) -> None:
        """See that positions, orders in doubt and what is reserved are the journal's."""
        oracle = self.oracle
        doubts = {doubt.order.order_id for doubt in ledger.in_doubt.values()}
        self.that(doubts == oracle.sent.keys(), f"in doubt: {doubts} {oracle.sent.keys()}")
        entries = [o for o in oracle.sent.values() if o.leg is Leg.ENTRY]
        margins = [(o.margin_usd or Decimal(0), o.leverage or 0) for o in entries]
        wanted = (sum(m * x for m, x in margins), sum(m for m, _ in margins))
        held = reserved_usd(ledger)
        self.that(held == wanted, f"reserved: {held}, orders in doubt need {wanted}")
        ours = {s: p.side.sign * p.quantity_base for s, p in ledger.positions.items()}
        open_ = {s: o.base for s, o in oracle.open.items() if o.base}
        self.that(ours == open_, f"positions: {ours}, the journal says {open_}")

    def known(self, recorder: Recorder, new: Sequence[Event]) -> None:
        """See that a process has heard of every id that the journal names."""
        fresh = {subject(event) for event in new}
        for event in new:
            fresh.update(event.intent_ids if isinstance(event, BulkExpired) else ())
        self.named |= fresh - {""}
        due = self.named if recorder is not self.asked else fresh - {""}
        self.asked = recorder
        unheard = [name for name in due if not recorder.heard.perhaps(IntentId(name))]
        self.that(not unheard, f"heard of: {unheard[:3]}")
        self.seen["heard of"] += len(due)

    def that(self, holds: bool, what: str) -> None:
        """Break where a promise does not hold."""
        if not holds:
            raise Broken(what)

    def _once(self, event: Event) -> None:
        """See that nothing is received, sent or settled twice."""
        self.seen[type(event).__name__] += 1
        if isinstance(event, Settled):
            self.seen[f"{event.mode} {event.action} {event.status}"] += 1
        entry = isinstance(event, Sending) and event.leg is Leg.ENTRY
        if entry or isinstance(event, Settled | IntentReceived):
            key = (type(event).__name__, str(getattr(event, "intent_id", "")))
            self.once[key] += 1
            self.that(self.once[key] == 1, f"at most once: {key} again")

    def _published(self) -> None:
        """See that an outcome goes out once, and stands in the journal already."""
        numbers = self.world.streams.numbers[EXECUTION_RESULT]
        new, self.read = numbers[self.read :], len(numbers)
        for number in new:
            result = codec.decode_result(self.world.streams.get(number).envelope)
            for name in ids_of([result]).elements():
                self.once["outcome", name] += 1
                self.that(self.once["outcome", name] == 1, f"one outcome: {name} has two")
                # An intent whose message the bus lost is told of first: it is asked later.
                late = isinstance(result, BulkExpired) or result.entry_id == LOST
                kept = late or self.once["Settled", name]
                self.that(bool(kept), f"journal first: {name} ended unrecorded")

    def _about_the_account(self, event: Event, mode: Mode) -> bool:
        """Tell whether an event is judged or made by the account, and not by a book."""
        if not isinstance(event, Judged):
            return getattr(event, "book", Book.ACCOUNT) is Book.ACCOUNT
        return event.mode is Mode.LIVE and (mode is Mode.LIVE or event.confidence is None)

    def _latched(self, latch: LatchSet) -> None:
        """Keep what holds the account: its own causes, and a person's of every book."""
        told = {hold.cause: hold.state for hold in latch.beside}
        told[latch.cause] = latch.state
        held: dict[str, TradingState] = {
            cause: state
            for cause, state in told.items()
            if state is not TradingState.RUNNING
        }
        if latch.book is Book.ACCOUNT:
            self.holds = held
        elif OPERATOR in held:
            self.holds[OPERATOR] = held[OPERATOR]
        elif latch.command_id or latch.cause == OPERATOR:
            self.holds.pop(OPERATOR, None)
        states = [*self.holds.values(), TradingState.RUNNING]
        self.oracle.state = max(states, key=TIGHTNESS.index)

    def _prices(self, at_ms: int) -> dict[Symbol, Decimal]:
        one = self.plot.ticks[max(bisect_right(self.times, at_ms) - 1, 0)]
        return {bar.symbol: bar.close for bar in one.bars}


def _waits(session: Session, symbol: Symbol) -> bool:
    """Tell whether a close has failed a moment ago, and the next one is still to wait."""
    return session.recorder.nakedness.waits(symbol, session.clock.now_ms())


def ids_of(results: Iterable[object]) -> Counter[IntentId]:
    """Every intent that the published outcomes name, and how often."""
    told: Counter[IntentId] = Counter()
    for result in results:
        if isinstance(result, BulkExpired):
            told.update(result.intent_ids)
        elif isinstance(result, Settled):
            told[result.intent_id] += 1
    return told

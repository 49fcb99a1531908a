"""Every position is covered by a stop at the venue, or NAKED with a deadline, or closed.

What is tried is journaled before it is tried, so that a restart goes on counting: no more
stops than `PROTECT_ATTEMPTS_MAX` for one spell, none once the deadline has passed over one
of unknown fate. A stop that ends soon does not end the spell (`nakedness.REST_MS`). Then
the position is closed, and that is tried until it is flat.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, ReduceIntent, Symbol
from bridge_patch.domain.money import Price
from bridge_patch.domain.order import Leg, OrderEvent
from bridge_patch.domain.protection_events import CloseCause, CloseForced
from bridge_patch.governor.judge import ApprovedReduction, judge_reduction
from bridge_patch.governor.ruling import Refused
from bridge_patch.services.answers import Sent, ended
from bridge_patch.services.hearing import Hearing
from bridge_patch.services.late_trades import told_late
from bridge_patch.services.levels import Stated, hard_stop, liquidated_first
from bridge_patch.services.orders import announce
from bridge_patch.services.pauses import Cancels
from bridge_patch.services.plans import RestingStop
from bridge_patch.services.ports import Clock, Instruments, Reducer
from bridge_patch.services.recorder import Recorder

#: How many stops are sent for one spell of being NAKED before the position is closed.
PROTECT_ATTEMPTS_MAX: Final = 2
#: How long a position may be NAKED before it is closed, unless a setting says otherwise.
NAKED_MAX_MS: Final = 5_000
#: How many stops of one position may be live at once: the old one, and the one to be.
STOPS_MAX: Final = 2
#: Who asks for a reduction that no message asked for.
PROTECTION: Final = "protection"


@final
@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a position that a stop covers is closed all the same."""

    cause: CloseCause
    why: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """Rests hard stops, ends those that are needed no more, closes what has none.

    `stated` is what the venue last said of each position, `cancels` which stops were to
    end and may still rest.
    """

    venue: Reducer
    recorder: Recorder
    clock: Clock
    instruments: Instruments
    naked_max_ms: int = NAKED_MAX_MS
    stated: dict[Symbol, Stated] = field(default_factory=dict)
    cancels: Cancels = field(default_factory=Cancels)

    @property
    def hearing(self) -> Hearing:
        """How the venue's answers are taken in."""
        return Hearing(self.venue, self.recorder, self.clock)

    def due(self) -> tuple[Symbol, ...]:
        """Return the symbols with something to be done: to protect, to close, to sweep.

        What was tried a moment ago and waits is not.
        """
        ledger, now_ms = self.recorder.ledger, self.clock.now_ms()
        waits = self.recorder.nakedness.waits
        unsafe = (s for s in ledger.positions if self.is_unsafe(s) and not waits(s, now_ms))
        swept = (s for s in ledger.plans if self._to_sweep(s))
        return tuple(dict.fromkeys((*unsafe, *swept)))

    async def turn(self) -> None:
        """Protect or close what is not safe; end the stops that are needed no more."""
        ledger = self.recorder.ledger
        for symbol in [s for s in ledger.positions if self.is_unsafe(s)]:
            await self.protect(symbol)
            await self.recorder.keep()
        for symbol in tuple(ledger.plans):
            await self.sweep(symbol)
        resting = (s for p in ledger.plans.values() for s in (*p.stops, *p.orphans))
        self.cancels.keep(stop.order_id for stop in resting)

    def is_unsafe(self, symbol: Symbol) -> bool:
        """Tell whether a position is open there that is NAKED, or not to be kept."""
        naked = symbol in self.recorder.nakedness.open
        return naked or self.trouble(symbol) is not None

    def trouble(self, symbol: Symbol) -> Trouble | None:
        """Return why no stop makes this position one to be kept; None where one does."""
        ledger, instrument = self.recorder.ledger, self.instruments.find(symbol)
        position, guard = ledger.positions.get(symbol), ledger.guard(symbol)
        if position is None:
            return None
        moving = any(ledger.doubts(symbol, Leg.ENTRY, Leg.REDUCE))
        if isinstance(instrument, Instrument) and not moving:
            held, least = position.quantity_base, instrument.quantity_min
            if held < least:
                return Trouble(CloseCause.DUST, f"{held} is less than the least {least}")
        if guard is None:
            return None
        ruin = liquidated_first(
            position, guard.price_usd, instrument, self.stated.get(symbol)
        )
        if ruin is None:
            return None
        return _near(guard.price_usd, ruin)

    async def protect(self, symbol: Symbol) -> None:
        """Rest the hard stop of a naked position; close the position where that fails.

        While the fate of a stop is unknown no other is sent, for as long as a position may
        be naked; then it is closed. What came of it may have to be kept yet.
        """
        trouble = self._condemned(symbol)
        if trouble is None and self._wants_stop(symbol):
            trouble = await self._stop_rested(symbol)
            if trouble is None:
                return None
        if trouble is None:
            return await self.recorder.keep()
        return await self._close_again(symbol, trouble)

    async def close(self, symbol: Symbol, trouble: Trouble) -> None:
        """Close a position at market, if there is one, and say why; durable at the end."""
        recorder = self.recorder
        naked, plan = recorder.nakedness.open.get(symbol), recorder.ledger.plans.get(symbol)
        if symbol in recorder.ledger.positions:
            forced = CloseForced(
                at_ms=self.clock.now_ms(),
                intent_id=plan.intent_id if plan else IntentId(""),
                symbol=symbol,
                cause=trouble.cause,
                why=trouble.why,
                naked_since_ms=naked.since_ms if naked else None,
            )
            recorder.stage(forced)
            sent = await self._own_reduction(symbol, Leg.FLATTEN, stop_at=None)
            await recorder.keep()
            if symbol in recorder.ledger.positions:
                answer = sent.event if sent else "none"
                self._alarm("a close left the position open", symbol, answer=answer)
        await self.sweep(symbol)

    async def sweep(self, symbol: Symbol) -> None:
        """Cancel the stops that a better one replaced, or that outlived their position.

        One whose cancel got no answer is asked to end again after a pause that grows.
        """
        await self._end(symbol, self._to_sweep(symbol))

    def _to_sweep(self, symbol: Symbol) -> tuple[RestingStop, ...]:
        stale, now_ms = self.recorder.ledger.stale_stops(symbol), self.clock.now_ms()
        return tuple(s for s in stale if not self.cancels.waits(s.order_id, now_ms))

    async def _end(self, symbol: Symbol, stops: Iterable[RestingStop]) -> None:
        for stop in stops:
            await self.recorder.keep()
            self.cancels.asked(stop.order_id, self.clock.now_ms())
            report = await self.hearing.asked(self.venue.cancel(symbol, stop.order_id))
            now_ms = self.clock.now_ms()
            happened = ended(symbol, stop.order_id, report, now_ms)
            await self.recorder.write(*told_late(self.recorder, happened, now_ms))

    def live_stops(self, symbol: Symbol) -> int:
        """Count the stops of a symbol that rest at the venue, or may."""
        plan = self.recorder.ledger.plans.get(symbol)
        resting = len(plan.stops) + len(plan.orphans) if plan else 0
        return resting + sum(1 for _ in self.recorder.ledger.doubts(symbol, Leg.STOP))

    async def _stop_rested(self, symbol: Symbol) -> Trouble | None:
        """Rest the hard stop; return why it cannot be, None where it rests or may yet."""
        await self._end(symbol, self.recorder.ledger.stale_stops(symbol))
        if self.live_stops(symbol) >= STOPS_MAX:
            return _failed("stops that do not cover it could not be cancelled")
        ledger, instrument = self.recorder.ledger, self.instruments.find(symbol)
        position = ledger.positions[symbol]
        level = hard_stop(position, ledger.plans.get(symbol), instrument)
        if level is None:
            return _failed("no level can be had for its stop")
        ruin = liquidated_first(position, level.usd, instrument, self.stated.get(symbol))
        if ruin is not None:
            return _near(level.usd, ruin)
        return await self._stop_sent(symbol, level)

    async def _stop_sent(self, symbol: Symbol, level: Price) -> Trouble | None:
        """Send the stop as often as a spell has attempts left.

        What was refused would be refused again; what never arrived may be sent once more.
        """
        ledger, open_ = self.recorder.ledger, self.recorder.nakedness.open
        while symbol in open_:
            if open_[symbol].stops_sent >= PROTECT_ATTEMPTS_MAX:
                return _failed(f"{PROTECT_ATTEMPTS_MAX} stops were sent and none rests")
            sent = await self._own_reduction(symbol, Leg.STOP, stop_at=level)
            if sent is not None and sent.event is OrderEvent.TIMED_OUT:
                sent = await self.hearing.look_up(ledger.in_doubt[sent.order_id].order)
            if any(ledger.doubts(symbol, Leg.STOP)):
                self._alarm("nobody knows whether its stop rests", symbol)
                return None
            if sent is None or sent.event is OrderEvent.REJECTED:
                return _failed("its stop was refused")
        return None

    def _condemned(self, symbol: Symbol) -> Trouble | None:
        """Return why a position is closed rather than protected; None where it is not."""
        recorder = self.recorder
        trouble, naked = self.trouble(symbol), recorder.nakedness.open.get(symbol)
        if trouble is not None or naked is None:
            return trouble
        if symbol in recorder.nakedness.closing:
            return _failed("a close before this one left it open")
        age_ms = recorder.nakedness.age_ms(symbol, self.clock.now_ms())
        if any(recorder.ledger.doubts(symbol, Leg.STOP)):
            if age_ms < self.naked_max_ms:
                return None
            why = f"NAKED for {age_ms} ms, most {self.naked_max_ms}"
            return Trouble(CloseCause.NAKED_TOO_LONG, why)
        tried = naked.stops_sent >= PROTECT_ATTEMPTS_MAX
        if naked.again_ms is None or not (tried or age_ms >= self.naked_max_ms):
            return None
        self._alarm("its stops do not stay", symbol, stops=naked.stops_sent)
        return _failed(f"its stops end: {naked.stops_sent} sent, NAKED for {age_ms} ms")

    def _wants_stop(self, symbol: Symbol) -> bool:
        """Tell whether a position is NAKED and nothing under way would change that."""
        naked = symbol in self.recorder.nakedness.open
        in_doubt = any(self.recorder.ledger.doubts(symbol, Leg.STOP))
        return naked and not in_doubt and not self._is_closing(symbol)

    def _is_closing(self, symbol: Symbol) -> bool:
        """Tell whether a close is under way and young enough to be waited for."""
        now_ms = self.clock.now_ms()
        sent = self.recorder.ledger.doubts(symbol, Leg.FLATTEN)
        return any(0 <= now_ms - order.at_ms < self.naked_max_ms for order in sent)

    async def _close_again(self, symbol: Symbol, trouble: Trouble) -> None:
        """Close, unless the last attempt is too fresh for another."""
        if self._is_closing(symbol):
            return await self.recorder.keep()
        if self.recorder.nakedness.waits(symbol, self.clock.now_ms()):
            return await self.recorder.keep()
        return await self.close(symbol, trouble)

    async def _own_reduction(
        self, symbol: Symbol, leg: Leg, *, stop_at: Price | None
    ) -> Sent | None:
        ledger = self.recorder.ledger
        plan, now_ms = ledger.plans.get(symbol), self.clock.now_ms()
        intent = ReduceIntent(
            id=plan.intent_id if plan else IntentId(f"{PROTECTION}-{symbol}"),
            symbol=symbol,
            side=None,
            quantity=None,
            stop_at=stop_at,
            simulate=False,
            reason=leg,
            created_ms=now_ms,
            source=PROTECTION,
        )
        instrument = self.instruments.find(symbol)
        match judge_reduction(intent, ledger.positions.get(symbol), instrument):
            case ApprovedReduction() as approved:
                order = await announce(self.recorder, approved, leg, now_ms)
                report = await self.hearing.asked(
                    self.venue.reduce(approved, order.order_id)
                )
                return await self.hearing.learned(order, report)
            case Refused():
                return None

    def _alarm(self, message: str, symbol: Symbol, **facts: object) -> None:
        since_ms = self.recorder.nakedness.age_ms(symbol, self.clock.now_ms())
        self.recorder.telemetry.note(
            "NAKED", message, symbol=symbol, naked_ms=since_ms, **facts
        )


def _failed(why: str) -> Trouble:
    return Trouble(CloseCause.STOP_FAILED, why)


def _near(stop_usd: Decimal, ruin_usd: Decimal) -> Trouble:
    why = f"its stop at {stop_usd} is no nearer than liquidation at {ruin_usd}"
    return Trouble(CloseCause.LIQUIDATION_NEAR, why)

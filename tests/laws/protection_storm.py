"""A venue that outlives our processes and fails on demand; it keeps the truth.

It is the paper venue with what real ones do besides: requests and replies get lost, trades
are told one by one, a stop is cancelled by the venue, a second stop is sized, and a stop
may outlive its position. `wrongs` holds what must never be asked of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum, auto
from itertools import count
from typing import Final

from bridge_patch.adapters.memory import MemoryJournal
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.domain.events import Book, Filled, OrderEnded, StopArmed
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Funding, Tick
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.levels import liquidated_first
from bridge_patch.services.ports import AccountReading, Clock, Report, VenueMemory
from bridge_patch.sim.commands import Cancel
from bridge_patch.sim.exchange import Exchange
from tests.simulation.tap import Call, refusal

_LISTED: Final = "position closed"


class Crash(BaseException):
    """The process dies here."""


class Storm(Enum):
    """What happens to one call."""

    REQUEST_LOST = auto()
    REPLY_LOST = auto()
    RAISES = auto()
    REFUSED = auto()
    TRICKLE = auto()


@dataclass
class StormyVenue:
    """Behind the port of a venue; `troubles[kind]` strike the next calls of a kind."""

    paper: PaperVenue
    journal: MemoryJournal
    clock: Clock
    leaves_stops: bool = False
    troubles: defaultdict[str, deque[Storm]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    #: After so many more calls the process dies; None: it lives.
    dies_in: int | None = None
    met: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)
    #: The stops of a symbol that is flat, which nobody but a cancel ends.
    orphans: dict[ClientOrderId, Symbol] = field(default_factory=dict)
    sized: dict[ClientOrderId, Decimal] = field(default_factory=dict)
    _owed: list[VenueEvent] = field(default_factory=list)
    _late: list[VenueEvent] = field(default_factory=list)
    _read: int = 0
    _written: set[VenueEvent] = field(default_factory=set)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def exchange(self) -> Exchange:
        """The truth."""
        return self.paper._exchange

    # What happens at the venue by itself

    def cancels(self, symbol: Symbol) -> bool:
        """Let the venue cancel a stop of ours; it is told with the next bars."""
        stops = self.exchange.stops.get(symbol, {})
        if not stops:
            return False
        self._now()
        command = Cancel(symbol=symbol, order_id=[*stops][-1])
        self._owed += self.exchange.cancel(command)
        self.met["cancelled by the venue"] += 1
        return True

    def charges(self, symbol: Symbol, rate: Decimal) -> bool:
        """Settle funding, which is paid from the position's own margin."""
        self._now()
        funding = Funding(symbol=symbol, at_ms=self.exchange.now_ms, rate_fraction=rate)
        paid = self.exchange.on_funding((funding,))
        self._owed += paid
        self.met["funded"] += bool(paid)
        return bool(paid)

    # What is true

    def covered(self, symbol: Symbol) -> bool:
        """Tell whether stops close a position whole, and before it is liquidated."""
        position = self.exchange.positions[symbol]
        rules = self.paper._exchange._instruments.find(symbol)
        return any(
            self.sized.get(name, position.quantity_base) >= position.quantity_base
            and liquidated_first(position, stop.stop_price_usd, rules) is None
            for name, stop in self.exchange.stops.get(symbol, {}).items()
        )

    def untold(self) -> bool:
        """Tell whether something happened that the journal does not have."""
        return bool(self._unwritten() or self._late)

    # The port

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        return await self.paper.prepare(approved, order_id)

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        if approved.symbol in self.orphans.values():
            self.wrongs.append(f"{approved.symbol} was entered beside a stop that is left")
        return await self._called(Call("place", order_id, approved), approved.symbol)

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        return await self._called(Call("reduce", order_id, approved), approved.symbol)

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        return await self._called(Call("cancel", order_id), symbol)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        self._dies()
        if self.troubles["find"]:
            self.troubles["find"].popleft()
            self.met["find lost"] += 1
            return Report(event=OrderEvent.TIMED_OUT)
        if order_id in self.orphans:
            return Report(event=OrderEvent.ACCEPTED)
        found = await self.paper.find(symbol, order_id)
        untold = self._unwritten()
        owed = any(getattr(event, "order_id", None) == order_id for event in untold)
        return Report(event=found.event, events=untold if owed else ())

    async def read(self) -> AccountReading | Unknown:
        self._now()
        return await self.paper.read()

    async def records(self) -> VenueRecords | Unknown:
        return await self.paper.records()

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        self._dies()
        self._now()
        self._keep(await self.paper.advance(tick))
        told, late = self._unwritten(), self._late
        self._owed, self._late = [*told, *late[:1]], late[1:]
        return told

    def see(self, tick: Tick) -> None:
        self.paper.see(tick)

    def learn(self, events: Sequence[VenueEvent]) -> None:
        """It knows what it did."""

    def restore(self, events: Sequence[VenueMemory]) -> None:
        """It forgets nothing."""

    async def begin(self) -> None:
        """It was there."""

    async def close(self) -> None:
        """It stays there."""

    async def _called(self, call: Call, symbol: Symbol) -> Report:
        self._dies()
        ordered = self.troubles[call.kind]
        storm = ordered.popleft() if ordered else None
        if storm is not None:
            self.met[f"{call.kind} {storm.name}"] += 1
        if storm is Storm.REQUEST_LOST:
            return Report(event=OrderEvent.TIMED_OUT)
        if storm is Storm.REFUSED:
            refused = replace(refusal(symbol, call), at_ms=self.clock.now_ms())
            return Report(event=OrderEvent.REJECTED, events=(refused,))
        self._now()
        report = await self._done(call, symbol)
        events = report.events
        if storm is Storm.TRICKLE and any(isinstance(e, Filled) for e in events):
            self._trickles(events)
            return Report(event=OrderEvent.TIMED_OUT)
        self._keep(events)
        self._dies()
        if storm is Storm.RAISES:
            raise ConnectionResetError
        if storm is not None:
            return Report(event=OrderEvent.TIMED_OUT)
        return Report(event=report.event, events=self._told(events))

    async def _done(self, call: Call, symbol: Symbol) -> Report:
        match call.asked:
            case Approved() as entry:
                return await self.paper.place(entry, call.order_id)
            case ApprovedReduction() as reduction:
                beside = bool(self.exchange.stops.get(symbol))
                report = await self.paper.reduce(reduction, call.order_id)
                return self._armed(report, reduction, beside=beside)
            case None:
                return await self._cancelled(symbol, call.order_id)

    def _armed(self, report: Report, asked: ApprovedReduction, *, beside: bool) -> Report:
        """Size a stop that is armed beside another: one close-all stop is all there is."""
        armed = report.events[0]
        if not isinstance(armed, StopArmed):
            return report
        if not beside:
            return report
        self.sized[armed.order_id] = asked.quantity.base
        self.met["a second stop"] += 1
        if len(self.exchange.stops[asked.symbol]) > 2:
            self.wrongs.append(f"{asked.symbol} has a third stop")
        events = (replace(armed, quantity_base=asked.quantity.base), *report.events[1:])
        return Report(event=report.event, events=events)

    async def _cancelled(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        if order_id not in self.orphans:
            return await self.paper.cancel(symbol, order_id)
        del self.orphans[order_id]
        self.met["swept"] += 1
        gone = OrderEnded(
            book=Book.ACCOUNT,
            at_ms=self.clock.now_ms(),
            symbol=symbol,
            order_id=order_id,
            reason="cancelled",
        )
        return Report(event=OrderEvent.CANCELLED, events=(gone,))

    def _keep(self, events: Sequence[VenueEvent]) -> None:
        self._owed += self._told(events)

    def _told(self, events: Sequence[VenueEvent]) -> tuple[VenueEvent, ...]:
        """Return what the venue says of what happened: it may leave stops behind."""
        if not self.leaves_stops:
            return tuple(events)
        kept = []
        for event in events:
            if isinstance(event, OrderEnded) and event.reason == _LISTED:
                self.orphans[event.order_id] = event.symbol
                self.met["left behind"] += 1
            else:
                kept.append(event)
        return tuple(kept)

    def _trickles(self, events: Sequence[VenueEvent]) -> None:
        """Tell the trades of an order in two halves, with bars in between."""
        for event in self._told(events):
            if not isinstance(event, Filled):
                self._late.append(event)
                continue
            half = event.quantity_base / 2
            for n, part in enumerate((half, event.quantity_base - half)):
                share = part / event.quantity_base
                trade = replace(
                    event,
                    quantity_base=part,
                    fee_usd=event.fee_usd * share,
                    realised_usd=event.realised_usd * share,
                    margin_usd=event.margin_usd * share,
                    trade_id=f"{event.trade_id}-{n}-{next(self._numbers)}",
                )
                (self._late if n else self._owed).append(trade)

    def _unwritten(self) -> tuple[VenueEvent, ...]:
        """Return what the journal does not have, in its order."""
        for stored in self.journal.read(self._read):
            self._read = stored.seq
            if getattr(stored.event, "book", None) is Book.ACCOUNT:
                self._written.add(stored.event)  # type: ignore[arg-type]
        self._owed = [event for event in self._owed if event not in self._written]
        return tuple(self._owed)

    def _now(self) -> None:
        self.exchange.now_ms = UnixMs(max(self.exchange.now_ms, self.clock.now_ms()))

    def _dies(self) -> None:
        if self.dies_in is None:
            return
        self.dies_in -= 1
        if self.dies_in <= 0:
            self.dies_in = None
            self.met["crash"] += 1
            raise Crash

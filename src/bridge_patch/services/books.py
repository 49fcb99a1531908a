"""A shadow book: a simulated account that trades what it is told and harvests by policy.

It answers "what would have happened": as asked, without a Governor, or as governed, while
nothing is traded. Its events carry the book's own name and can never be taken for the
account's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import assert_never, final

from bridge_patch.domain.events import Event, Filled, FillKind, Settled
from bridge_patch.domain.harvest import POLICY_FALLBACK, HarvestPolicy
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import (
    IntentId,
    Proposal,
    Side,
    StopDistance,
    Symbol,
    Unknown,
)
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.money import Price
from bridge_patch.domain.order import ClientOrderId, Leg, client_order_id
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.policy.harvesting import (
    CloseAll,
    Hold,
    MoveStop,
    ReducePart,
    Track,
    observed,
    step,
    track_of,
)
from bridge_patch.services.desk import stop_price
from bridge_patch.services.ports import AccountReading, Instruments, PositionReading
from bridge_patch.sim.commands import ArmStop, Cancel, Enter, Reduce
from bridge_patch.sim.exchange import Exchange


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a book is told to open: a proposal somebody made or permitted."""

    intent_id: IntentId
    symbol: Symbol
    side: Side
    proposal: Proposal
    stop: StopDistance
    policy: HarvestPolicy


@final
@dataclass(slots=True)
class ShadowBook:
    """One simulated account. Every method returns what happened, already applied."""

    exchange: Exchange
    instruments: Instruments
    _tracks: dict[Symbol, Track] = field(default_factory=dict)
    _intents: dict[Symbol, IntentId] = field(default_factory=dict)
    _policies: dict[Symbol, HarvestPolicy] = field(default_factory=dict)
    _orders: int = 0

    def enter(self, wish: Wish) -> tuple[VenueEvent, ...]:
        """Open, or enlarge, as wished; the venue's own rules still apply."""
        instrument = self.instruments.find(wish.symbol)
        price = self.exchange.last_usd(wish.symbol)
        if isinstance(instrument, Unknown) or isinstance(price, Unknown):
            return ()
        notional = wish.proposal.margin * wish.proposal.leverage
        quantity = instrument.quantity_of(notional, Price(price))
        if quantity <= 0:
            return ()
        events = self.exchange.enter(
            Enter(
                symbol=wish.symbol,
                side=wish.side,
                quantity_base=quantity,
                leverage=int(wish.proposal.leverage.times),
                order_id=self._order_id(wish.intent_id, Leg.ENTRY),
                intent_id=wish.intent_id,
            )
        )
        position = self.exchange.positions.get(wish.symbol)
        if position is None or not any(isinstance(e, Filled) for e in events):
            return events
        self._intents[wish.symbol] = wish.intent_id
        level = stop_price(
            instrument, position.side, position.entry_price_usd, wish.stop.fraction
        )
        events += self._move_stop(wish.symbol, level)
        self._follow(wish.symbol, wish.policy)
        return events

    def on_tick(self, tick: Tick) -> tuple[VenueEvent, ...]:
        """Move the market, then harvest what is still open."""
        events: list[VenueEvent] = []
        for bar in tick.bars:
            events.extend(self.exchange.on_bar(bar))
            if bar.symbol in self._tracks:
                events.extend(self._harvest(bar))
        return tuple(events)

    def reduce(
        self, symbol: Symbol, quantity_base: Decimal | None
    ) -> tuple[VenueEvent, ...]:
        """Close that much of a position, or all of it."""
        position = self.exchange.positions.get(symbol)
        if position is None:
            return ()
        events = self._reduce(position, quantity_base or position.quantity_base)
        track = self._tracks.get(symbol)
        if track is not None:
            self._follow(symbol, track.policy)
        return events

    async def read(self) -> AccountReading | Unknown:
        """State this account as a venue would."""
        exchange = self.exchange
        return AccountReading(
            at_ms=exchange.now_ms,
            equity_usd=exchange.equity_usd(),
            available_usd=exchange.available_usd(),
            positions=tuple(
                PositionReading(
                    symbol=symbol,
                    side=position.side,
                    quantity_base=position.quantity_base,
                    entry_price_usd=position.entry_price_usd,
                    margin_usd=position.margin_usd,
                    stop_price_usd=exchange.stop_price_usd(symbol),
                )
                for symbol, position in exchange.positions.items()
            ),
        )

    def fold(self, event: Event) -> None:
        """Take in one journaled event; `follow_open` ends the restoring."""
        if isinstance(event, VenueEvent) and event.book is self.exchange.book:
            self.exchange.restore((event,))
            self._orders += 1
            if isinstance(event, Filled) and event.kind is FillKind.ENTRY:
                self._intents[event.symbol] = event.intent_id
        elif (
            isinstance(event, Settled)
            and event.harvest_policy is not None
            and self._intents.get(event.symbol) == event.intent_id
        ):
            self._policies[event.symbol] = event.harvest_policy

    def follow_open(self) -> None:
        """Go on harvesting what the journal left open."""
        for symbol in self.exchange.positions:
            self._follow(symbol, self._policies.get(symbol, POLICY_FALLBACK))

    def _harvest(self, bar: Bar) -> tuple[VenueEvent, ...]:
        symbol, position = bar.symbol, self.exchange.positions.get(bar.symbol)
        if position is None:
            del self._tracks[symbol]
            return ()
        track, action = step(
            self._tracks[symbol],
            high=bar.high,
            low=bar.low,
            close=bar.close,
            now_ms=bar.close_ms,
        )
        match action:
            case Hold():
                self._tracks[symbol] = track
                return ()
            case MoveStop(price_usd=level):
                events = self._moved_to(symbol, position, level)
            case ReducePart(quantity_base=part):
                events = self._reduce(position, part)
            case CloseAll():
                events = self._reduce(position, position.quantity_base)
            case unreachable:
                assert_never(unreachable)
        self._keep(symbol, track)
        return events

    def _moved_to(
        self, symbol: Symbol, position: Position, level: Decimal
    ) -> tuple[VenueEvent, ...]:
        instrument = self.instruments.find(symbol)
        if not isinstance(instrument, Instrument):
            return ()
        return self._move_stop(symbol, instrument.price_beyond(level, position.side))

    def _reduce(self, position: Position, quantity_base: Decimal) -> tuple[VenueEvent, ...]:
        symbol = position.symbol
        instrument = self.instruments.find(symbol)
        if isinstance(instrument, Instrument):
            quantity_base = instrument.reducible(position.quantity_base, quantity_base)
        intent_id = self._intents.get(symbol, IntentId(""))
        return self.exchange.reduce(
            Reduce(
                symbol=symbol,
                side=position.side.opposite,
                quantity_base=quantity_base,
                order_id=self._order_id(intent_id, Leg.REDUCE),
                intent_id=intent_id,
            )
        )

    def _move_stop(self, symbol: Symbol, level: Price) -> tuple[VenueEvent, ...]:
        """Rest a new stop, then end the old ones."""
        position = self.exchange.positions[symbol]
        old = tuple(self.exchange.stops.get(symbol, {}))
        intent_id = self._intents.get(symbol, IntentId(""))
        events = self.exchange.arm_stop(
            ArmStop(
                symbol=symbol,
                side=position.side.opposite,
                stop_price_usd=level.usd,
                order_id=self._order_id(intent_id, Leg.STOP),
                intent_id=intent_id,
            )
        )
        for order_id in old:
            events += self.exchange.cancel(Cancel(symbol=symbol, order_id=order_id))
        return events

    def _follow(self, symbol: Symbol, policy: HarvestPolicy) -> None:
        """Start, or restart, harvesting what is open."""
        position = self.exchange.positions.get(symbol)
        if position is None:
            self._tracks.pop(symbol, None)
            return
        self._tracks[symbol] = track_of(
            side=position.side,
            entry_price_usd=position.entry_price_usd,
            first_base=position.first_base,
            open_base=position.quantity_base,
            opened_ms=position.opened_ms,
            policy=policy,
            stop_price_usd=self.exchange.stop_price_usd(symbol),
        )

    def _keep(self, symbol: Symbol, track: Track) -> None:
        position = self.exchange.positions.get(symbol)
        if position is None:
            del self._tracks[symbol]
            return
        self._tracks[symbol] = observed(
            track,
            open_base=position.quantity_base,
            stop_price_usd=self.exchange.stop_price_usd(symbol),
        )

    def _order_id(self, intent_id: IntentId, leg: Leg) -> ClientOrderId:
        self._orders += 1
        book = self.exchange.book
        return client_order_id(IntentId(f"{book}:{intent_id}"), leg, attempt=self._orders)

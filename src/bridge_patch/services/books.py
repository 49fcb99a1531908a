"""A shadow book: a simulated account that trades what it is told and harvests by policy.

It answers "what would have happened", as asked or as governed, while nothing is traded. Its
events carry the book's own name and can never be taken for the account's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import assert_never, final

from bridge_patch.domain.events import Event, Filled, FillKind, Judged, StopArmed
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import (
    IntentId,
    Proposal,
    ReduceIntent,
    Side,
    StopDistance,
    Symbol,
    Unknown,
)
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.money import ZERO, Leverage, Price
from bridge_patch.domain.order import ClientOrderId, Leg, client_order_id
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.policy.harvesting import (
    Action,
    CloseAll,
    Hold,
    MoveStop,
    ReducePart,
    Track,
    observed,
    overdue,
    seen,
    step,
    track_of,
)
from bridge_patch.services.levels import stop_price
from bridge_patch.services.ports import AccountReading, Instruments
from bridge_patch.services.readings import reading_of
from bridge_patch.services.stories import Stories
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
    """One simulated account. Every method returns what happened, already applied.

    It is a fold of its events, of the verdicts before them and of the bars since: `fold`,
    `follow_open` and `see` lead to the state that the living book had. To close at market
    costs `exit_fraction` of the price.
    """

    exchange: Exchange
    instruments: Instruments
    exit_fraction: Decimal = ZERO
    _tracks: dict[Symbol, Track] = field(default_factory=dict)
    _stories: Stories = field(default_factory=Stories)
    _events: int = 0

    def enter(self, wish: Wish) -> tuple[VenueEvent, ...]:
        """Open, or enlarge, as wished; the venue's own rules still apply.

        As at the venue, the leverage is whole, cut down with the margin unchanged, and a
        position that cannot have its stop is closed again.
        """
        symbol = wish.symbol
        instrument, price = self.instruments.find(symbol), self.exchange.last_usd(symbol)
        whole = wish.proposal.leverage.times // 1
        if isinstance(instrument, Unknown) or isinstance(price, Unknown) or whole < 1:
            return ()
        quantity = instrument.quantity_of(
            wish.proposal.margin * Leverage(whole), Price(price)
        )
        if quantity <= 0:
            return ()
        self._stories.judged(wish.intent_id, wish.policy)
        events = self._entered(wish, quantity, int(whole))
        position = self.exchange.positions.get(symbol)
        if position is None or not any(
            isinstance(e, Filled) and e.kind is FillKind.ENTRY for e in events
        ):
            self._keep(symbol)
            return events
        level = stop_price(
            instrument, position.side, position.entry_price_usd, wish.stop.fraction
        )
        armed = self._rest_stop(symbol, level)
        if not any(isinstance(e, StopArmed) for e in armed):
            armed += self._reduce(position, position.quantity_base)
        self._follow(symbol)
        return events + armed

    def reduce(self, intent: ReduceIntent) -> tuple[VenueEvent, ...]:
        """Close as much of a position as asked, or all of it, or move its stop."""
        symbol = intent.symbol
        position = self.exchange.positions.get(symbol)
        if position is None or intent.side is position.side:
            return ()
        if intent.stop_at is not None:
            events = self._rest_stop(symbol, intent.stop_at)
        else:
            wanted = intent.quantity.base if intent.quantity else position.quantity_base
            events = self._reduce(position, wanted)
        self._keep(symbol)
        return events

    def on_tick(self, tick: Tick) -> tuple[VenueEvent, ...]:
        """Move the market, then harvest what was open before its bar began."""
        events = list(self._recorded(self.exchange.on_funding(tick.fundings)))
        for bar in tick.bars:
            events.extend(self._recorded(self.exchange.on_bar(bar)))
            self._keep(bar.symbol)
            events.extend(self._harvest(bar))
        for mark in tick.marks:
            events.extend(self._recorded(self.exchange.on_mark(mark)))
            self._keep(mark.symbol)
        silent = self._tracks.keys() - {bar.symbol for bar in tick.bars}
        for symbol in sorted(silent):
            if overdue(self._tracks[symbol], tick.at_ms):
                position = self.exchange.positions[symbol]
                events.extend(self._reduce(position, position.quantity_base))
                self._keep(symbol)
        return tuple(events)

    def see(self, tick: Tick) -> None:
        """Take in the prices of a tick that was played before; nothing is decided."""
        for bar in tick.bars:
            self.exchange.see(bar)
            track, story = self._tracks.get(bar.symbol), self._stories.of(bar.symbol)
            if track is not None and story is not None and bar.open_ms >= story.since_ms:
                self._tracks[bar.symbol] = seen(track, high=bar.high, low=bar.low)

    async def read(self) -> AccountReading | Unknown:
        """State this account as a venue would."""
        return reading_of(self.exchange)

    def fold(self, event: Event) -> None:
        """Take in one journaled event; `follow_open` ends the restoring."""
        if isinstance(event, Judged):
            self._stories.happened(event)
        elif isinstance(event, VenueEvent) and event.book is self.exchange.book:
            self.exchange.restore((event,))
            self._recorded((event,))

    def follow_open(self) -> None:
        """Go on harvesting what the journal left open."""
        for symbol in self.exchange.positions:
            self._follow(symbol)
            self._keep(symbol)

    def _entered(
        self, wish: Wish, quantity: Decimal, leverage: int
    ) -> tuple[VenueEvent, ...]:
        return self._recorded(
            self.exchange.enter(
                Enter(
                    symbol=wish.symbol,
                    side=wish.side,
                    quantity_base=quantity,
                    leverage=leverage,
                    order_id=self._order_id(wish.intent_id, Leg.ENTRY),
                    intent_id=wish.intent_id,
                )
            )
        )

    def _harvest(self, bar: Bar) -> tuple[VenueEvent, ...]:
        symbol, track = bar.symbol, self._tracks.get(bar.symbol)
        if track is None or bar.open_ms < track.opened_ms:
            return ()
        self._tracks[symbol], action = step(
            track, high=bar.high, low=bar.low, close=bar.close, now_ms=bar.close_ms
        )
        if isinstance(action, Hold):
            return ()
        events = self._done(symbol, self.exchange.positions[symbol], action)
        self._keep(symbol)
        return events

    def _done(
        self, symbol: Symbol, position: Position, action: Action
    ) -> tuple[VenueEvent, ...]:
        match action:
            case Hold():
                return ()
            case MoveStop(price_usd=level):
                instrument = self.instruments.find(symbol)
                if not isinstance(instrument, Instrument):
                    return ()
                return self._rest_stop(
                    symbol, instrument.price_beyond(level, position.side)
                )
            case ReducePart(quantity_base=part):
                return self._reduce(position, part)
            case CloseAll():
                return self._reduce(position, position.quantity_base)
            case unreachable:
                assert_never(unreachable)

    def _reduce(self, position: Position, quantity_base: Decimal) -> tuple[VenueEvent, ...]:
        symbol = position.symbol
        instrument = self.instruments.find(symbol)
        if isinstance(instrument, Instrument):
            quantity_base = instrument.reducible(position.quantity_base, quantity_base)
        intent_id = self._stories.owner(symbol)
        order = Reduce(
            symbol=symbol,
            side=position.side.opposite,
            quantity_base=quantity_base,
            order_id=self._order_id(intent_id, Leg.REDUCE),
            intent_id=intent_id,
        )
        return self._recorded(self.exchange.reduce(order))

    def _rest_stop(self, symbol: Symbol, level: Price) -> tuple[VenueEvent, ...]:
        """Rest a new stop, then end the old ones; they stay where it is refused."""
        position = self.exchange.positions[symbol]
        old = tuple(self.exchange.stops.get(symbol, {}))
        intent_id = self._stories.owner(symbol)
        events = self._recorded(
            self.exchange.arm_stop(
                ArmStop(
                    symbol=symbol,
                    side=position.side.opposite,
                    stop_price_usd=level.usd,
                    order_id=self._order_id(intent_id, Leg.STOP),
                    intent_id=intent_id,
                )
            )
        )
        if not any(isinstance(e, StopArmed) for e in events):
            return events
        for order_id in old:
            cancel = Cancel(symbol=symbol, order_id=order_id)
            events += self._recorded(self.exchange.cancel(cancel))
        return events

    def _follow(self, symbol: Symbol) -> None:
        """Start harvesting what was opened, from what it was opened with."""
        position, story = self.exchange.positions.get(symbol), self._stories.of(symbol)
        if position is None or story is None:
            self._tracks.pop(symbol, None)
            return
        self._tracks[symbol] = track_of(
            side=position.side,
            entry_price_usd=position.entry_price_usd,
            first_base=position.first_base,
            open_base=position.quantity_base,
            opened_ms=position.opened_ms,
            policy=story.policy,
            stop_price_usd=story.first_stop_usd,
            cost_usd=position.cost_usd,
            exit_fraction=self.exit_fraction,
        )

    def _keep(self, symbol: Symbol) -> None:
        """Take over what is open now; a track ends with its position."""
        track = self._tracks.pop(symbol, None)
        position = self.exchange.positions.get(symbol)
        if position is None or track is None:
            return
        self._tracks[symbol] = observed(
            track,
            open_base=position.quantity_base,
            stop_price_usd=self.exchange.stop_price_usd(symbol),
            cost_usd=position.cost_usd,
        )

    def _order_id(self, intent_id: IntentId, leg: Leg) -> ClientOrderId:
        """Make an id that the same history always gives, and no other order has."""
        book = self.exchange.book
        return client_order_id(IntentId(f"{book}:{intent_id}"), leg, attempt=self._events)

    def _recorded(self, events: tuple[VenueEvent, ...]) -> tuple[VenueEvent, ...]:
        """Count and remember what happened, lived or read in a journal."""
        self._events += len(events)
        for event in events:
            self._stories.happened(event)
        return events

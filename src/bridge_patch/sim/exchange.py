"""One account at the pure exchange: commands and bars in, events out and applied.

The account is a fold of the events (`ledger`); the last prices are the market's and are
learnt from bars. Nothing waits, nothing is remembered elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Protocol, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Bar, Funding, Mark
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    OrderRefused,
    StopArmed,
    TrailingSet,
    VenueEvent,
)
from bridge_patch.sim.bars import decide_bar, liquidation_level, moment, nearest
from bridge_patch.sim.commands import (
    ArmStop,
    ArmTrailing,
    Cancel,
    Command,
    Enter,
    Reduce,
)
from bridge_patch.sim.costs import Costs
from bridge_patch.sim.funding import decide_funding
from bridge_patch.sim.ledger import Ledger, evolve
from bridge_patch.sim.marks import Marks
from bridge_patch.sim.orders import decide_cancel, decide_enter, decide_reduce, decide_stop
from bridge_patch.sim.trades import Scene
from bridge_patch.sim.trailing import decide_trailing

COSTS: Final = Costs()


class Listing(Protocol):
    """Where the exchange's trading rules come from."""

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        """Return the rules of a listed contract, or why there are none."""
        ...


@final
class Exchange:
    """An exchange with one account, in one-way, isolated mode.

    Time is that of the newest bar or mark, or of the newest restored event before the
    first one. A symbol with marks is valued and traded at them.
    """

    def __init__(
        self,
        *,
        book: Book,
        wallet_usd: Decimal,
        instruments: Listing,
        costs: Costs = COSTS,
    ) -> None:
        self.book = book
        self.now_ms = UnixMs(0)
        self._costs = costs
        self._instruments = instruments
        self._ledger = Ledger(wallet_usd=wallet_usd)
        self._bars: dict[Symbol, Bar] = {}
        self._marks = Marks()
        self._traded_usd: dict[Symbol, Decimal] = {}
        self._levels: dict[Symbol, tuple[Position, Decimal]] = {}

    @property
    def ledger(self) -> Ledger:
        """The account, to be read."""
        return self._ledger

    @property
    def positions(self) -> Mapping[Symbol, Position]:
        """What is open."""
        return self._ledger.positions

    @property
    def stops(self) -> Mapping[Symbol, Mapping[ClientOrderId, StopArmed]]:
        """What rests at a price, oldest first."""
        return self._ledger.stops

    @property
    def trails(self) -> Mapping[Symbol, Mapping[ClientOrderId, TrailingSet]]:
        """What rests behind an extreme, oldest first, as it stands."""
        return self._ledger.trails

    @property
    def wallet_usd(self) -> Decimal:
        """Deposits plus everything realised, margins included."""
        return self._ledger.wallet_usd

    def available_usd(self) -> Decimal:
        """Return what is free to be posted as margin."""
        return self._ledger.available_usd

    def equity_usd(self) -> Decimal:
        """Return the wallet plus what is unrealised at the last prices."""
        equity = self._ledger.wallet_usd
        for symbol, position in self._ledger.positions.items():
            price = self._price_usd(symbol)
            # A position without a bar was restored, and its trades with it.
            equity += position.unrealised_usd(
                self._traded_usd[symbol] if price is None else price
            )
        return equity

    def last_usd(self, symbol: Symbol) -> Decimal | Unknown:
        """Return the last price, which stands in for the mark."""
        price = self._price_usd(symbol)
        return Unknown(f"no price of {symbol} yet") if price is None else price

    def stop_price_usd(self, symbol: Symbol) -> Decimal | None:
        """Return the level that fires first; None where nothing rests, or waits only."""
        position = self._ledger.positions.get(symbol)
        instrument = self._instruments.find(symbol)
        if position is None or isinstance(instrument, Unknown):
            return None
        level = nearest(
            position.side,
            self._ledger.stops.get(symbol, {}).values(),
            self._ledger.trails.get(symbol, {}).values(),
            instrument.price_tick,
        )
        return None if level is None else level.price_usd

    def enter(self, command: Enter) -> tuple[VenueEvent, ...]:
        """Set the leverage and send a market order that may open."""
        scene = self._scene(command)
        if isinstance(scene, OrderRefused):
            return self._applied((scene,))
        return self._applied(decide_enter(scene, command))

    def reduce(self, command: Reduce) -> tuple[VenueEvent, ...]:
        """Send a reduce-only market order."""
        scene = self._scene(command)
        if isinstance(scene, OrderRefused):
            return self._applied((scene,))
        return self._applied(decide_reduce(scene, command))

    def arm_stop(self, command: ArmStop) -> tuple[VenueEvent, ...]:
        """Rest a close-all stop."""
        scene = self._scene(command)
        if isinstance(scene, OrderRefused):
            return self._applied((scene,))
        return self._applied(decide_stop(scene, command))

    def arm_trailing(self, command: ArmTrailing) -> tuple[VenueEvent, ...]:
        """Rest a close-all trailing stop."""
        scene = self._scene(command)
        if isinstance(scene, OrderRefused):
            return self._applied((scene,))
        return self._applied(decide_trailing(scene, command))

    def cancel(self, command: Cancel) -> tuple[VenueEvent, ...]:
        """Take a resting order away."""
        event = decide_cancel(self._ledger, command, book=self.book, now_ms=self.now_ms)
        return self._applied((event,))

    def on_bar(self, bar: Bar) -> tuple[VenueEvent, ...]:
        """Move the market by one bar; a bar from before the newest changes nothing.

        Where marks came all through it they have fired what there was to fire, and of a
        position that is younger than the bar's open its extremes say nothing.
        """
        mark, known = self._marks.newest(bar.symbol), self._bars.get(bar.symbol)
        newest_ms = self.now_ms if mark is None else known.close_ms if known else 0
        if bar.close_ms < newest_ms:
            return ()
        self.now_ms = max(self.now_ms, bar.close_ms)
        self._bars[bar.symbol] = bar
        position = self._ledger.positions.get(bar.symbol)
        if position is None or self._marks.played(bar, position):
            return ()
        return self._on_position(bar, position)

    def on_mark(self, mark: Mark) -> tuple[VenueEvent, ...]:
        """Move one symbol's price between two bars: what it reaches fires at it."""
        if not self._marks.take(mark):
            return ()
        self.now_ms = max(self.now_ms, mark.at_ms)
        position = self._ledger.positions.get(mark.symbol)
        return () if position is None else self._on_position(moment(mark), position)

    def on_funding(self, fundings: Iterable[Funding]) -> tuple[VenueEvent, ...]:
        """Settle funding at the last prices; to be done before the bars that follow it."""
        events: list[VenueEvent] = []
        for funding in fundings:
            mark_usd = self._price_usd(funding.symbol)
            if mark_usd is not None:
                paid = decide_funding(
                    self._ledger, funding, book=self.book, mark_usd=mark_usd
                )
                events += self._applied(() if paid is None else (paid,))
        return tuple(events)

    def see(self, bar: Bar) -> None:
        """Take in a price and match nothing: what the bar did is in the account already."""
        self.now_ms = max(self.now_ms, bar.close_ms)
        self._bars[bar.symbol] = bar

    def restore(self, events: Iterable[VenueEvent]) -> None:
        """Fold events of this book onto the account; other books' are not ours."""
        for event in events:
            if event.book is not self.book:
                continue
            evolve(self._ledger, event)
            self.now_ms = max(self.now_ms, event.at_ms)
            if isinstance(event, Filled):
                self._bars.pop(event.symbol, None)
                self._traded_usd[event.symbol] = event.price_usd

    def scene(self, symbol: Symbol) -> Scene | None:
        """Return what a decision about the symbol may look at; None before its first price.

        For those who decide themselves, with `take`: a book of orders that rest.
        """
        instrument = self._instruments.find(symbol)
        last_usd = self._price_usd(symbol)
        if isinstance(instrument, Unknown) or last_usd is None:
            return None
        return self._at(instrument, last_usd)

    def take(self, events: tuple[VenueEvent, ...]) -> tuple[VenueEvent, ...]:
        """Book events that were decided on a scene of now."""
        return self._applied(events)

    def _on_position(self, bar: Bar, position: Position) -> tuple[VenueEvent, ...]:
        instrument = self._instruments.find(bar.symbol)
        if isinstance(instrument, Unknown):
            msg = f"{bar.symbol} has an open position and must be listed: {instrument.why}"
            raise InvalidValueError(msg)
        known, level = self._levels.get(bar.symbol, (None, Decimal(0)))
        if known is not position:
            level = liquidation_level(position, instrument)
            self._levels[bar.symbol] = position, level
        scene = self._at(instrument, bar.close)
        return self._applied(decide_bar(scene, bar, level))

    def _scene(self, command: Command) -> Scene | OrderRefused:
        instrument = self._instruments.find(command.symbol)
        if isinstance(instrument, Unknown):
            return self._refusal(command, "-1121", "Invalid symbol.")
        last_usd = self._price_usd(command.symbol)
        if last_usd is None:
            return self._refusal(command, "-1112", "No orders on book for symbol.")
        return self._at(instrument, last_usd)

    def _refusal(self, command: Command, code: str, message: str) -> OrderRefused:
        return OrderRefused(
            book=self.book,
            at_ms=self.now_ms,
            symbol=command.symbol,
            order_id=command.order_id,
            code=code,
            message=message,
        )

    def _price_usd(self, symbol: Symbol) -> Decimal | None:
        """Return the mark; without one the newest close, or what was traded last."""
        if mark := self._marks.newest(symbol):
            return mark.mark_usd
        bar = self._bars.get(symbol)
        return self._traded_usd.get(symbol) if bar is None else bar.close

    def _at(self, instrument: Instrument, last_usd: Decimal) -> Scene:
        bar = self._bars.get(instrument.symbol)
        return Scene(
            book=self.book,
            now_ms=self.now_ms,
            ledger=self._ledger,
            costs=self._costs,
            instrument=instrument,
            last_usd=last_usd,
            volume_base=None if bar is None else bar.volume,
        )

    def _applied(self, events: tuple[VenueEvent, ...]) -> tuple[VenueEvent, ...]:
        for event in events:
            evolve(self._ledger, event)
        return events

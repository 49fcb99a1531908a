"""The exit brain: harvests each open position by the policy that came with it.

It holds no venue. What it decides is a ReduceIntent on the bus, judged and sent by the one
execution path like any other.

Where it lacks what it decides by, bars of what is open or a statement that can be read, it
says so: the stop at the venue holds, and nothing new is opened.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, assert_never, final

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, ReduceIntent, Symbol, UnixMs
from bridge_patch.domain.market import Bar, Tick
from bridge_patch.domain.money import Price, Quantity
from bridge_patch.policy.harvesting import (
    Action,
    CloseAll,
    ExitReason,
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
from bridge_patch.services.exit_ids import exit_id
from bridge_patch.services.exit_sight import Sight
from bridge_patch.services.messages import PositionUpdate, Unreadable
from bridge_patch.services.ports import Instruments, Outbox, Outcomes, Telemetry

__all__ = ["SOURCE", "ExitBrain", "exit_id"]

SOURCE: Final = "exit-brain"


@final
@dataclass(frozen=True, slots=True)
class _Followed:
    """A position under harvest, whose intent opened it, and since which bar it counts.

    What was added to a position begins it anew: bars from before then are not about it.
    """

    intent_id: IntentId
    track: Track
    since_ms: UnixMs


@final
@dataclass(slots=True)
class ExitBrain:
    """Follows position updates and bars. What it knows it can learn again from both."""

    outcomes: Outcomes
    outbox: Outbox
    instruments: Instruments
    telemetry: Telemetry
    sight: Sight = field(init=False)
    _followed: dict[Symbol, _Followed] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.sight = Sight(self.telemetry)

    async def act(self, tick: Tick, mark: Callable[[], Awaitable[None]]) -> bool:
        """Decide on new bars and ask; `mark` comes before anything is on the bus."""
        intents = await self.decide(tick)
        if intents:
            await mark()
            await self.ask(intents)
        return bool(intents)

    async def decide(self, tick: Tick) -> tuple[ReduceIntent, ...]:
        """Take in what changed and the new bars; return the reductions to ask for.

        Of a position whose market is silent only the longest hold can be judged.
        """
        await self.catch_up()
        asked = [self._harvest(bar) for bar in tick.bars]
        silent = self._followed.keys() - {bar.symbol for bar in tick.bars}
        asked += [self._outlasted(symbol, tick.at_ms) for symbol in sorted(silent)]
        self.sight.at(tick.at_ms)
        return tuple(intent for intent in asked if intent is not None)

    async def ask(self, intents: Sequence[ReduceIntent]) -> None:
        """Put decided reductions on the bus."""
        for intent in intents:
            await self.outbox.reduce(intent)

    async def pulse(self, now_ms: UnixMs) -> None:
        """Notice what has fallen silent: whoever asks lives in the same process."""
        self.sight.at(now_ms)

    def see(self, tick: Tick) -> None:
        """Take in bars that were decided upon before: only the best prices may change."""
        for bar in tick.bars:
            followed = self._concerned(bar)
            if followed is not None:
                track = seen(followed.track, high=bar.high, low=bar.low)
                self._followed[bar.symbol] = replace(followed, track=track)

    def blind(self) -> tuple[Symbol, ...]:
        """Return the open positions of which it lacks what it decides by."""
        return self.sight.blind()

    async def catch_up(self) -> None:
        """Take in every position change there is, oldest first."""
        while updates := await self.outcomes.positions(wait_ms=0):
            for update in updates:
                self._follow(update)

    def tracks(self) -> dict[Symbol, Track]:
        """Return what is harvested, and how far."""
        return {symbol: followed.track for symbol, followed in self._followed.items()}

    def _follow(self, update: PositionUpdate | Unreadable) -> None:
        self.sight.told(update)
        if isinstance(update, Unreadable):
            return
        if update.quantity_base == 0:
            self._followed.pop(update.symbol, None)
            return
        known = self._followed.get(update.symbol)
        if known is not None and _is_of(known, update):
            track = observed(
                known.track,
                open_base=update.quantity_base,
                stop_price_usd=update.stop_price_usd,
                partial_done=update.partial_asked,
                cost_usd=update.cost_usd,
                exit_fraction=update.exit_fraction,
            )
            self._followed[update.symbol] = replace(known, track=track)
            return
        added = known is not None and known.track.opened_ms == update.opened_ms
        self._followed[update.symbol] = _Followed(
            update.intent_id,
            _track(update),
            since_ms=update.at_ms if added else update.opened_ms,
        )

    def _concerned(self, bar: Bar) -> _Followed | None:
        """Return the position that a bar is about: it began with the bar, or before."""
        followed = self._followed.get(bar.symbol)
        if followed is None:
            return None
        self.sight.saw(bar)
        return followed if bar.open_ms >= followed.since_ms else None

    def _harvest(self, bar: Bar) -> ReduceIntent | None:
        followed = self._concerned(bar)
        if followed is None:
            return None
        before = followed.track
        track, action = step(
            before, high=bar.high, low=bar.low, close=bar.close, now_ms=bar.close_ms
        )
        self._followed[bar.symbol] = replace(followed, track=track)
        return self._intent(bar.symbol, bar.close_ms, before, action)

    def _outlasted(self, symbol: Symbol, at_ms: UnixMs) -> ReduceIntent | None:
        track = self._followed[symbol].track
        if not overdue(track, at_ms):
            return None
        return self._intent(symbol, at_ms, track, CloseAll(reason=ExitReason.MAX_HOLD))

    def _intent(
        self, symbol: Symbol, at_ms: UnixMs, track: Track, action: Action
    ) -> ReduceIntent | None:
        match action:
            case Hold():
                return None
            case ReducePart(quantity_base=part, reason=reason):
                return _reduction(symbol, at_ms, track, reason, quantity=Quantity(part))
            case CloseAll(reason=reason):
                return _reduction(symbol, at_ms, track, reason)
            case MoveStop(price_usd=level, reason=reason):
                stop_at = self._on_tick_grid(symbol, track, level)
                if stop_at is None or stop_at.usd == track.stop_price_usd:
                    return None
                return _reduction(symbol, at_ms, track, reason, stop_at=stop_at)
            case unreachable:
                assert_never(unreachable)

    def _on_tick_grid(self, symbol: Symbol, track: Track, level: Decimal) -> Price | None:
        instrument = self.instruments.find(symbol)
        if not isinstance(instrument, Instrument):
            return None
        return instrument.price_beyond(level, track.side)


def _is_of(known: _Followed, update: PositionUpdate) -> bool:
    """Tell whether an update is about the position that is followed already."""
    track = known.track
    return (known.intent_id, track.opened_ms, track.first_base) == (
        update.intent_id,
        update.opened_ms,
        update.first_base,
    )


def _track(update: PositionUpdate) -> Track:
    """Begin with a position, or begin anew after a restart, from what is stated of it."""
    return track_of(
        side=update.side,
        entry_price_usd=update.entry_price_usd,
        first_base=update.first_base,
        open_base=update.quantity_base,
        opened_ms=update.opened_ms,
        policy=update.policy,
        stop_price_usd=update.stop_price_usd,
        partial_done=update.partial_asked,
        cost_usd=update.cost_usd,
        exit_fraction=update.exit_fraction,
    )


def _reduction(
    symbol: Symbol,
    at_ms: UnixMs,
    track: Track,
    reason: ExitReason,
    *,
    quantity: Quantity | None = None,
    stop_at: Price | None = None,
) -> ReduceIntent:
    """Ask for a reduction under an id that the same position and bar always give."""
    return ReduceIntent(
        id=exit_id(symbol, track.opened_ms, at_ms, reason),
        symbol=symbol,
        side=None,
        quantity=quantity,
        stop_at=stop_at,
        simulate=False,
        reason=reason,
        created_ms=at_ms,
        source=SOURCE,
    )

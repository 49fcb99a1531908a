"""The exit brain: harvests each open position by the policy that came with it.

It holds no venue. What it decides is a ReduceIntent on the bus, judged and sent by the one
execution path like any other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
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
from bridge_patch.services.messages import PositionUpdate
from bridge_patch.services.ports import Instruments, Outbox, Outcomes

SOURCE: Final = "exit-brain"


@final
@dataclass(frozen=True, slots=True)
class _Followed:
    """A position under harvest, and whose intent opened it."""

    intent_id: IntentId
    track: Track


@final
@dataclass(slots=True)
class ExitBrain:
    """Follows position updates and bars. What it knows it can learn again from both."""

    outcomes: Outcomes
    outbox: Outbox
    instruments: Instruments
    _followed: dict[Symbol, _Followed] = field(default_factory=dict)

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
        return tuple(intent for intent in asked if intent is not None)

    async def ask(self, intents: Sequence[ReduceIntent]) -> None:
        """Put decided reductions on the bus."""
        for intent in intents:
            await self.outbox.reduce(intent)

    async def pulse(self, now_ms: UnixMs) -> None:
        """Do nothing: whoever asks lives in the same process."""

    def see(self, tick: Tick) -> None:
        """Take in bars that were decided upon before: only the best prices may change."""
        for bar in tick.bars:
            followed = self._followed.get(bar.symbol)
            if followed is not None and bar.open_ms >= followed.track.opened_ms:
                track = seen(followed.track, high=bar.high, low=bar.low)
                self._followed[bar.symbol] = _Followed(followed.intent_id, track)

    async def catch_up(self) -> None:
        """Take in every position change there is, oldest first."""
        while updates := await self.outcomes.positions(wait_ms=0):
            for update in updates:
                self._follow(update)

    def tracks(self) -> dict[Symbol, Track]:
        """Return what is harvested, and how far."""
        return {symbol: followed.track for symbol, followed in self._followed.items()}

    def _follow(self, update: PositionUpdate) -> None:
        if update.quantity_base == 0:
            self._followed.pop(update.symbol, None)
            return
        known = self._followed.get(update.symbol)
        if known is not None and _is_of(known, update):
            track = observed(
                known.track,
                open_base=update.quantity_base,
                stop_price_usd=update.stop_price_usd,
            )
        else:
            track = track_of(
                side=update.side,
                entry_price_usd=update.entry_price_usd,
                first_base=update.first_base,
                open_base=update.quantity_base,
                opened_ms=update.opened_ms,
                policy=update.policy,
                stop_price_usd=update.stop_price_usd,
            )
        self._followed[update.symbol] = _Followed(update.intent_id, track)

    def _harvest(self, bar: Bar) -> ReduceIntent | None:
        followed = self._followed.get(bar.symbol)
        if followed is None or bar.open_ms < followed.track.opened_ms:
            return None
        before = followed.track
        track, action = step(
            before, high=bar.high, low=bar.low, close=bar.close, now_ms=bar.close_ms
        )
        self._followed[bar.symbol] = _Followed(followed.intent_id, track)
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


def exit_id(symbol: Symbol, opened_ms: UnixMs, at_ms: UnixMs, reason: str) -> IntentId:
    """Derive an exit's id from the position and the moment, and from no market value."""
    return IntentId(f"x-{symbol}-{opened_ms}-{at_ms}-{reason.lower().replace('_', '-')}")

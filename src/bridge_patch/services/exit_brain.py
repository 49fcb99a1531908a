"""The exit brain: harvests each open position by the policy that came with it.

It holds no venue. What it decides is a ReduceIntent on the bus, judged and sent by the one
execution path like any other.
"""

from __future__ import annotations

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
    step,
    track_of,
)
from bridge_patch.services.messages import PositionUpdate
from bridge_patch.services.ports import Instruments, Outbox, Outcomes

SOURCE: Final = "exit-brain"


@final
@dataclass(slots=True)
class ExitBrain:
    """Follows position updates and bars. What it knows it can learn again from both."""

    outcomes: Outcomes
    outbox: Outbox
    instruments: Instruments
    _tracks: dict[Symbol, Track] = field(default_factory=dict)

    async def on_tick(self, tick: Tick) -> int:
        """Take in what changed and the new bars; return how many reductions went out."""
        await self.catch_up()
        asked = 0
        for bar in tick.bars:
            track = self._tracks.get(bar.symbol)
            if track is None or bar.open_ms < track.opened_ms:
                continue
            intent = self._harvest(bar, track)
            if intent is not None:
                await self.outbox.reduce(intent)
                asked += 1
        return asked

    async def catch_up(self) -> None:
        """Take in every position change there is, oldest first."""
        while updates := await self.outcomes.positions(wait_ms=0):
            for update in updates:
                self._follow(update)

    def _follow(self, update: PositionUpdate) -> None:
        if update.quantity_base == 0:
            self._tracks.pop(update.symbol, None)
            return
        known = self._tracks.get(update.symbol)
        if known is not None and known.opened_ms == update.opened_ms:
            self._tracks[update.symbol] = observed(
                known, open_base=update.quantity_base, stop_price_usd=update.stop_price_usd
            )
            return
        self._tracks[update.symbol] = track_of(
            side=update.side,
            entry_price_usd=update.entry_price_usd,
            first_base=update.first_base,
            open_base=update.quantity_base,
            opened_ms=update.opened_ms,
            policy=update.policy,
            stop_price_usd=update.stop_price_usd,
        )

    def _harvest(self, bar: Bar, track: Track) -> ReduceIntent | None:
        after, action = step(
            track, high=bar.high, low=bar.low, close=bar.close, now_ms=bar.close_ms
        )
        self._tracks[bar.symbol] = after
        return self._intent(bar, track, action)

    def _intent(self, bar: Bar, track: Track, action: Action) -> ReduceIntent | None:
        match action:
            case Hold():
                return None
            case ReducePart(quantity_base=part, reason=reason):
                return _reduction(bar, track, reason, quantity=Quantity(part))
            case CloseAll(reason=reason):
                return _reduction(bar, track, reason)
            case MoveStop(price_usd=level, reason=reason):
                stop_at = self._on_tick_grid(bar.symbol, track, level)
                if stop_at is None or stop_at.usd == track.stop_price_usd:
                    return None
                return _reduction(bar, track, reason, stop_at=stop_at)
            case unreachable:
                assert_never(unreachable)

    def _on_tick_grid(self, symbol: Symbol, track: Track, level: Decimal) -> Price | None:
        instrument = self.instruments.find(symbol)
        if not isinstance(instrument, Instrument):
            return None
        return instrument.price_beyond(level, track.side)


def _reduction(
    bar: Bar,
    track: Track,
    reason: ExitReason,
    *,
    quantity: Quantity | None = None,
    stop_at: Price | None = None,
) -> ReduceIntent:
    """Ask for a reduction under an id that the same position and bar always give."""
    return ReduceIntent(
        id=exit_id(bar.symbol, track.opened_ms, bar.close_ms, reason),
        symbol=bar.symbol,
        side=None,
        quantity=quantity,
        stop_at=stop_at,
        simulate=False,
        reason=reason,
        created_ms=bar.close_ms,
        source=SOURCE,
    )


def exit_id(symbol: Symbol, opened_ms: UnixMs, at_ms: UnixMs, reason: str) -> IntentId:
    """Derive an exit's id from the position and the moment, and from no market value."""
    return IntentId(f"x-{symbol}-{opened_ms}-{at_ms}-{reason.lower().replace('_', '-')}")

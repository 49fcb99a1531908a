"""Where a position's stop lies, and on which side of its liquidation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Symbol, Unknown
from bridge_patch.domain.money import ONE, Price
from bridge_patch.domain.position import Position
from bridge_patch.policy.sizing import STOP_FRACTION
from bridge_patch.services.plans import Plan
from bridge_patch.services.ports import AccountReading, PositionReading
from bridge_patch.sim.bars import liquidation_level

#: A position found without a plan gets the sizer's stop at factor 1 from its entry.
FALLBACK_STOP: Final = STOP_FRACTION


@final
@dataclass(frozen=True, slots=True)
class Stated:
    """What the venue stated of a position, and what the journal had of it by then."""

    reading: PositionReading
    position: Position

    def is_about(self, position: Position) -> bool:
        """Tell whether it was said of this very position, of all of it and no more.

        The venue's entry price is rounded, so it is ours of then that tells them apart: the
        next position may have the same side and quantity, and another leverage.
        """
        told = self.reading.side, self.reading.quantity_base
        return told == (position.side, position.quantity_base) and (
            self.position.opened_ms,
            self.position.signed_base,
            self.position.entry_price_usd,
        ) == (position.opened_ms, position.signed_base, position.entry_price_usd)


def stated_in(
    read: AccountReading, positions: Mapping[Symbol, Position]
) -> Iterator[tuple[Symbol, Stated]]:
    """Yield what a reading says of the positions that were open when it was made."""
    for reading in read.positions:
        position = positions.get(reading.symbol)
        if position is not None and position.opened_ms <= read.at_ms:
            yield reading.symbol, Stated(reading, position)


def stop_price(
    instrument: Instrument, side: Side, entry_usd: Decimal, fraction: Decimal
) -> Price:
    """Return the stop that far from the entry, on the tick, on the side of the entry."""
    return instrument.price_beyond(entry_usd * (ONE - side.sign * fraction), side)


def hard_stop(
    position: Position, plan: Plan | None, instrument: Instrument | Unknown
) -> Price | None:
    """Return the level the position was sized for, from its own average fill.

    None where there can be none.
    """
    if isinstance(instrument, Unknown):
        return None
    planned = plan.stop_fraction if plan else None
    fraction = FALLBACK_STOP if planned is None else planned
    try:
        return stop_price(instrument, position.side, position.entry_price_usd, fraction)
    except InvalidValueError:
        return None


def liquidated_first(
    position: Position,
    stop_usd: Decimal,
    instrument: Instrument | Unknown,
    stated: Stated | None = None,
) -> Decimal | None:
    """Return the level at which liquidation comes no later than the stop; None: later.

    It is computed from the position as the journal has it, under the rules of now; `stated`
    may say a nearer one, if it is about this very position.
    """
    sign = position.side.sign
    levels = [*_computed(position, instrument), *_stated(position, stated)]
    nearest = max(levels, key=lambda level: sign * level, default=None)
    if nearest is None or sign * (stop_usd - nearest) > 0:
        return None
    return nearest


def _computed(position: Position, instrument: Instrument | Unknown) -> Iterator[Decimal]:
    """Yield the level by the venue's formula; a long that is fully backed has none."""
    if isinstance(instrument, Unknown):
        return
    level = liquidation_level(position, instrument)
    if level > 0 or position.side is Side.SELL:
        yield level


def _stated(position: Position, stated: Stated | None) -> Iterator[Decimal]:
    """Yield the venue's own figure; none and zero mean that it does not say."""
    level = stated.reading.liquidation_usd if stated else None
    if level and stated is not None and stated.is_about(position):
        yield level

"""Where a position's stop lies, and on which side of its liquidation."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Unknown
from bridge_patch.domain.money import ONE, Price
from bridge_patch.domain.position import Position
from bridge_patch.policy.sizing import STOP_FRACTION
from bridge_patch.services.plans import Plan
from bridge_patch.services.ports import PositionReading
from bridge_patch.sim.bars import liquidation_level

#: A position found without a plan gets the sizer's stop at factor 1 from its entry.
FALLBACK_STOP: Final = STOP_FRACTION


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
    stated: PositionReading | None = None,
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


def _stated(position: Position, stated: PositionReading | None) -> Iterator[Decimal]:
    """Yield the venue's own figure; none and zero mean that it does not say."""
    if stated is None or not stated.liquidation_usd:
        return
    told = (stated.side, stated.quantity_base)
    if told == (position.side, position.quantity_base):
        yield stated.liquidation_usd

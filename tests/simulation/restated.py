"""A venue whose account reading and whose records are of one mind, whatever they claim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge_patch.domain.intent import Unknown
from bridge_patch.domain.venue_records import PositionRecord, VenueRecords
from bridge_patch.services.ports import PositionReading

#: What a position of somebody else's is said to have been opened at.
LEVERAGE = 10


def restated(
    read: VenueRecords | Unknown, positions: Sequence[PositionReading]
) -> VenueRecords | Unknown:
    """The same records, but for what is open."""
    if isinstance(read, Unknown):
        return read
    leverages = {record.symbol: record.leverage for record in read.positions}
    return replace(
        read,
        positions=tuple(
            PositionRecord(
                symbol=one.symbol,
                side=one.side,
                quantity_base=one.quantity_base,
                entry_price_usd=one.entry_price_usd,
                leverage=leverages.get(one.symbol, LEVERAGE),
                isolated=True,
            )
            for one in positions
        ),
    )

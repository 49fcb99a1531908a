"""Positions that the venue states without a stop, though the journal believes in one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.events import Book, OrderEnded
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.plans import UNSTATED
from bridge_patch.services.ports import AccountReading

#: So long may the venue state a position without the stop that guards it: its lists lag,
#: and an adapter may take some seconds to follow a stop that fired to its trades.
UNCOVERED_MAX_MS: Final = 10_000


@final
@dataclass(slots=True)
class Uncovered:
    """Since when the venue states a position of ours without the stop we believe in.

    One reading that states a stop, another stop, or a position that is not ours begins it
    anew; a reading that could not be had says nothing.
    """

    _since_ms: dict[ClientOrderId, UnixMs] = field(default_factory=dict)

    def gone(self, ledger: Ledger, read: AccountReading) -> tuple[OrderEnded, ...]:
        """Take in a reading; return the end of the stops that were missing for too long.

        With that the position is NAKED, and is protected or closed as any such one. The
        stops may rest for all that, so they are swept as what another plan left.
        """
        stated, before = {p.symbol: p for p in read.positions}, self._since_ms
        self._since_ms, ended = {}, []
        for symbol, position in ledger.positions.items():
            guard, their = ledger.guard(symbol), stated.get(symbol)
            if guard is None or their is None or their.side is not position.side:
                continue
            if their.stop_price_usd is not None:
                continue
            since_ms = before.get(guard.order_id, read.at_ms)
            self._since_ms[guard.order_id] = since_ms
            if read.at_ms - since_ms >= UNCOVERED_MAX_MS:
                ended += [
                    OrderEnded(
                        book=Book.ACCOUNT,
                        at_ms=read.at_ms,
                        symbol=symbol,
                        order_id=stop.order_id,
                        reason=UNSTATED,
                    )
                    for stop in ledger.plans[symbol].stops
                ]
        return tuple(ended)

"""What is open on a symbol, or may be, as far as the ledger knows."""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import Leg, OrderState
from bridge_patch.domain.position import MayBeOpen, Position
from bridge_patch.services.doubt import Doubt
from bridge_patch.services.ledger import Ledger


def standing(ledger: Ledger, symbol: Symbol) -> Position | MayBeOpen | None:
    """Return what is open; else what an entry in doubt may have opened. None is flat.

    Of an entry that is counted in part, that part is open: more shows when it is told.
    """
    position, doubt = ledger.positions.get(symbol), _entry_in_doubt(ledger, symbol)
    untold_base = reducible_base(ledger, symbol)
    if position is not None or doubt is None or untold_base <= 0:
        return position
    return MayBeOpen(symbol, untold_base * doubt.order.side.sign)


def reducible_base(ledger: Ledger, symbol: Symbol) -> Decimal:
    """Return the most that a reduction can find: what is open, and what may be."""
    position, doubt = ledger.positions.get(symbol), _entry_in_doubt(ledger, symbol)
    open_base = position.quantity_base if position else ZERO
    if doubt is None:
        return open_base
    reduced_base = ledger.early.quantity_base(symbol, doubt.order.at_ms)
    return open_base + max(ZERO, doubt.untold_base - reduced_base)


def _entry_in_doubt(ledger: Ledger, symbol: Symbol) -> Doubt | None:
    """Return the entry that may have come; one that was only announced has not left."""
    for doubt in ledger.in_doubt.values():
        entry = doubt.order.symbol == symbol and doubt.order.leg is Leg.ENTRY
        if entry and doubt.state is not OrderState.SENDING:
            return doubt
    return None

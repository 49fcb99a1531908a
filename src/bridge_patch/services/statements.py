"""What was said of each position, so that a change is stated and a standstill is not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import final

from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.messages import PositionUpdate
from bridge_patch.services.plans import View


@final
@dataclass(slots=True)
class Statements:
    """Remembers the last statement about each symbol of this run.

    After a restart it remembers nothing, so that every symbol ever held is stated again,
    open or flat: what a crash kept from being published is not lost.
    """

    _stated: dict[Symbol, View] = field(default_factory=dict)

    def due(
        self, ledger: Ledger, at_ms: UnixMs, *, asked: Collection[Symbol] = ()
    ) -> tuple[PositionUpdate, ...]:
        """Return what changed since it was last stated, and the symbols in `asked`."""
        updates = []
        for symbol in ledger.symbols():
            view = ledger.view(symbol)
            if symbol in asked or self._stated.get(symbol) != view:
                self._stated[symbol] = view
                updates.append(ledger.update(symbol, at_ms))
        return tuple(updates)

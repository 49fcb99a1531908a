"""Marks: what a venue values positions at between two bars, as far as they came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Mark
from bridge_patch.domain.position import Position

#: Marks that are further apart have let something pass between them.
MARK_GAP_MAX_MS: Final = 10_000


@final
@dataclass(slots=True)
class Marks:
    """Each symbol's newest mark, and since when they have come without a gap."""

    _newest: dict[Symbol, Mark] = field(default_factory=dict)
    _since_ms: dict[Symbol, UnixMs] = field(default_factory=dict)

    def newest(self, symbol: Symbol) -> Mark | None:
        """Return the newest mark; None of a symbol that has none."""
        return self._newest.get(symbol)

    def take(self, mark: Mark) -> bool:
        """Take in a mark; one that is not newer changes nothing, and that is told."""
        known = self._newest.get(mark.symbol)
        if known is not None and mark.at_ms <= known.at_ms:
            return False
        if known is None or mark.at_ms - known.at_ms > MARK_GAP_MAX_MS:
            self._since_ms[mark.symbol] = mark.at_ms
        self._newest[mark.symbol] = mark
        return True

    def played(self, bar: Bar, position: Position) -> bool:
        """Tell whether marks have played all of a bar that the position was there for."""
        mark = self._newest.get(bar.symbol)
        if mark is None:
            return False
        if position.opened_ms > bar.open_ms:
            return True
        begun_ms = self._since_ms[bar.symbol]
        return begun_ms <= bar.open_ms and mark.at_ms > bar.close_ms - MARK_GAP_MAX_MS

"""Since when the venue holds something else than was told, symbol by symbol.

A stream that lives again may have missed a trade, and the records that were asked then may
have lagged. Such a trade is told by nobody any more: only the position shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO

#: For so long the two may be apart: the stream is behind a reading, or ahead of it.
APART_MAX_MS: Final = 5_000
#: The records are asked again after this long; somebody else's position stays apart.
AGAIN_MS: Final = 60_000


@final
@dataclass(slots=True)
class Agreement:
    """When each symbol's position was last as told, by our clock; in ms.

    `apart_ms` is since when it is not.
    """

    agreed_ms: dict[Symbol, int] = field(default_factory=dict)
    apart_ms: dict[Symbol, int] = field(default_factory=dict)
    _asked_ms: int | None = None

    def compare(
        self, held: Mapping[Symbol, Decimal], told: Mapping[Symbol, Decimal], now_ms: int
    ) -> None:
        """Hold a reading of all positions, signed, against what was told."""
        for symbol in {*held, *told, *self.apart_ms}:
            if held.get(symbol, ZERO) == told.get(symbol, ZERO):
                self.agreed_ms[symbol] = now_ms
                self.apart_ms.pop(symbol, None)
            else:
                self.apart_ms.setdefault(symbol, now_ms)

    def since_ms(self, symbol: Symbol) -> int | None:
        """Return from when on something is missing; None where nothing is known to be."""
        return self.agreed_ms.get(symbol) if symbol in self.apart_ms else None

    def is_due(self, now_ms: int) -> bool:
        """Tell whether to ask the records again, and note that it is done."""
        late = any(now_ms - since > APART_MAX_MS for since in self.apart_ms.values())
        asked_ago_ms = AGAIN_MS if self._asked_ms is None else now_ms - self._asked_ms
        if not late or 0 <= asked_ago_ms < AGAIN_MS:
            return False
        self._asked_ms = now_ms
        return True

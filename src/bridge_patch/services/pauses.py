"""How long that waits which was tried and did not help, before it is tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId

#: After the first failure the next try waits for so long, twice as long each time, at most.
WAIT_MS: Final = 250
WAIT_MAX_MS: Final = 5_000


@final
@dataclass(frozen=True, slots=True)
class Tried:
    """How often something was tried that is still to be done, and when last."""

    tries: int
    last_ms: UnixMs

    def waits(self, now_ms: UnixMs) -> bool:
        """Tell whether the last try is too fresh for another."""
        return 0 <= now_ms - self.last_ms < wait_ms(self.tries)


@final
@dataclass(slots=True)
class Cancels:
    """Which stops were to be cancelled that may still rest: asked for, and not answered.

    It is this process's alone: after a restart each is asked for at once.
    """

    tried: dict[ClientOrderId, Tried] = field(default_factory=dict)

    def waits(self, order_id: ClientOrderId, now_ms: UnixMs) -> bool:
        """Tell whether a stop's cancel was asked for too lately to be asked for again."""
        before = self.tried.get(order_id)
        return before is not None and before.waits(now_ms)

    def asked(self, order_id: ClientOrderId, now_ms: UnixMs) -> None:
        """Count a cancel that is about to leave."""
        before = self.tried.get(order_id)
        self.tried[order_id] = Tried(before.tries + 1 if before else 1, now_ms)

    def keep(self, resting: Iterable[ClientOrderId]) -> None:
        """Forget every stop but those that rest, or may."""
        if self.tried:
            known = set(resting)
            self.tried = {n: tried for n, tried in self.tried.items() if n in known}


def wait_ms(tries: int) -> int:
    """Return how long the next try waits after so many that did not help.

    >>> [wait_ms(n) for n in (1, 2, 3, 9, 10_000)]
    [250, 500, 1000, 5000, 5000]
    """
    return min(WAIT_MS << min(tries - 1, 8), WAIT_MAX_MS)

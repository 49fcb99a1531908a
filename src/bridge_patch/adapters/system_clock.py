"""The machine's clock: it stamps when a thing was recorded; nothing is decided by it."""

from __future__ import annotations

import time
from typing import final

from bridge_patch.domain.intent import UnixMs


@final
class SystemClock:
    """The Clock port, in wall-clock time."""

    def now_ms(self) -> UnixMs:
        return UnixMs(time.time_ns() // 1_000_000)

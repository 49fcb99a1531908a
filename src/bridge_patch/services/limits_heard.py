"""Whether execution and exit process work under the same limits; an alarm where not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from bridge_patch.services.ports import Telemetry


@final
@dataclass(slots=True, kw_only=True)
class LimitsHeard:
    """Compares the limits' hash that the `other` process states with `ours`.

    An alarm and nothing else: whoever reduces is never stopped. "" states nothing.
    """

    ours: str
    other: str
    telemetry: Telemetry
    _differs: str = ""

    def hear(self, theirs: str) -> None:
        """Say it once for each hash that is not ours, and once when it is ours again."""
        if theirs in ("", self._differs):
            return
        if theirs != self.ours:
            self._differs = theirs
            what = (
                f"LIMITS_MISMATCH: {self.other} works under other limits: reductions go on;"
                " restart all of them with the same settings"
            )
            self.telemetry.note("EXITS", what, theirs=theirs, ours=self.ours)
        elif self._differs:
            self._differs = ""
            what = f"{self.other} works under the same limits again"
            self.telemetry.note("EXITS", what, limits=self.ours)

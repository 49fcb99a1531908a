"""Telemetry that cannot fail: what is shown never decides what is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

from bridge_patch.domain.events import Event
from bridge_patch.services.messages import Draft
from bridge_patch.services.ports import Telemetry


@final
@dataclass(slots=True)
class Quiet:
    """Passes everything on, and counts what was lost where that raised."""

    telemetry: Telemetry
    lost: int = 0

    def tell(self, event: Event) -> None:
        """Show one journaled event."""
        try:
            self.telemetry.tell(event)
        except Exception:  # noqa: BLE001 - as below; it is told some eight times an intent
            self.lost += 1

    def published(self, draft: Draft) -> None:
        """Show that an intent went out."""
        self._try(lambda: self.telemetry.published(draft))

    def note(self, area: str, message: str, **facts: object) -> None:
        """Show something that is not a decision."""
        self._try(lambda: self.telemetry.note(area, message, **facts))

    def _try(self, show: Callable[[], None]) -> None:
        try:
            show()
        except Exception:  # noqa: BLE001 - a line that cannot be shown changes nothing
            self.lost += 1

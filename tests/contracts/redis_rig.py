"""What the tests of the bus on a server share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bridge_patch.adapters.bus_redis import RedisBus
from tests.contracts.sites import ABANDONED_MS


@dataclass
class Heard:
    """What the bus told the person who runs it."""

    told: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def __call__(self, area: str, message: str, **facts: object) -> None:
        assert area == "BUS"
        self.told.append((message, facts))


class Connect(Protocol):
    def __call__(self, abandoned_ms: int = ABANDONED_MS) -> RedisBus: ...

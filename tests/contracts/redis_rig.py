"""What the tests of the bus on a server share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.domain.errors import BrokenPromiseError
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


@contextmanager
def bus_at(text: str, ca_file: Path | None = None) -> Iterator[RedisBus]:
    with closing(RedisBus(read_bus_url(text), ca_file=ca_file)) as bus:
        yield bus


def refused(text: str, why: str, kind: type[Exception] = BrokenPromiseError) -> None:
    with pytest.raises(BrokenPromiseError, match=why) as stopped, bus_at(text):
        pass

    assert type(stopped.value) is kind
    assert "s3cret" not in str(stopped.value)

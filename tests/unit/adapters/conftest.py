"""A fixture per server, and one for a bus in a file."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import StoredBus
from bridge_patch.adapters.bus_sqlite import SqliteBus
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from tests.contracts.sites import NOON_MS
from tests.unit.adapters.archive import Archive, serving


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as here:
        yield here


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[StoredBus]:
    """The bus of somebody who has access and no key."""
    with closing(SqliteBus(SqliteFile(tmp_path / "bus.db"), ManualClock(NOON_MS))) as bus:
        yield bus

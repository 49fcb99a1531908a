"""One fixture per port; every adapter is a parameter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import Bus
from tests.contracts.sites import BUS_SITES, BusSite


@pytest.fixture(params=BUS_SITES, ids=lambda make: make.__name__)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusSite]:
    found: BusSite = request.param(tmp_path)
    with found.opened:
        yield found


@pytest.fixture
def bus(site: BusSite) -> Bus:
    return site.connect()

"""One fixture per port; every adapter is a parameter."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge_patch.adapters.bus import Bus
from bridge_patch.services.ports import Journal
from tests.contracts.sites import BUS_SITES, JOURNAL_SITES, BusSite, JournalSite


@pytest.fixture(params=BUS_SITES, ids=lambda make: make.__name__)
def site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusSite]:
    found: BusSite = request.param(tmp_path)
    with found.opened:
        yield found


@pytest.fixture
def bus(site: BusSite) -> Bus:
    return site.connect()


@pytest.fixture(params=JOURNAL_SITES, ids=lambda make: make.__name__)
def journal_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JournalSite]:
    found: JournalSite = request.param(tmp_path)
    with found.opened:
        yield found


@pytest.fixture
def journal(journal_site: JournalSite) -> Journal:
    return journal_site.open()

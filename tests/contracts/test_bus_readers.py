"""Who reads which stream, as every bus that lasts tells it."""

from __future__ import annotations

from typing import Final, cast

import pytest

from bridge_patch.adapters.bus import Reader, StoredBus
from bridge_patch.adapters.streams import CONTROL, EXECUTION_GROUP, TRADE_INTENT
from tests.contracts.sites import BusSite, publish, read

EXECUTION: Final = Reader(group=EXECUTION_GROUP, consumer="one")
ARCHIVE: Final = Reader(group="archive", consumer="one")
MISSPELT: Final = "quantum:stream:trade.intents"


@pytest.fixture
def bus(stored_site: BusSite) -> StoredBus:
    return cast("StoredBus", stored_site.connect())


def test_a_new_bus_has_no_stream(bus: StoredBus) -> None:
    assert dict(bus.readers()) == {}


def test_every_stream_is_told_with_its_groups_also_one_that_nobody_reads(
    bus: StoredBus,
) -> None:
    publish(bus, "a", stream=TRADE_INTENT)
    publish(bus, "b", stream=MISSPELT)
    read(bus, EXECUTION, streams=(TRADE_INTENT, CONTROL))
    read(bus, ARCHIVE, streams=(TRADE_INTENT,))

    told = {stream: set(groups) for stream, groups in bus.readers().items()}
    assert told.pop(CONTROL, {EXECUTION_GROUP}) == {EXECUTION_GROUP}
    assert told == {TRADE_INTENT: {EXECUTION_GROUP, "archive"}, MISSPELT: set()}

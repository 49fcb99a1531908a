"""What the settings say of how often something is read is how often it is read."""

from __future__ import annotations

import pytest

from bridge_patch.adapters.feeds.live_upkeep import SYNC_SEC
from bridge_patch.adapters.venue_ccxt.instruments import INSTRUMENTS_AGE_MAX_MS
from bridge_patch.adapters.venue_ccxt.liveness import BEAT_MS
from bridge_patch.adapters.venue_ccxt.venue import CLOCK_AGE_MAX_MS
from bridge_patch.app.periods import ACCOUNT_SEC, MARK_SEC, PERIODS_MIN, RULES_SEC
from bridge_patch.app.settings import SettingsError, load_settings
from bridge_patch.services.reconcile import LOOKS_MISSED_MAX


def test_the_periods_are_those_of_the_adapters() -> None:
    assert ACCOUNT_SEC * 1000 == CLOCK_AGE_MAX_MS
    assert SYNC_SEC <= ACCOUNT_SEC
    assert RULES_SEC * 1000 == INSTRUMENTS_AGE_MAX_MS + BEAT_MS


def test_equity_is_read_again_before_the_least_limit_is_reached() -> None:
    """Half of the limit, and then the next mark (`Keeper.pulse`)."""
    least_sec = PERIODS_MIN * ACCOUNT_SEC + 1

    assert least_sec / 2 + MARK_SEC < least_sec


def test_the_records_outlast_more_than_one_look() -> None:
    """Their limit is made of `RECONCILE_SEC`, so that no setting can fall below it."""
    assert LOOKS_MISSED_MAX > PERIODS_MIN


def test_every_limit_that_is_too_low_is_told_at_once_with_its_remedy() -> None:
    low = {
        "SNAPSHOT_AGE_MAX_SEC": "5",
        "FILTERS_AGE_MAX_SEC": "3600",
        "MARK_AGE_MAX_SEC": "1",
        "VOLATILITY_AGE_MAX_SEC": "60",
        "FUNDING_AGE_MAX_SEC": "28800",
        "EXITS_SILENCE_MAX_SEC": "1",
    }
    with pytest.raises(SettingsError) as refused:
        load_settings(low)

    told = "\n".join(refused.value.faults)
    assert {fault.partition(":")[0] for fault in refused.value.faults} == set(low)
    assert told.count("refuses entries between two readings") == len(low)
    assert "write 6 or more, it is read every 5 s" in told

"""A venue that was named is the one that is opened, or nothing is."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import Run, execution_side, open_store
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Mode


@pytest.mark.parametrize("venue", ["simulator", "binance-demo", "binance"])
def test_no_venue_is_silently_played_on_paper(tmp_path: Path, venue: str) -> None:
    """M-77: a silent paper fallback produced thousands of fills believed real."""
    settings = load_settings({"VENUE": venue, "STATE_DIR": str(tmp_path)})
    run = Run(
        settings=settings,
        mode=Mode.LIVE,
        feed="none",
        telemetry=LogTelemetry(io.StringIO()),
    )
    store = open_store(tmp_path, journal=True)
    try:
        with pytest.raises(InvalidValueError, match=f"VENUE={venue} cannot be opened"):
            execution_side(run, store)
        paper = Run(
            settings=load_settings({"STATE_DIR": str(tmp_path)}),
            mode=Mode.LIVE,
            feed="none",
            telemetry=run.telemetry,
        )
        assert execution_side(paper, store).recorder.ledger.positions == {}
    finally:
        store.close()

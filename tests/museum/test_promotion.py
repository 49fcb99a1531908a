"""Incidents of going live: reference rows M-91, M-92 and M-94."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.app.commands.promote import promote
from bridge_patch.app.promoting import assured
from bridge_patch.app.wiring import open_store, start_events
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Event, RunStarted
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.evidence.mandate import Standing
from bridge_patch.evidence.promotion import Shown, needs
from tests.unit.app.test_cli_mode import STARTED, folder, on_the_bus, saying
from tests.unit.app.test_promoting import AT, fresh, named, promoted
from tests.unit.evidence.test_promotion import judged, mark, shown


def test_live_start_is_recorded_and_needs_a_promotion_where_required(
    tmp_path: Path,
) -> None:
    """M-91: going live was a text edit; a variable let runs proceed without the gate.

    The record of a live start says who promoted it, why, and for which limits; where it is
    required nothing starts without, and an override names its end.
    """
    run = named(STATE_DIR=str(tmp_path))
    store = open_store(tmp_path, journal=True)
    account = promoted(run, "replay")
    (started,) = (
        event
        for event in start_events(run, store, account, AT)
        if isinstance(event, RunStarted)
    )
    store.close()
    real = named(VENUE="binance", MARKET_FEED="live")

    assert (started.mode, started.market) == (Mode.LIVE, "replay")
    assert started.gate == "PROMOTED: by ann, 2025-05-05 00:00 UTC: a clean day"
    assert started.limits_hash == run.settings.limits().digest()
    with pytest.raises(InvalidValueError, match="needs a promotion"):
        assured(real, fresh(), AT)
    granted = promoted(real, "live:binance")
    assert assured(real, granted, AT).passed
    over, word = fresh(), granted.mandate.last
    assert word is not None
    over.fold(replace(word, expires_ms=UnixMs(AT + 1)))
    assert assured(real, over, AT).standing is Standing.OVERRIDDEN
    with pytest.raises(InvalidValueError, match="the override ended"):
        assured(real, over, UnixMs(AT + 1))


def test_promotion_uses_records_and_refuses_too_few(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """M-92: a day of counted log lines was the evidence, and the journal stayed empty.

    A log that says much changes nothing: what counts is what was journaled.
    """
    few: tuple[Event, ...] = (STARTED, *(mark(hour) for hour in range(1, 25)))
    state = folder(tmp_path, few)
    (state / "demo.log").write_text("[GOVERNOR] ✅ ACCEPT\n" * 999, encoding="utf-8")

    assert promote(saying(state)) == 1
    told = json.loads(capsys.readouterr().out)
    missing = {need["name"]: need["found"] for need in told["needs"] if not need["met"]}
    assert missing["decisions"] == "0"
    assert on_the_bus(state) == []


def test_aborted_or_missing_evidence_is_never_a_pass() -> None:
    """M-94: an analysis that was broken off counted as a success, and no data as a pass."""
    aborted = shown(replace(STARTED, limits_hash="l-1"), judged(0.5), mark(1))
    whole = shown(
        replace(STARTED, limits_hash="l-1"),
        *(mark(hour) for hour in range(1, 25)),
        judged(24),
    )

    def passes(found: Shown, fault: str | None, mismatches: int | None) -> bool:
        said = needs(
            found,
            hours_min=24,
            now_ms=UnixMs(found.heard_ms + 1),
            chain_fault=fault,
            mismatches=mismatches,
        )
        return all(need.met for need in said)

    assert passes(whole, "", 0)
    assert not passes(aborted, "", 0)
    assert not passes(shown(), "", 0)
    assert not passes(whole, None, 0)
    assert not passes(whole, "", None)

"""Whether a start may be live: by setting, by venue, and by what the journal holds."""

import io
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app import mode_note
from bridge_patch.app.assembly import Run
from bridge_patch.app.commands.promote import _take_away
from bridge_patch.app.mode_note import found, leave
from bridge_patch.app.permits import market_named, permit_of, promotion_required
from bridge_patch.app.promoting import assured, gate_of, waiting
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import execution_side, open_store, start_events
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError
from bridge_patch.domain.events import (
    Book,
    Filled,
    FillKind,
    ModeOrdered,
    RunStarted,
    TradingState,
)
from bridge_patch.domain.intent import IntentId, Mode, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.evidence.mandate import Standing
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.holds import DEMOTED

AT = UnixMs(1_746_403_200_000)
LIVE_FEED = {"MARKET_FEED": "live"}
BACK = ModeOrdered(at_ms=AT, mode=Mode.SHADOW, who="bob", why="odd fills", command_id="o-9")


def named(mode: Mode = Mode.LIVE, /, **env: str) -> Run:
    telemetry = LogTelemetry(io.StringIO())
    return Run(settings=load_settings(env), mode=mode, feed="none", telemetry=telemetry)


def fresh() -> AccountFold:
    """An account of which nothing is known."""
    return AccountFold.of(Book.ACCOUNT)


def promoted(run: Run, market: str) -> AccountFold:
    account = fresh()
    account.fold(
        ModeOrdered(
            at_ms=AT,
            mode=Mode.LIVE,
            who="ann",
            why="a clean day",
            limits_hash=run.settings.limits().digest(),
            market=market,
        )
    )
    return account


@pytest.mark.parametrize(
    ("env", "market"),
    [
        ({}, "replay"),
        (LIVE_FEED, "live:binance"),
        ({"VENUE": "binance", **LIVE_FEED}, "live:binance"),
        ({"VENUE": "binance-demo", **LIVE_FEED}, "live:binance-demo"),
        ({"VENUE": "simulator", **LIVE_FEED}, "live:simulator"),
        ({"MARKET_URL": "http://127.0.0.1:9", **LIVE_FEED}, "live:simulator"),
    ],
)
def test_a_market_is_named_by_whose_prices_are_followed(
    env: dict[str, str], market: str
) -> None:
    assert market_named(load_settings(env)) == market


@pytest.mark.parametrize(
    ("word", "venue", "required"),
    [
        ("auto", "binance", True),
        ("auto", "binance-demo", False),
        ("auto", "paper", False),
        ("true", "paper", True),
        ("false", "binance", False),
    ],
)
def test_a_promotion_is_required_for_real_money_unless_said_otherwise(
    word: str, venue: str, *, required: bool
) -> None:
    env = {"REQUIRE_PROMOTION": word, "VENUE": venue, **LIVE_FEED}
    assert promotion_required(load_settings(env)) is required


def test_a_live_start_without_a_promotion_is_refused_and_names_the_command() -> None:
    run = named(VENUE="binance", MARKET_FEED="live")

    with pytest.raises(InvalidValueError, match="no promotion is recorded") as caught:
        assured(run, fresh(), AT)
    assert "bridge-patch promote" in str(caught.value)
    assert "AI_SIZING_MODE=shadow" in str(caught.value)
    elsewhere = promoted(run, "live:simulator")
    with pytest.raises(InvalidValueError, match="for live:simulator, not live:binance"):
        assured(run, elsewhere, AT)
    assert assured(run, promoted(run, "live:binance"), AT).standing is Standing.PROMOTED


def test_where_none_is_required_a_live_start_says_that_there_was_none() -> None:
    run = named()

    assert assured(run, fresh(), AT) == gate_of(run, fresh(), AT)
    assert gate_of(run, fresh(), AT).standing is Standing.UNPROMOTED


def test_a_start_in_shadow_is_never_refused() -> None:
    run = named(Mode.SHADOW, VENUE="binance", MARKET_FEED="live")
    assert assured(run, fresh(), AT).standing is Standing.SHADOW


def test_an_order_no_bus_would_take_is_journaled_by_the_next_start_and_once(
    tmp_path: Path,
) -> None:
    leave(tmp_path, BACK)
    run = named(STATE_DIR=str(tmp_path))
    store = open_store(tmp_path, journal=True)
    session = execution_side(run, store)
    account = session.recorder.account

    first = start_events(run, store, account, AT)
    for event in first:
        account.fold(event)
    again = start_events(run, store, account, AT)
    store.close()

    assert first[0] == BACK
    assert isinstance(again[0], RunStarted)
    assert "ordered back to shadow by bob" in again[0].gate


def test_an_order_that_waits_counts_before_the_start_is_judged(tmp_path: Path) -> None:
    """The newest word is the one that no bus took: the start is refused by it."""
    run = named(STATE_DIR=str(tmp_path), REQUIRE_PROMOTION="true")
    leave(tmp_path, replace(BACK, at_ms=UnixMs(AT + 1)))

    with pytest.raises(InvalidValueError, match="ordered back to shadow by bob"):
        assured(run, promoted(run, "replay"), UnixMs(AT + 2))


def test_an_order_that_waits_counts_whatever_the_clocks_say(tmp_path: Path) -> None:
    """A clock that was put back since the promotion makes no demotion the older word."""
    run = named(STATE_DIR=str(tmp_path), REQUIRE_PROMOTION="true")
    order = replace(BACK, at_ms=UnixMs(AT - 1))
    leave(tmp_path, order)

    assert waiting(run, promoted(run, "replay"), AT) == order
    with pytest.raises(InvalidValueError, match="ordered back to shadow by bob"):
        assured(run, promoted(run, "replay"), AT)


def test_a_note_is_on_the_disk_before_it_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a power cut half of it would be no order, and the start would be live."""
    seen: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(found(tmp_path) is None))
    leave(tmp_path, BACK)

    assert (seen, found(tmp_path)) == ([True, False], BACK)  # the file, then its folder


def test_a_start_without_a_promotion_looks_after_what_is_open(tmp_path: Path) -> None:
    """An override ends, the machine restarts, and the position still has its keeper."""
    run = named(STATE_DIR=str(tmp_path), REQUIRE_PROMOTION="true")
    account = fresh()
    account.fold(
        Filled(
            book=Book.ACCOUNT,
            at_ms=AT,
            symbol=Symbol("BTCUSDT"),
            side=Side.BUY,
            kind=FillKind.ENTRY,
            quantity_base=Decimal("0.042"),
            price_usd=Decimal(95_000),
            fee_usd=Decimal(0),
            realised_usd=Decimal(0),
            margin_usd=Decimal(400),
            order_id=ClientOrderId("bp-1"),
            trade_id="1",
            intent_id=IntentId("a"),
        )
    )
    permit = permit_of(run.settings, account.mandate, run.clock)

    assert not assured(run, account, AT).passed
    latch = permit.due(account.gauge.holds)
    assert latch is not None
    assert (latch.state, latch.cause) == (TradingState.REDUCING, DEMOTED)
    assert latch.why == "no promotion is recorded"
    with pytest.raises(InvalidValueError, match="needs a promotion"):
        assured(run, fresh(), AT)


@pytest.mark.parametrize("text", ["", "{}", "[1", '{"mode": "live"}'])
def test_what_is_no_order_is_not_taken_for_one(tmp_path: Path, text: str) -> None:
    (tmp_path / "ordered-mode.json").write_text(text, encoding="utf-8")
    assert found(tmp_path) is None


def test_an_order_that_cannot_be_left_says_so(tmp_path: Path) -> None:
    with pytest.raises(BrokenPromiseError, match="cannot be written"):
        leave(tmp_path / "nowhere", BACK)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may leave a note to somebody else")
def test_a_note_that_root_leaves_belongs_to_whom_the_folder_belongs(tmp_path: Path) -> None:
    """Under a strict umask the service could not read it, and would know of no order."""
    os.chown(tmp_path, 12_345, 12_346)
    before = os.umask(0o077)
    try:
        note = leave(tmp_path, BACK)
    finally:
        os.umask(before)

    assert (note.stat().st_uid, note.stat().st_gid) == (12_345, 12_346)


def test_a_note_that_cannot_be_taken_away_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would keep the next start in shadow, and nobody would know why."""
    monkeypatch.setattr(mode_note, "discard", lambda _: False)

    with pytest.raises(InvalidValueError, match="says shadow and cannot be removed"):
        _take_away(tmp_path)

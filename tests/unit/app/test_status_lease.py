"""`status` says which process acts, and `halt` goes out without the journal."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.bus_look import BusLook
from bridge_patch.adapters.holder import this_process
from bridge_patch.adapters.journal_lease import Standing
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.app.commands.options import OrderOptions
from bridge_patch.app.commands.order import order
from bridge_patch.app.commands.status import status
from bridge_patch.app.status.standing import lease_view
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.errors import OutageError
from tests.unit.app.journals import options

NOW_MS = 1_000_000


def lease(holder: str, *, ago_ms: int = 1_200) -> Standing:
    at_ms = NOW_MS - ago_ms
    return Standing(holder=holder, token=3, renewals=9, ttl_ms=6_000, renewed_ms=at_ms)


def test_nobody_ever_held_a_lease() -> None:
    assert lease_view(None, NOW_MS) is None


def test_a_holder_is_named_with_its_last_sign_of_life() -> None:
    found = lease_view(lease("vps-1 4242 unknown"), NOW_MS)

    assert found is not None
    assert (found.holder, found.token) == ("vps-1, process 4242", 3)
    assert (found.renewed_ago_ms, found.overdue) == (1_200, False)


def test_a_lease_that_is_renewed_while_we_look_is_no_moment_in_the_future() -> None:
    found = lease_view(lease("vps-1 4242 unknown", ago_ms=-700), NOW_MS)

    assert found is not None
    assert found.renewed_ago_ms == 0


@pytest.mark.parametrize(
    ("holder", "ago_ms", "overdue"),
    [
        ("vps-1 4242 unknown", 6_001, True),  # silent for longer than its term
        (f"{this_process()}1", 100, True),  # a process of this machine that ended
        ("", 600_000, False),  # let go: nobody is late
    ],
    ids=["silent", "ended", "let go"],
)
def test_a_holder_that_is_silent_or_ended_is_overdue(
    holder: str, ago_ms: int, *, overdue: bool
) -> None:
    found = lease_view(lease(holder, ago_ms=ago_ms), NOW_MS)

    assert found is not None
    assert found.overdue is overdue


def test_the_screen_says_who_acts_and_who_stopped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(tmp_path, journal=True)
    assert status(options(tmp_path / "bridge.db")) == 0
    assert ", token 1, alive " in capsys.readouterr().out
    store.close()
    status(options(tmp_path / "bridge.db"))

    assert "no process: the last one has stopped (token 1)" in capsys.readouterr().out


def ordered(wish: str, state: Path, *, as_json: bool = False) -> int:
    return order(
        OrderOptions(
            wish=wish,
            symbol=None,
            why="test",
            who="me",
            wait_sec=5,
            state=state,
            env_file=None,
            as_json=as_json,
        )
    )


def test_an_order_goes_out_although_the_journal_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A halt must not wait for a database."""
    open_store(tmp_path, journal=True).close()
    monkeypatch.setenv("JOURNAL_URL", "postgresql://bridge:secret@127.0.0.1:1/none")
    assert ordered("halt", tmp_path) == 1
    with closing(BusLook(SqliteFile(tmp_path / "bridge.db"))) as look:
        assert look.lengths() == {CONTROL: 1}


@pytest.mark.parametrize("wish", ["halt", "resume"])
def test_an_order_says_that_the_journal_could_not_be_read(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    wish: str,
) -> None:
    """It said that no execution took it, and of a resume that it lets go of more."""
    open_store(tmp_path, journal=True).close()
    monkeypatch.setenv("JOURNAL_URL", "postgresql://bridge:secret@127.0.0.1:1/none")
    assert ordered(wish, tmp_path) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "the journal could not be read: postgresql://bridge:***@127.0.0.1:1/none" in said
    assert "not in force" not in said
    only = "what a person ordered is let go of, and nothing else: no cause could be"
    assert (only in said) == (wish == "resume")
    assert "what status shows" not in said


def test_an_order_says_so_where_the_journal_goes_away_while_it_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is on the bus all the same."""
    open_store(tmp_path, journal=True).close()

    def away(*_: object, **__: object) -> None:
        raise OutageError("the server went away")

    monkeypatch.setattr(JournalSearch, "events", away)
    assert ordered("halt", tmp_path, as_json=True) == 1
    assert json.loads(capsys.readouterr().out)["unread"] == "the server went away"
    with closing(BusLook(SqliteFile(tmp_path / "bridge.db"))) as look:
        assert look.lengths() == {CONTROL: 1}

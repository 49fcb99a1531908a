"""`archive` shows before it moves, and no command answers otherwise afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.journal_lease import HeldError
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.app.commands import archive as archive_
from bridge_patch.app.commands.archive import archive
from bridge_patch.app.commands.decisions import decisions
from bridge_patch.app.commands.options import (
    ArchiveOptions,
    DecisionsOptions,
    ReportOptions,
    TraceOptions,
    VerifyOptions,
)
from bridge_patch.app.commands.report import report
from bridge_patch.app.commands.status import status
from bridge_patch.app.commands.trace import trace
from bridge_patch.app.commands.verify import verify
from bridge_patch.app.commands.why import why
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs
from tests.contracts.half_archived import archived, key_of
from tests.contracts.samples import NOON_MS
from tests.unit.adapters.signed_journals import write_signed
from tests.unit.app.journals import options, write_journal
from tests.unit.app.story import story
from tests.unit.app.story_parts import RUN_ID

KEPT = {".db", ".head", ".key", ".pub"}


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """Three thousand entries of long ago, signed each thousandth and half-way."""
    for _ in range(2):
        write_signed(SqliteFile(tmp_path / "bridge.db"), 1_500)
    return tmp_path


def asked(
    state: Path,
    *,
    yes: bool = False,
    days: int | None = 90,
    before_ms: int | None = None,
    as_json: bool = False,
) -> ArchiveOptions:
    return ArchiveOptions(
        keep_days=days,
        before_ms=None if before_ms is None else UnixMs(before_ms),
        yes=yes,
        state=state,
        env_file=None,
        as_json=as_json,
    )


def test_without_yes_nothing_changes(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {
        path.name: path.read_bytes() for path in state.iterdir() if path.suffix in KEPT
    }
    assert archive(asked(state)) == 0
    said = capsys.readouterr().out

    assert "2000 entries from 1 on, in 1 segments; 1000 stay in the database" in said
    assert "nothing was changed; --yes moves them" in said
    assert {name: (state / name).read_bytes() for name in before} == before
    assert len(before) == 4
    assert not (state / "segments").exists()


def test_with_yes_they_are_moved_and_each_file_is_proved(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert archive(asked(state, yes=True, as_json=True)) == 0
    told = json.loads(capsys.readouterr().out)
    (file,) = (state / "segments").iterdir()
    journal = options(state / "bridge.db", as_json=True)
    assert verify(VerifyOptions(source=journal)) == 0
    whole = json.loads(capsys.readouterr().out)
    assert verify(VerifyOptions(source=journal, dump=file)) == 0
    alone = json.loads(capsys.readouterr().out)

    assert (told["entries"], told["left"], told["dry"]) == (2_000, 1_000, False)
    assert (whole["entries"], alone["entries"]) == (3_000, 2_000)
    assert alone["checkpoints"]["signed_seq"] == 2_000
    assert alone["checkpoints"]["keys_from"] == str(state / "journal.pub")


def test_a_file_is_proved_with_a_key_that_was_kept_elsewhere(
    state: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    archive(asked(state, yes=True))
    (file,) = (state / "segments").iterdir()
    kept = tmp_path_factory.mktemp("auditor") / "journal.pub"
    (state / "journal.pub").rename(kept)
    wish = VerifyOptions(source=options(None), dump=file, public_key=kept)

    assert verify(wish) == 0


def test_what_is_young_stays(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive(asked(state, days=None, before_ms=NOON_MS))

    assert "nothing that is old enough and signed; all 3000 entries stay" in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(("days", "before_ms"), [(None, None), (90, NOON_MS)])
def test_it_is_said_what_is_old(
    state: Path, days: int | None, before_ms: int | None
) -> None:
    with pytest.raises(InvalidValueError, match="one of --keep-days and --before"):
        archive(asked(state, days=days, before_ms=before_ms))


def test_a_running_execution_is_not_disturbed(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_, "this_process", lambda: "vps 1 unknown")
    with (
        closing(open_store(state, journal=True, key_file=state / "journal.key")),
        pytest.raises(HeldError, match="stop that process first"),
    ):
        archive(asked(state, yes=True))

    assert not (state / "segments").exists()


def test_every_command_answers_as_before(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, events = tmp_path / "bridge.db", story()
    file = SqliteFile(path)

    def said(ask: Callable[[Any], int], wish: object) -> str:
        assert ask(wish) == 0
        return capsys.readouterr().out

    def answers() -> list[str]:
        source = options(path)
        ids = [str(getattr(event, "intent_id", "")) for event in events]
        intents = [TraceOptions(source=source, intent_id=i) for i in dict.fromkeys(ids)]  # type: ignore[arg-type]
        told = json.loads(said(status, options(path, as_json=True)))
        told["journal"]["recorded_ago_ms"] = 0
        everything = DecisionsOptions(
            source=source, symbol=None, verdict=None, code=None, last=None
        )
        out = tmp_path / "report.html"
        said(report, ReportOptions(source=source, out=out, show=False))
        del told["lease"]  # the archive held it last
        found = [json.dumps(told), said(decisions, everything), out.read_text("utf-8")]
        for one in intents:
            if one.intent_id:
                found += [said(trace, one), said(why, one)]
        return found

    key_file = key_of(file)
    write_journal(path, events[:25], run_id=RUN_ID, key_file=key_file)
    assert archived(file).ends == (1,)  # its first append; the newest signature stays
    write_journal(path, events[25:], run_id=RUN_ID, key_file=key_file)
    before = answers()
    assert archived(file).ends == (25,)

    assert answers() == before
    assert len(before) > 12

"""A run that signs its journal, an auditor who has no database, and a key that is gone."""

from pathlib import Path

import pytest

from tests.e2e.harness import run
from tests.e2e.test_cli_breadth import JOURNAL, wavy
from tests.unit.adapters.bars import NAME, write

pytestmark = pytest.mark.e2e


def test_a_run_is_signed_exported_audited_and_does_not_go_on_without_its_key(
    tmp_path: Path,
) -> None:
    bars = write(tmp_path / "bars" / NAME, wavy(300)).parent
    state = tmp_path / "state"
    begin = ("run", "--data", bars, "--state", "state")
    first = run(*begin, "--to", "2025-05-05T02:30:00Z", cwd=tmp_path, SYMBOLS="BTCUSDT")
    export = run("export", "dump", *JOURNAL, cwd=tmp_path)
    own = (state / "journal.pub").rename(tmp_path / "auditor.pub")
    key = (state / "journal.key").rename(tmp_path / "kept.key")
    refused = run(*begin, cwd=tmp_path, SYMBOLS="BTCUSDT")
    elsewhere = {"SYMBOLS": "BTCUSDT", "JOURNAL_KEY_FILE": str(key)}
    second = run(*begin, cwd=tmp_path, **elsewhere)
    audit = run("verify", "--dump", "dump", "--public-key", own, cwd=tmp_path)
    verify = run("verify", *JOURNAL, "--public-key", own, cwd=tmp_path)

    assert first.returncode == export.returncode == second.returncode == 0, second.stderr
    assert refused.returncode == 1
    assert "journal.key is missing: bring that file back" in refused.stderr
    assert not (state / "journal.key").exists()
    for done in (audit, verify):
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"({own})" in done.stdout.replace("\n", "")

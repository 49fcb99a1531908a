"""`decisions` shows each verdict with its outcome, the same for the same data."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bridge_patch.app.commands.decisions import decisions
from bridge_patch.app.commands.options import DecisionsOptions, JournalOptions
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Event, Verdict
from bridge_patch.domain.intent import IntentId, Symbol
from tests.unit.adapters.lines_samples import ACCEPTED, OTHER_EVENTS, SETTLED
from tests.unit.app.journals import options, write_journal

TWO = IntentId("i-2")
REFUSED = replace(
    ACCEPTED,
    intent_id=TWO,
    verdict=Verdict.REJECT,
    codes=("NOTIONAL_EXCEEDED",),
    detail="[bold]x[/bold]",
    margin_usd=None,
    leverage=None,
    quantity_base=None,
    notional_usd=None,
)
EVENTS: tuple[Event, ...] = (*OTHER_EVENTS, ACCEPTED, SETTLED, REFUSED)


def asked(
    source: JournalOptions,
    *,
    verdict: Verdict | None = None,
    symbol: str | None = None,
    last: int | None = None,
) -> DecisionsOptions:
    return DecisionsOptions(
        source=source,
        symbol=None if symbol is None else Symbol(symbol),
        verdict=verdict,
        code=None,
        last=last,
    )


def test_json_is_one_array_of_flat_decisions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = options(write_journal(tmp_path / "j.db", EVENTS), as_json=True)
    assert decisions(asked(source)) == 0
    before, one, two = json.loads(capsys.readouterr().out)

    assert before["verdict"] == "ACCEPT"  # the sample's outcome without a verdict
    assert one["intent_id"] == "i-1"
    assert one["verdict"] == "ACCEPT"
    assert one["status"] == "FILLED"
    assert one["margin_usd"] == 451.61
    assert one["harvest_policy"]["mode"] == "trend_runner"
    assert two["codes"] == ["NOTIONAL_EXCEEDED"]
    assert two["status"] is None
    assert "case" not in one


def test_two_runs_over_the_same_data_differ_in_two_fields_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """So a script can drop these two and compare the rest with diff."""
    told = []
    for run_id, start_ms in (("r-1", 1000), ("r-2", 987_654)):
        path = write_journal(
            tmp_path / f"{run_id}.db", EVENTS, run_id=run_id, start_ms=start_ms
        )
        decisions(asked(options(path, as_json=True)))
        told.append(json.loads(capsys.readouterr().out))
    one, two = told

    assert one != two
    for each in (*one, *two):
        del each["run_id"], each["recorded_ms"]
    assert one == two


@pytest.mark.parametrize(
    ("extra", "ids"),
    [
        ({"verdict": Verdict.REJECT}, ["i-2"]),
        ({"last": 1}, ["i-2"]),
        ({"symbol": "SOLUSDT"}, []),
        ({"verdict": Verdict.ACCEPT, "last": 1}, ["i-1"]),
    ],
)
def test_filters_and_last_choose(
    extra: dict[str, object],
    ids: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = options(write_journal(tmp_path / "j.db", EVENTS), as_json=True)
    decisions(asked(source, **extra))  # type: ignore[arg-type]

    assert [each["intent_id"] for each in json.loads(capsys.readouterr().out)] == ids


def test_the_table_says_asked_allowed_and_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decisions(asked(options(write_journal(tmp_path / "j.db", EVENTS))))
    out = capsys.readouterr().out
    refused = next(line for line in out.splitlines() if "i-2" in line)

    assert "$451.61 @ 15.5x" in out
    assert "2025-05-05 00:00:00" in out
    assert "NOTIONAL_EXCEEDED" in refused
    assert "no outcome" in refused
    assert "3 of 3 decisions (2 accept, 0 clamp, 1 reject)" in out


def test_an_empty_journal_is_an_empty_array(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    decisions(asked(options(write_journal(tmp_path / "j.db", ()), as_json=True)))

    assert json.loads(capsys.readouterr().out) == []


def test_a_missing_journal_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="run `bridge-patch demo` first"):
        decisions(asked(options(tmp_path / "none.db")))
    with pytest.raises(InvalidValueError, match="is a folder"):
        decisions(asked(options(tmp_path)))


def test_without_a_name_the_settings_say_where_and_the_demo_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make demo` and then `decisions`: nobody should have to know the path."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    write_journal(tmp_path / "demo" / "bridge.db", EVENTS)
    decisions(asked(options(None, as_json=True)))
    told = capsys.readouterr()
    assert len(json.loads(told.out)) == 3
    assert "the demo's journal" in told.err

    write_journal(tmp_path / "bridge.db", (ACCEPTED,))
    decisions(asked(options(None, as_json=True)))
    told = capsys.readouterr()
    assert len(json.loads(told.out)) == 1
    assert told.err == ""

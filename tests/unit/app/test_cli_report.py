"""`report` writes one page beside its journal, and never damages anything on the way."""

import sqlite3
from pathlib import Path

import pytest

from bridge_patch.app.commands.options import ReportOptions
from bridge_patch.app.commands.report import report
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Side
from tests.unit.app.journals import options, write_journal
from tests.unit.app.report_reading import read_page
from tests.unit.evidence.journal_events import MINUTE, fill, judged, mark, run

EVENTS = (
    run(0),
    judged(MINUTE),
    fill(MINUTE, Side.BUY, "1", "100", fee="3", margin="10"),
    mark(2 * MINUTE, "995"),
)


def asked(journal: Path, out: Path | None = None) -> ReportOptions:
    return ReportOptions(source=options(journal), out=out, show=False)


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return write_journal(tmp_path / "var" / "bridge.db", EVENTS)


def test_it_stands_beside_its_journal_unless_told_otherwise(
    journal: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = tmp_path / "new" / "folder" / "page.html"

    assert report(asked(journal)) == 0
    assert report(asked(journal, elsewhere)) == 0

    beside = journal.with_name("report.html")
    assert beside.read_bytes() == elsewhere.read_bytes()
    assert str(elsewhere) in capsys.readouterr().out
    assert not list(tmp_path.rglob("*.part"))


def test_its_figures_are_those_of_the_file(journal: Path) -> None:
    report(asked(journal))
    page = read_page(journal.with_name("report.html").read_text())

    assert page.figures["end_usd.0.governed"] == "995.00 USD"
    assert page.figures["fees_usd.0.governed"] == "3.00 USD"
    assert f"{len(EVENTS)} entries, every link holds" in page.words


def test_a_touched_journal_fails_and_its_page_says_so(
    journal: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever shows the page to somebody must not be able to hide it."""
    with sqlite3.connect(journal) as db:
        db.execute("UPDATE journal SET body = replace(body, '995', '2995')")
    db.close()

    assert report(asked(journal)) == 1
    words = read_page(journal.with_name("report.html").read_text()).words
    assert "DAMAGED, do not rely on this page: entry 4" in words
    assert "the journal is damaged" in capsys.readouterr().out


def test_a_journal_without_a_run_has_no_report(tmp_path: Path) -> None:
    journal = write_journal(tmp_path / "bridge.db", (judged(MINUTE),))

    with pytest.raises(InvalidValueError, match="must hold a run"):
        report(asked(journal))
    assert not journal.with_name("report.html").exists()


def test_a_place_that_cannot_be_written_is_named(journal: Path, tmp_path: Path) -> None:
    for out in (tmp_path, journal, journal / "below" / "x.html"):
        with pytest.raises(InvalidValueError, match="--out must be a file"):
            report(asked(journal, out))

    assert report(asked(journal)) == 0


def test_the_same_journal_gives_the_same_page(tmp_path: Path) -> None:
    """Two runs over the same data can be compared: no clock and no chance is in it."""
    pages = []
    for name in ("one", "other"):
        journal = write_journal(tmp_path / name / "bridge.db", EVENTS, start_ms=len(name))
        report(asked(journal))
        text = journal.with_name("report.html").read_text()
        pages.append(text.replace(str(journal.parent), ""))

    assert pages[0] == pages[1]

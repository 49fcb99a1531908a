"""The report of a real demo, opened in a real browser."""

import json
import re
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.browser import Visit, needs_browser, served, visit
from tests.e2e.harness import MARKET, needs_market, run
from tests.unit.app.report_reading import Read, read_page

pytestmark = [pytest.mark.e2e, needs_market, needs_browser]

DAYS = ("--days-shadow", "1", "--days-live", "1")
#: Frames the report at the width of a telephone and of a desk, and tells what overflows.
FRAMES = """<!doctype html><title>frames</title>
<iframe src="report.html" style="width:390px;height:900px"></iframe>
<iframe src="report.html" style="width:1280px;height:900px"></iframe>
<script>
onload = () => {
  const told = [...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument, root = page.documentElement;
    const shown = [...page.querySelectorAll("svg.wide, svg.narrow")]
      .filter((svg) => svg.getBoundingClientRect().width > 0)
      .map((svg) => svg.getAttribute("class"));
    return {
      over: root.scrollWidth - root.clientWidth,
      shown: [...new Set(shown)],
      paper: getComputedStyle(page.body).backgroundColor,
    };
  });
  document.body.dataset.told = JSON.stringify(told);
};
</script>"""


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Play a short demo; return its folder and the closing lines of its summary."""
    state = tmp_path_factory.mktemp("report") / "demo"
    done = run(
        "demo", "--data", MARKET, "--state", state, *DAYS, "--json", cwd=state.parent
    )
    assert done.returncode == 0, done.stderr
    return state, json.loads(done.stdout)


@pytest.fixture(scope="module")
def opened(
    played: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Visit, Read]:
    with served(played[0]) as address:
        seen = visit(f"{address}/report.html", tmp_path_factory.mktemp("browser"))
    return seen, read_page(seen.dom)


def number(shown: str) -> Decimal:
    return Decimal(re.sub(r"[^\d.\u2212]", "", shown).replace("\u2212", "-"))


def journaled(state: Path, kind: str) -> list[dict[str, object]]:
    """Read the journal with nothing of ours in between."""
    with sqlite3.connect(state / "bridge.db") as db:
        rows = db.execute("SELECT body FROM journal WHERE kind = ? ORDER BY seq", (kind,))
        return [json.loads(body) for (body,) in rows]


def test_the_page_asks_for_nothing_and_complains_of_nothing(
    opened: tuple[Visit, Read],
) -> None:
    seen, _ = opened

    assert len(seen.requests) == 1
    assert seen.requests[0].endswith("/report.html")
    assert seen.console == []


def test_the_watch_for_requests_and_errors_would_see_them(tmp_path: Path) -> None:
    """A check that cannot fail proves nothing: here is a page that does all of it."""
    (tmp_path / "bad.html").write_text(
        "<link rel=stylesheet href='http://127.0.0.1:9/far.css'><img src='/near.png'>"
        "<script>console.error('spoke')</script>"
    )
    with served(tmp_path) as address:
        seen = visit(f"{address}/bad.html", tmp_path)

    assert "http://127.0.0.1:9/far.css" in seen.requests
    assert f"{address}/near.png" in seen.requests
    assert any("spoke" in line for line in seen.console)


def test_the_figures_are_what_the_journal_adds_up_to(
    played: tuple[Path, dict[str, str]], opened: tuple[Visit, Read]
) -> None:
    figures, state = opened[1].figures, played[0]
    fills, turn = journaled(state, "Filled"), journaled(state, "RunStarted")[1]["at_ms"]
    assert isinstance(turn, int)
    for role, book in (("asked", "shadow-asked"), ("baseline", "shadow-baseline")):
        for index in (0, 1):
            mine = [
                Decimal(str(fill["fee_usd"]))
                for fill in fills
                if fill["book"] == book and (int(str(fill["at_ms"])) > turn) is bool(index)
            ]
            assert mine
            shown = number(figures[f"fees_usd.{index}.{role}"])
            assert shown == round(sum(mine, Decimal(0)), 2)
    verdicts = [
        (body["mode"], body["verdict"])
        for body in journaled(state, "Judged")
        if body["confidence"] is not None
    ]
    for index, mode in enumerate(("shadow", "live")):
        for verdict in ("ACCEPT", "CLAMP", "REJECT"):
            shown = number(figures[f"count.{index}.{verdict.lower()}"])
            assert shown == verdicts.count((mode, verdict)), (mode, verdict)


def test_equity_ends_where_the_last_mark_of_each_book_says(
    played: tuple[Path, dict[str, str]], opened: tuple[Visit, Read]
) -> None:
    figures, state = opened[1].figures, played[0]
    last = {str(m["book"]): str(m["equity_usd"]) for m in journaled(state, "EquityMarked")}

    for role, book in (
        ("asked", "shadow-asked"),
        ("governed", "account"),
        ("baseline", "shadow-baseline"),
    ):
        shown = number(figures[f"end_usd.1.{role}"])
        assert shown == round(Decimal(last[book]), 2), role


def test_the_table_of_the_demo_says_the_same_as_its_report(
    played: tuple[Path, dict[str, str]], opened: tuple[Visit, Read]
) -> None:
    state, summary = played
    phases = summary["phases"]
    assert isinstance(phases, dict)

    assert summary["report"] == str(state / "report.html")
    for index, phase in enumerate(phases.values()):
        for role, label in (
            ("asked", "as asked"),
            ("governed", "as governed"),
            ("baseline", "at constant size"),
        ):
            end = opened[1].figures[f"end_usd.{index}.{role}"]
            deepest = opened[1].figures[f"drawdown_pct.{index}.{role}"]
            assert number(end) == Decimal(phase[f"equity {label}, USD"])
            assert number(deepest) == Decimal(phase[f"deepest fall {label}, %"])


@pytest.mark.parametrize(
    ("scheme", "paper"), [("1", "rgb(255, 255, 255)"), ("0", "rgb(18, 22, 27)")]
)
def test_it_fits_a_telephone_and_a_desk_by_day_and_by_night(
    played: tuple[Path, dict[str, str]], tmp_path: Path, scheme: str, paper: str
) -> None:
    """Each width shows its own drawings, whose letters are not shrunk."""
    (played[0] / "frames.html").write_text(FRAMES)
    with served(played[0]) as address:
        flag = f"--blink-settings=preferredColorScheme={scheme}"
        seen = visit(f"{address}/frames.html", tmp_path, flag)
    told = [v for _, name, v in read_page(seen.dom).attributes if name == "data-told"]
    narrow, wide = json.loads(told[0])

    assert (narrow["over"], wide["over"]) == (0, 0)
    assert (narrow["shown"], wide["shown"]) == (["narrow"], ["wide"])
    assert narrow["paper"] == wide["paper"] == paper

"""Engine and execution as two processes, as systemd runs them; every promised grep hits."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.harness import MARKET, needs_market, run, start

pytestmark = [pytest.mark.e2e, needs_market]

PERIOD = ("--from", "2025-05-06", "--to", "2025-05-06T10:00:00")
#: The checks of the runbook users know: which unit's log, and what grep looks for.
ALWAYS = (
    ("engine", r"AI Sizer"),
    ("engine", r"AI-SIZER"),
    ("engine", r"PUBLISHED"),
    ("engine", r"PUBLISHED BTCUSDT"),
    ("execution", r"Risk Governor"),
    ("execution", r"ACCEPT\|PASS"),
    ("execution", r"EXEC_INTENT"),
    ("execution", r"GOVERNOR.*ACCEPT"),
    ("execution", r"REJECT"),
)
RESERVED = re.compile(r"\b(ACCEPT|REJECT|SHADOW|LIVE)\b|SHADOW|ACCEPT|REJECT")
PROMISED = re.compile(
    r"^\[AI-SIZER\] (SHADOW|LIVE): |^\[GOVERNOR\] (✅ ACCEPT|❌ REJECT) [A-Z0-9]+ "
)


@dataclass
class Played:
    """Both logs of one run."""

    mode: str
    folder: Path

    def log(self, unit: str) -> str:
        return (self.folder / f"{unit}.log").read_text(encoding="utf-8")

    def lines(self, unit: str) -> list[str]:
        return self.log(unit).splitlines()


@pytest.fixture(scope="module", params=["shadow", "live"])
def played(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Played:
    folder = tmp_path_factory.mktemp(request.param)
    state = folder / "state"
    settings = {"AI_SIZING_MODE": request.param}
    execution = start(
        "execution", "--state", state, log=folder / "execution.log", **settings
    )
    engine = start(
        "engine",
        "--state",
        state,
        "--data",
        MARKET,
        *PERIOD,
        log=folder / "engine.log",
        **settings,
    )
    try:
        assert engine.wait(timeout=180) == 0, (folder / "engine.log").read_text()
        assert execution.wait(timeout=60) == 0, (folder / "execution.log").read_text()
    finally:
        for process in (engine, execution):
            if process.poll() is None:
                process.kill()
    return Played(request.param, folder)


@pytest.mark.parametrize(("unit", "pattern"), ALWAYS, ids=[p for _, p in ALWAYS])
def test_every_grep_of_the_runbook_finds_its_line(
    played: Played, unit: str, pattern: str
) -> None:
    """The very command: grep's own idea of a pattern, not ours."""
    done = subprocess.run(
        ["/usr/bin/env", "grep", "-c", pattern, played.folder / f"{unit}.log"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert int(done.stdout) > 0


def test_the_mode_is_the_one_that_grep_counts(played: Played) -> None:
    """`grep SHADOW` and `grep -c LIVE` tell which mode runs."""
    other = {"shadow": "LIVE", "live": "SHADOW"}[played.mode]

    assert played.mode.upper() in played.log("engine")
    assert other not in played.log("engine") + played.log("execution")


def test_the_four_words_stand_on_promised_lines_only(played: Played) -> None:
    lines = played.lines("engine") + played.lines("execution")
    astray = [li for li in lines if RESERVED.search(li) and not PROMISED.search(li)]

    assert astray == []
    assert any(PROMISED.search(line) for line in lines)


def test_initialized_is_the_last_of_few_start_lines(played: Played) -> None:
    """`journalctl -n 5 | grep initialized` after a start has to hit."""
    for unit, name in (("engine", "AI Sizer Policy"), ("execution", "Risk Governor")):
        lines = played.lines(unit)
        said = [n for n, line in enumerate(lines, 1) if f"{name} initialized" in line]
        assert len(said) == 1
        assert said[0] <= 15
        assert all("[START]" in line or "initialized" in line for line in lines[: said[0]])


def test_tags_can_be_counted(played: Played) -> None:
    """`grep GOVERNOR | awk -F'[[]' '{print $2}' | sort | uniq -c` groups by bracket tag."""
    pipeline = "grep GOVERNOR \"$0\" | awk -F'[[]' '{print $2}' | sort | uniq -c"
    done = subprocess.run(
        ["/bin/sh", "-c", pipeline, played.folder / "execution.log"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert "GOVERNOR] ✅ ACCEPT" in done.stdout
    assert "GOVERNOR] ❌ REJECT" in done.stdout


def test_one_grep_follows_an_intent_from_ai_to_fill(played: Played) -> None:
    executed = next(li for li in played.lines("execution") if "[EXEC_INTENT]" in li)
    intent = re.search(r"intent=(\S+)", executed)
    assert intent is not None
    about = [
        re.match(r"\[[A-Z_-]+\]", line)
        for unit in ("engine", "execution")
        for line in played.lines(unit)
        if f"intent={intent[1]}" in line
    ]
    tags = {found[0] for found in about if found}

    assert {"[AI-SIZER]", "[AI-ENGINE]", "[GOVERNOR]", "[EXEC_INTENT]", "[FILL]"} <= tags


def test_numbers_in_a_line_are_the_ones_acted_upon(played: Played) -> None:
    """Live leverage is whole; a shadow record keeps its tenth."""
    leverages = re.findall(r"EXEC_INTENT.*?leverage=([\d.]+)x", played.log("execution"))

    assert leverages
    if played.mode == "live":
        assert [x for x in leverages if "." in x] == []
    else:
        assert any("." in x for x in leverages)
        assert "mode=shadow" in played.log("execution")


def test_the_journal_of_the_run_verifies(played: Played) -> None:
    done = run(
        "verify", "--journal", played.folder / "state" / "bridge.db", cwd=played.folder
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_shadow_sends_nothing(played: Played) -> None:
    """A flat shadow run makes no trading call at all."""
    sent = [line for line in played.lines("execution") if "sending" in line]

    assert bool(sent) is (played.mode == "live")

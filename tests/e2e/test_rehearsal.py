"""The runbook, rehearsed: installed, a shadow day, promoted, killed, rolled back, upgraded.

The units' own ExecStart lines run as processes below a prefix, against an exchange that is
a process too. The market's time is wound some sixty times as fast as the wall's.
"""

from pathlib import Path

import pytest

from bridge_patch.domain.events import Book, Filled, ModeOrdered, RunStarted
from bridge_patch.domain.intent import Mode
from tests.e2e.harness import only_in_soak
from tests.e2e.rehearsal_market import BEGIN_MS, MINUTE_MS
from tests.e2e.rehearsal_page import blocks, sections
from tests.e2e.rehearsal_scene import Scene, scene

pytestmark = [pytest.mark.e2e, pytest.mark.slow, only_in_soak]

UNITS = ("quantum-ai-engine", "quantum-execution", "quantum-exit-brain")
KEY = "3c9f0f3bd1f24b6d8a5e4c7f9b2a1d60"
BARE = "/opt/quantum/current/bin/bridge-patch"
FILE = "--env-file /etc/quantum/bridge-patch.env"
ORDER = "--symbol SOLUSDT --side buy --confidence 0.8 --margin-usd 100 --leverage 10"
#: A full hour after the start, and some minutes.
OVER_MS = BEGIN_MS + 64 * MINUTE_MS


def test_the_runbook_works_from_install_to_upgrade(tmp_path: Path) -> None:
    with scene(tmp_path) as here:
        shadow_day(here)
        promotion(here)
        kills(here)
        roll_back(here)
        backup_and_upgrade(here)

        promised = [
            c.line for s in sections(here.page).values() for b in blocks(s) for c in b
        ]
        assert sorted(here.copied) == sorted(promised)
        assert here.market.faults == []


def test_on_a_signed_bus_the_same_words_are_heard(tmp_path: Path) -> None:
    """Promoted, traded and demoted with the key; without it nothing is judged."""
    with scene(tmp_path, key=KEY) as here:
        here.block("Install", 0)
        here.market.until(BEGIN_MS + 3 * MINUTE_MS, speed=20, within_sec=60)
        here.block("The shadow day", 0)
        here.block("The shadow day", 1)
        unsigned, _ = here.say(
            f"sudo -u quantum {BARE} signal {ORDER} --id trial-8 --wait {FILE}"
        )
        ordered, code = here.say('bpr promote --override-hours 2 --why "signed"')
        assert code == 0, ordered
        here.say(f"sudo systemctl restart {' '.join(UNITS)}")
        here.minutes(2)
        sent, _ = here.say(f"bp signal {ORDER} --id trial-9 --wait")
        assert "SOLUSDT" in here.market.positions(), sent
        demoted, code = here.say('bpr demote --why "signed"')
        assert code == 0, demoted
        told = "".join(path.read_text() for path in here.systemd.logs.glob("*.log"))

    assert "signature_missing" in unsigned
    assert "AI_SIZING_MODE=shadow\n" in here.env_file.read_text()
    assert [o.mode for o in here.events(ModeOrdered)] == [Mode.LIVE, Mode.SHADOW]
    assert KEY not in unsigned + ordered + sent + demoted + told


def shadow_day(here: Scene) -> None:
    here.block("Install", 0)
    here.market.until(BEGIN_MS + 3 * MINUTE_MS, speed=20, within_sec=60)
    here.block("The shadow day", 0)
    here.block("The shadow day", 1)
    here.block("Promote", 0)
    here.market.until(OVER_MS, speed=120, within_sec=240)
    here.block("What to look at", 0)
    here.block("What to look at", 1)
    assert here.market.positions() == {}


def promotion(here: Scene) -> None:
    here.block("Promote", 1)
    here.minutes(2)
    here.block("Promote", 2)
    assert "BTCUSDT" in here.market.positions()
    while "LIVE" not in here.systemd.log(UNITS[0]):
        assert here.market.dial.now_ms() < OVER_MS + 90 * MINUTE_MS
        here.minutes(1)
    here.block("Monitor", 0)


def kills(here: Scene) -> None:
    for name in UNITS:
        here.systemd.kill(name)
    said, code = here.say("bp verify")
    assert code == 0, said


def roll_back(here: Scene) -> None:
    opened = here.market.positions()
    assert opened
    here.block("Roll back", 0)
    word = (
        "--confidence 0.8 --margin-usd 100 --leverage 10 --stop-pct 2 --id trial-4 --wait"
    )
    said, _ = here.say(f"bp signal --symbol SOLUSDT --side buy {word}")
    assert "FILLED" not in said
    assert here.market.positions().keys() <= opened.keys()
    here.block("Roll back", 1)
    assert here.market.positions() == {}
    here.block("Roll back", 2)


def backup_and_upgrade(here: Scene) -> None:
    before, events = here.env_file.read_bytes(), here.events(object)
    here.block("Backup and restore", 0)
    here.block("Upgrade", 0)
    assert here.env_file.read_bytes() == before
    assert here.events(object)[: len(events)] == events
    modes = [run.mode for run in here.events(RunStarted)]
    assert modes[0] is Mode.SHADOW
    assert Mode.LIVE in modes
    assert modes[-1] is Mode.SHADOW
    assert any(fill.book is Book.ACCOUNT for fill in here.events(Filled))

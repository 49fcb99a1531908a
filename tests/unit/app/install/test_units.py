"""The units: what systemd itself says of them, and what each may know."""

from __future__ import annotations

import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.app.install.units import STOP_SEC, UNITS, WATCHDOG_SEC, Unit, unit_text
from bridge_patch.app.stopping import STOP_MAX_SEC
from tests.unit.app.install.stage import UNITS as UNIT_FOLDER
from tests.unit.app.install.stage import Stage

ANALYZE = shutil.which("systemd-analyze")
needs_systemd = pytest.mark.skipif(
    ANALYZE is None, reason="systemd-analyze is not on this machine: units not verified"
)
#: As systemd 252 counts it, of 10; the network and the machine's root are needed.
EXPOSURE_MAX = Decimal("1.3")


@pytest.fixture
def installed(stage: Stage) -> list[Path]:
    """Return the installed units, their paths turned to where they were installed."""
    stage.install()
    paths = sorted((stage.root / UNIT_FOLDER).glob("*.service"))
    for path in paths:
        text = path.read_text()
        path.write_text(re.sub(r"(?<=[= ])/(opt|etc)/", rf"{stage.root}/\1/", text))
    return paths


@needs_systemd
def test_systemd_finds_no_fault_in_the_installed_units(installed: list[Path]) -> None:
    assert len(installed) == len(UNITS)
    done = subprocess.run(
        [str(ANALYZE), "verify", *installed], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    broken = installed[0]
    broken.write_text(broken.read_text().replace("WatchdogSec=60", "WatchdogSek=60"))
    again = subprocess.run(
        [str(ANALYZE), "verify", broken], capture_output=True, text=True, check=False
    )
    assert "WatchdogSek" in again.stderr


@needs_systemd
def test_the_exposure_of_each_unit_is_small(installed: list[Path]) -> None:
    for path in installed:
        told = subprocess.run(
            [str(ANALYZE), "security", "--offline=true", "--no-pager", path],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        score = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", told)

        assert score, told
        assert Decimal(score[1]) <= EXPOSURE_MAX, told


def values(unit: Unit, name: str) -> list[str]:
    return re.findall(rf"^{name}=(.*)$", unit_text(unit), re.MULTILINE)


def test_the_keys_of_the_exchange_are_given_to_the_execution_alone() -> None:
    given = {
        unit.name: {value.partition(":")[0] for value in values(unit, "LoadCredential")}
        for unit in UNITS
    }

    assert given == {
        "quantum-ai-engine": {"bus_signing_key", "alert_urls"},
        "quantum-execution": {
            "venue_api_key",
            "venue_api_secret",
            "bus_signing_key",
            "alert_urls",
        },
        "quantum-exit-brain": {"bus_signing_key", "alert_urls"},
    }


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_units_memory_is_not_to_be_had_by_another_of_its_user_nor_from_a_dump(
    unit: Unit,
) -> None:
    """The keys of the execution lie in it; tests/e2e/test_systemd.py tries to get them."""
    assert values(unit, "PrivateUsers") == ["yes"]
    assert values(unit, "LimitCORE") == ["0"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_runs_its_command_is_watched_and_does_not_restart_for_ever(
    unit: Unit,
) -> None:
    assert values(unit, "EnvironmentFile") == ["/etc/quantum/bridge-patch.env"]
    (started,) = values(unit, "ExecStart")
    assert started.split() == [
        "/opt/quantum/current/bin/bridge-patch",
        unit.command,
        "--env-file",
        "/etc/quantum/bridge-patch.env",
    ]
    assert values(unit, "Type") == ["notify"]
    assert values(unit, "WatchdogSec") == [str(WATCHDOG_SEC)]
    assert values(unit, "Restart") == ["always"]
    assert values(unit, "StartLimitBurst") == ["30"]
    assert values(unit, "StartLimitIntervalSec") == ["3600"]
    assert values(unit, "User") == values(unit, "StateDirectory") == ["quantum"]
    assert STOP_MAX_SEC < STOP_SEC

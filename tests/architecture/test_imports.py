"""Dependencies point inward; the contracts in pyproject.toml are the authority."""

import subprocess
import sys
from pathlib import Path

import pytest
from importlinter.api import read_configuration

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")
ROOMS = {
    "adapters",
    "app",
    "domain",
    "evidence",
    "governor",
    "policy",
    "services",
    "sim",
}


def lint(config: Path, where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT, "--config", config, "--no-cache", "--no-logo"],
        capture_output=True,
        text=True,
        check=False,
        cwd=where,
    )


def test_every_contract_is_kept() -> None:
    done = lint(ROOT / "pyproject.toml", ROOT)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_every_room_has_its_place_in_the_layers() -> None:
    """Exhaustive layers see rooms that exist; this sees one that went missing."""
    options = read_configuration(str(ROOT / "pyproject.toml"))
    layers = next(c for c in options["contracts_options"] if c["type"] == "layers")
    named = {room.strip() for layer in layers["layers"] for room in layer.split("|")}

    assert named == ROOMS
    assert named == {p.parent.name for p in ROOT.glob("src/bridge_patch/*/__init__.py")}


@pytest.mark.parametrize(
    ("room", "line", "contract"),
    [
        ("domain", "import bridge_patch.app", "Dependencies point inward"),
        ("governor", "import bridge_patch.policy", "Dependencies point inward"),
        ("evidence", "import bridge_patch.policy", "does not depend on an opinion"),
        ("policy", "import os", "cannot reach the world"),
        ("sim", "import random", "cannot reach the world"),
        ("domain", "import numpy", "standard library only"),
        ("services", "import sqlite3", "through ports"),
        ("app", "import services", "old import paths"),
        ("sim", "import bridge_patch.sim.other", "No cycles"),
    ],
)
def test_a_planted_import_breaks_its_contract(
    room: str, line: str, contract: str, tmp_path: Path
) -> None:
    """A contract that cannot break proves nothing: each one is broken here once."""
    package = tmp_path / "bridge_patch"
    for each in sorted(ROOMS):
        (package / each).mkdir(parents=True)
        (package / each / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / room / "planted.py").write_text(line + "\n")
    (package / room / "other.py").write_text(f"import bridge_patch.{room}.planted\n")
    done = lint(ROOT / "pyproject.toml", tmp_path)

    broken = [row for row in done.stdout.splitlines() if row.endswith("BROKEN")]
    assert done.returncode == 1, done.stdout + done.stderr
    assert any(contract in row for row in broken), done.stdout

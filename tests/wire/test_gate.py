"""The pre-deploy gate opens for our schema, and stays shut for a broken one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / "test_trade_intent_schema.py"
ANYTHING_GOES = """
from bridge_patch.app.contract.trade_intent import HarvestPolicy, TradeIntent

def validate_trade_intent(payload):
    return {answer}
"""


def run(first_on_path: Path | None = None) -> tuple[int, list[str]]:
    env = os.environ | {"PYTHONPATH": str(first_on_path or "")}
    done = subprocess.run(
        [sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False, env=env
    )
    return done.returncode, done.stdout.splitlines()


def test_the_gate_opens_and_says_what_it_saw() -> None:
    code, said = run()

    assert code == 0
    for name in (
        "test_valid_trade_intent",
        "test_optional_ai_fields",
        "test_harvest_policy",
    ):
        assert f"✅ {name} PASSED" in said
    assert said[-1] == "✅ All schema validation tests PASSED - safe to deploy"
    assert not [line for line in said if "❌" in line]


@pytest.mark.parametrize("answer", ["[]", "['leverage: wrong']", "1 / 0", "None"])
def test_the_gate_stays_shut_for_a_broken_schema(tmp_path: Path, answer: str) -> None:
    """A schema that accepts everything, refuses everything or breaks is not deployed."""
    package = tmp_path / "ai_engine" / "services"
    package.mkdir(parents=True)
    (tmp_path / "ai_engine" / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "eventbus_bridge.py").write_text(ANYTHING_GOES.format(answer=answer))
    code, said = run(tmp_path)

    assert code == 1
    assert [line for line in said if line.startswith("❌ test_")]
    assert "safe to deploy" not in "".join(said)


def test_the_gate_stays_shut_where_nothing_is_installed(tmp_path: Path) -> None:
    (tmp_path / "ai_engine.py").touch()
    code, said = run(tmp_path)

    assert code == 1
    assert said[0].startswith("❌ import FAILED")

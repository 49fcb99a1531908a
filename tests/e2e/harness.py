"""What the end-to-end tests share: real command, real market, clean environment."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge_patch.app.settings import ROWS

ROOT = Path(__file__).parents[2]
COMMAND = Path(sys.executable).with_name("bridge-patch")
MARKET = ROOT.parent / "shared" / "market" / "binance-usdm-2025-05"

needs_market = pytest.mark.skipif(
    not MARKET.is_dir(),
    reason="no ../shared/market/binance-usdm-2025-05 beside the project",
)

only_in_soak = pytest.mark.skipif(
    not os.environ.get("SOAK"),
    reason="many processes for a minute: `make soak` runs it, or SOAK=1",
)


def clean_env(**extra: str) -> dict[str, str]:
    """Return this process's environment without our settings, and with `extra`."""
    ours = {row.name for row in ROWS}
    env = {name: value for name, value in os.environ.items() if name not in ours}
    return {**env, **extra}


def run(*words: str | Path, cwd: Path, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run `bridge-patch` to its end."""
    return subprocess.run(
        [COMMAND, *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=clean_env(**extra),
    )


def start(*words: str | Path, log: Path, **extra: str) -> "subprocess.Popen[str]":
    """Start `bridge-patch` with its output in `log`, as journald would keep it."""
    with log.open("w", encoding="utf-8") as output:
        return subprocess.Popen(
            [COMMAND, *words],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=log.parent,
            env=clean_env(**extra),
        )

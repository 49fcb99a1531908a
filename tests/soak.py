"""The long runs, one after another: `make soak`. It ends by itself and says how it went.

Each part is a process of its own with a time limit; together they take at most 40 minutes.
`ARGS="kills"` runs the parts whose names hold that word.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

PYTHON: Final = sys.executable
#: Nothing may take longer than this, all parts together.
ALL_SEC: Final = 40 * 60


@dataclass(frozen=True)
class Part:
    """One long run, the time it may take, and what it is told by the environment."""

    name: str
    most_sec: int
    words: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)


PARTS: Final = (
    Part(
        "campaign of 2,000 seeds",
        230,
        ("-m", "tests.simulation.campaign", "--seeds", "2000", "--minutes", "20"),
    ),
    Part(
        "accounts under every order of events, 10,000 lives of positions in a storm",
        720,
        (
            *("-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"),
            # By group, so that each share of the lives has a process of its own.
            *("--dist", "loadgroup", "tests/laws/test_protection_machine.py"),
            "tests/laws/test_account_machine.py",
        ),
        {"SOAK": "1"},
    ),
    Part(
        "exits killed at each stage, demoted, runbook and units rehearsed, secrets",
        540,
        (
            *("-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"),
            *("-p", "no:cacheprovider"),
            # One of the two longest begins, and the other ends.
            *("tests/e2e/test_rehearsal.py", "tests/e2e/test_exit_kills.py"),
            *("tests/e2e/test_exit_silence.py", "tests/e2e/test_lost_stop.py"),
            *("tests/e2e/test_demotion.py", "tests/e2e/test_demo_simulator.py"),
            *("tests/e2e/test_systemd.py", "tests/museum/test_secrets.py"),
            *("tests/e2e/test_kills.py", "tests/e2e/test_kills_redis.py"),
            *("tests/e2e/test_kills_under_load.py", "tests/e2e/test_standby.py"),
            *("tests/e2e/test_flatten.py", "tests/e2e/test_monitored.py"),
            "tests/e2e/test_three_processes.py",
        ),
        {"SOAK": "1"},
    ),
    Part(
        "four walks of two hours at a venue that fails, over HTTP",
        150,
        ("-m", "tests.e2e.venue_walk", "--minutes", "120", "--walks", "4"),
    ),
    Part(
        "50 kills under 500 intents/s, SQLite",
        380,
        ("-m", "tests.e2e.kill_loop", "--kills", "50"),
    ),
    Part(
        "50 kills under 500 intents/s, Redis and PostgreSQL",
        380,
        ("-m", "tests.e2e.kill_loop", "--kills", "50", "--servers"),
    ),
)


@dataclass(frozen=True)
class Ended:
    """How a part went: its name, its time, and what is wrong or nothing."""

    name: str
    spent_sec: float
    fault: str


def ran(part: Part) -> Ended:
    """Run a part to its end, its output on ours; past its time it is stopped.

    With it goes whatever it has started itself.
    """
    begun, fault = time.monotonic(), ""
    env = {**os.environ, **part.env}
    command = [PYTHON, *part.words]
    with subprocess.Popen(command, env=env, start_new_session=True) as process:
        try:
            code = process.wait(timeout=part.most_sec)
            fault = f"exit code {code}" if code else ""
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            fault = f"not done after {part.most_sec} s"
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    return Ended(part.name, time.monotonic() - begun, fault)


def soak(parts: Sequence[Part]) -> int:
    """Run the parts; return 1 where one of them found something."""
    ends = []
    for part in parts:
        print(f"== {part.name}, at most {part.most_sec} s", flush=True)
        ends.append(ran(part))
    print("== soak")
    for end in ends:
        print(f"{end.fault or 'ok':<24} {end.spent_sec:6.0f} s  {end.name}")
    return any(end.fault for end in ends)


def main(words: Sequence[str]) -> int:
    """Run the parts that were asked for, or all of them."""
    wanted = [p for p in PARTS if not words or any(word in p.name for word in words)]
    if not wanted:
        names = "; ".join(part.name for part in PARTS)
        print(f"no part is called {' '.join(words)!r}; there are: {names}", file=sys.stderr)
        return 2
    return soak(wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

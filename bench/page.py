"""Writes what the benchmarks measure into `docs/performance.md`.

`python -m bench.page` runs each of them some times, every run in a process of its own.
The page shows the run with the middle ratio, and from where to where the others were.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from bench.measuring import Outcome, lines_of, outcome_of

BENCH: Final = Path(__file__).parent
PAGE: Final = BENCH.parent / "docs/performance.md"
BEGIN: Final = "<!-- measured: begin, written by python -m bench.page -->\n"
END: Final = "<!-- measured: end -->\n"
_RUNS: Final = 3
_HEAD: Final = """\
| benchmark | ratio | goal | measured | all runs | |
|---|---|---|---|---|---|
"""


def names() -> tuple[str, ...]:
    """Return every benchmark, in the order of `make bench`."""
    return tuple(sorted(path.stem for path in BENCH.glob("bench_*.py")))


def page_with(page: str, measured: str) -> str:
    """Return the page with this between its markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        msg = f"the page must have the markers {BEGIN.strip()!r} and {END.strip()!r}"
        raise ValueError(msg)
    return before + BEGIN + measured + END + after


def measured_text(found: Mapping[str, Sequence[Outcome]], *, machine: str) -> str:
    """Return the results: one row for each benchmark, then the figures behind each."""
    rows = "".join(_row(name, runs) for name, runs in found.items())
    figures = "".join(_figures(name, runs) for name, runs in found.items())
    return f"{machine}\n\n{_HEAD}{rows}\n{figures}"


def machine_text(today: date, runs: int) -> str:
    """Say on what was measured, and when; nothing that names the machine itself."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    kind = f"{os.cpu_count()} processors ({platform.machine()}), {platform.system()}"
    times = "once" if runs == 1 else f"{runs} times"
    return f"{today}, {kind}, {python}; every benchmark ran {times}."


def _row(name: str, runs: Sequence[Outcome]) -> str:
    middle, ratios = _middle(runs), [one.ratio for one in runs]
    met = sum(one.is_met for one in runs)
    verdict = (
        "met" if met == len(runs) else f"met {met} of {len(runs)}" if met else "missed"
    )
    cells = (
        f"`{name}`",
        middle.name,
        f"{middle.wanted} {middle.goal:g}",
        f"{middle.ratio:.3f}",
        f"{min(ratios):.3f} to {max(ratios):.3f}",
        verdict if verdict == "met" else f"**{verdict}**",
    )
    return f"| {' | '.join(cells)} |\n"


def _figures(name: str, runs: Sequence[Outcome]) -> str:
    lines = "\n".join(lines_of(_middle(runs)))
    return f"`.venv/bin/python -m bench.{name}`\n\n```text\n{lines}\n```\n\n"


def _middle(runs: Sequence[Outcome]) -> Outcome:
    return sorted(runs, key=lambda one: one.ratio)[len(runs) // 2]


def _run(name: str) -> Outcome:
    command = (sys.executable, "-m", f"bench.{name}", "--json")
    done = subprocess.run(  # noqa: S603 - the command is our own
        command, cwd=BENCH.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    return outcome_of(done.stdout)


def main() -> None:
    """Run every benchmark, in turns, and write the page again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=_RUNS, help="of each benchmark")
    runs = max(1, parser.parse_args().runs)
    found: dict[str, list[Outcome]] = {name: [] for name in names()}
    for number in range(1, runs + 1):
        for name, outcomes in found.items():
            outcomes.append(_run(name))
            print(f"run {number} of {runs}: {name} {outcomes[-1].ratio:.3f}", flush=True)
    text = measured_text(found, machine=machine_text(datetime.now(UTC).date(), runs))
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), text), encoding="utf-8")


if __name__ == "__main__":
    main()

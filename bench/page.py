"""Writes what the benchmarks measure into `docs/performance.md`.

`python -m bench.page` runs each of them some times, every run in a process of its own.
The page shows the run with the middle ratio, and from where to where the others were. With
`--only` it runs some, and what it says of the others stays; each row says when it was run.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, final

from bench.measuring import Outcome, lines_of, outcome_of

BENCH: Final = Path(__file__).parent
PAGE: Final = BENCH.parent / "docs/performance.md"
BEGIN: Final = "<!-- measured: begin, written by python -m bench.page -->\n"
END: Final = "<!-- measured: end -->\n"
_RUNS: Final = 3
#: How a benchmark begins to say that this machine lacks what it needs.
_SKIPPED: Final = "skipped: "
_HEAD: Final = """\
| benchmark | ratio | goal | measured | all runs | run | |
|---|---|---|---|---|---|---|
"""
_ROW: Final = re.compile(r"^\| `(bench_\w+)` \|.*\n", re.MULTILINE)
_FIGURES: Final = re.compile(
    r"^`\.venv/bin/python -m bench\.(\w+).*\n\n```text\n(?:.*\n)*?```\n\n", re.MULTILINE
)


@final
@dataclass(frozen=True, slots=True)
class Section:
    """What the page says of one benchmark: its row, and the figures behind it."""

    row: str
    figures: str


def names() -> tuple[str, ...]:
    """Return every benchmark, in the order of `make bench`."""
    return tuple(sorted(path.stem for path in BENCH.glob("bench_*.py")))


def page_with(page: str, measured: str) -> str:
    """Return the page with this between its markers."""
    before, _, after = _parts(page)
    return before + BEGIN + measured + END + after


def sections_of(page: str) -> dict[str, Section]:
    """Return what stands between the page's markers, by benchmark."""
    _, measured, _ = _parts(page)
    figures = {found[1]: found[0] for found in _FIGURES.finditer(measured)}
    rows = {found[1]: found[0] for found in _ROW.finditer(measured)}
    return {name: Section(row, figures[name]) for name, row in rows.items()}


def measured_text(sections: Mapping[str, Section]) -> str:
    """Return the results: one row for each benchmark, then the figures behind each."""
    ordered = [sections[name] for name in sorted(sections)]
    rows = "".join(one.row for one in ordered)
    return f"{_HEAD}{rows}\n{''.join(one.figures for one in ordered)}"


def section(
    name: str, runs: Sequence[Outcome], *, today: date, arguments: Sequence[str] = ()
) -> Section:
    """Return what runs of this day found, made with these arguments, on this machine."""
    times = "once" if len(runs) == 1 else f"{len(runs)} times"
    run = f"{today}, {times}"
    command = " ".join((f".venv/bin/python -m bench.{name}", *arguments))
    lines = "\n".join(lines_of(_middle(runs)))
    figures = f"`{command}` ({run}; {machine_text()})\n\n```text\n{lines}\n```\n\n"
    told = f", `{' '.join(arguments)}`" if arguments else ""
    return Section(_row(name, runs, run + told), figures)


def machine_text() -> str:
    """Say on what is measured; nothing that names the machine itself."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    kind = f"{os.cpu_count()} processors ({platform.machine()}), {platform.system()}"
    return f"{kind}, {python}"


def told_by(name: str, stdout: str) -> Outcome | str:
    """Return what a benchmark told, or why it could not run here."""
    if stdout.startswith(_SKIPPED):
        return f"{name} was {stdout.strip()}"
    return outcome_of(stdout)


def _parts(page: str) -> tuple[str, str, str]:
    before, begin, rest = page.partition(BEGIN)
    measured, end, after = rest.partition(END)
    if not (begin and end):
        msg = f"the page must have the markers {BEGIN.strip()!r} and {END.strip()!r}"
        raise ValueError(msg)
    return before, measured, after


def _row(name: str, runs: Sequence[Outcome], run: str) -> str:
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
        run,
        verdict if verdict == "met" else f"**{verdict}**",
    )
    return f"| {' | '.join(cells)} |\n"


def _middle(runs: Sequence[Outcome]) -> Outcome:
    return sorted(runs, key=lambda one: one.ratio)[len(runs) // 2]


def _run(name: str, arguments: Sequence[str]) -> Outcome | str:
    command = (sys.executable, "-m", f"bench.{name}", "--json", *arguments)
    done = subprocess.run(  # noqa: S603 - the command is our own
        command, cwd=BENCH.parent, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{name} failed:\n{done.stderr}")
    return told_by(name, done.stdout)


def _measured(
    only: Sequence[str], runs: int, arguments: Sequence[str]
) -> dict[str, list[Outcome]]:
    """Run each of these in turns; one that this machine cannot run is said and left out."""
    found: dict[str, list[Outcome]] = {name: [] for name in only}
    for number in range(1, runs + 1):
        for name in tuple(found):
            told = _run(name, arguments)
            if isinstance(told, str):
                print(f"{told}: what the page says of it stays", flush=True)
                del found[name]
                continue
            found[name].append(told)
            print(f"run {number} of {runs}: {name} {told.ratio:.3f}", flush=True)
    return found


def main() -> None:
    """Run benchmarks, in turns, and write the page again."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=_RUNS, help="of each benchmark")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names(),
        metavar="NAME",
        default=names(),
        help="run these and keep what the page says of the others",
    )
    parser.add_argument(
        "arguments", nargs="*", help="after --: for each of them, and told on the page"
    )
    said = parser.parse_args()
    found = _measured(said.only, max(1, said.runs), said.arguments)
    page, today = PAGE.read_text(encoding="utf-8"), datetime.now(UTC).date()
    kept = {name: one for name, one in sections_of(page).items() if name in names()}
    new = {
        name: section(name, runs, today=today, arguments=said.arguments)
        for name, runs in found.items()
    }
    PAGE.write_text(page_with(page, measured_text(kept | new)), encoding="utf-8")


if __name__ == "__main__":
    main()

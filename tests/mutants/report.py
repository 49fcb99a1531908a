"""How far it is, and what lived."""

import json
import sys
import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from tests.mutants.equivalents import Key, told
from tests.mutants.judging import SURVIVED
from tests.mutants.planting import Mutant

EVERY_SEC: Final = 15


@dataclass(slots=True)
class Line:
    """One line that says how far it is: rewritten on a terminal, now and then elsewhere."""

    out: TextIO
    listed: Container[Key] = ()
    name: str = ""
    total: int = 0
    done: int = 0
    alive: int = 0
    started: float = 0
    said: float = 0

    def stage(self, name: str, total: int) -> None:
        """Begin a stage."""
        self.name, self.total, self.done, self.alive = name, total, 0, 0
        self.started = self.said = time.monotonic()
        self._say(last=total == 0)

    def one(self, mutant: Mutant, by: str) -> None:
        """Count one more, and name it where it lives and is not known to."""
        self.done += 1
        self.alive += by == SURVIVED
        now = time.monotonic()
        if by == SURVIVED and mutant.key not in self.listed:
            start = "\r" if self.out.isatty() else ""
            at = f"{mutant.file}:{mutant.lines.start}"
            self.out.write(f"{start}{f'alive so far, {at} {told(mutant.key)}':<76}\n")
        last = self.done >= self.total
        if last or now - self.said > (0.2 if self.out.isatty() else EVERY_SEC):
            self.said = now
            self._say(last=last)

    def _say(self, *, last: bool) -> None:
        took = time.monotonic() - self.started
        left = took / self.done * (self.total - self.done) if self.done else 0
        text = f"{self.name}: {self.done}/{self.total}, {self.alive} alive, {clock(took)}"
        if left and not last:
            text += f", {clock(left)} to go"
        if self.out.isatty():
            self.out.write(f"\r{text:<76}" + ("\n" if last else ""))
        else:
            self.out.write(text + "\n")
        self.out.flush()


def survivor(mutant: Mutant, source: str, home: str) -> str:
    """Show a mutant where it stands: its line of code, and what became of it."""
    lines = source.splitlines()
    first, stop = mutant.lines.start, mutant.lines.stop
    shown = [f"    {line}" for line in lines[first - 1 : min(stop - 1, first + 5)]]
    if stop - first > len(shown):
        shown.append("    ...")
    which = f", number {mutant.nth} of its kind" if mutant.nth > 1 else ""
    head = f"{home}/{mutant.file}:{first} in {mutant.function or 'the module'}"
    return "\n".join(
        [f"{head} ({mutant.kind}{which})", *shown, f"  - {mutant.was}", f"  + {mutant.now}"]
    )


def as_entry(mutant: Mutant) -> str:
    """Return how the list would name a mutant, for one whose reason is known."""
    fields: dict[str, object] = {
        "file": mutant.file,
        "function": mutant.function,
        "was": mutant.was,
        "now": mutant.now,
    }
    if mutant.nth > 1:
        fields["nth"] = mutant.nth
    lines = [f"{name} = {json.dumps(value)}" for name, value in fields.items()]
    return "\n".join(["[[equivalent]]", *lines, 'reason = ""'])


def as_json(
    mutants: Sequence[Mutant], verdicts: Mapping[int, str], reasons: Mapping[Key, str]
) -> str:
    """Return every mutant and what became of it."""
    rows = [
        {
            "file": mutant.file,
            "line": mutant.lines.start,
            "function": mutant.function,
            "kind": mutant.kind,
            "was": mutant.was,
            "now": mutant.now,
            "nth": mutant.nth,
            "noticed_by": verdicts[number] or None,
            "equivalent": reasons.get(mutant.key),
        }
        for number, mutant in enumerate(mutants)
    ]
    return json.dumps(rows, indent=1)


def write_json(text: str, path: str) -> None:
    """Write to a file, or to the standard output for a dash."""
    if path == "-":
        sys.stdout.write(text + "\n")
    else:
        Path(path).write_text(text + "\n")


def clock(seconds: float) -> str:
    """Return minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"

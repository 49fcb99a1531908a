"""Writes `docs/cli.md`: every command, with an example and what it prints.

`python -m tests.unit.app.cli_page` in the project's root writes it again.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import typer

from bridge_patch.app import cli
from bridge_patch.app.commands import data_fetch
from bridge_patch.app.settings import ROWS
from tests.questions import NOW
from tests.unit.adapters.archive import serving, source
from tests.unit.app.cli_sections import SECTIONS
from tests.unit.app.story_files import write_story

PAGE = Path("docs/cli.md")
#: Wall-clock time in the journal: long after the data time it is about, as in a replay.
RECORDED_MS = NOW + 400 * 86_400_000
WIDTH = "80"


BEGIN = "<!-- commands: begin, written by python -m tests.unit.app.cli_page -->\n"


def page(before: str, folder: Path) -> str:
    """Return the page, its head as before and its commands run in this empty folder."""
    write_story(folder / "var", recorded_ms=RECORDED_MS)
    (folder / "wrong.env").write_text("AI_SIZING_MODE=Live\nMAX_POSITON_USD=500\n")
    parts = [before.partition(BEGIN)[0] + BEGIN]
    with chdir(folder), clean(), archive():
        for section in SECTIONS:
            blocks = [
                f"```console\n$ bridge-patch {li}\n{run(li)}```\n" for li in section.lines
            ]
            parts.append(f"## {section.name}\n\n{section.text}\n\n" + "\n".join(blocks))
    return "\n".join(parts)


def run(line: str) -> str:
    """Return what a command prints, on either stream, and its exit code if it is not 0."""
    said, before = StringIO(), sys.argv
    sys.argv = ["bridge-patch", *line.split()]
    try:
        with redirect_stdout(said), redirect_stderr(said):
            cli.main()
    except SystemExit as e:
        code = e.code
    finally:
        sys.argv = before
    text = re.sub(r"last written .*", "last written 2 s ago", said.getvalue())
    text = re.sub(r"^(head \d+) [0-9a-f]{64}$", r"\1 3f8c…", text, flags=re.MULTILINE)
    lines = [each.rstrip() for each in text.strip("\n").splitlines()]
    lines += [f"(exit code {code})"] if code else []
    return "".join(f"{each}\n" for each in lines)


def names(group: object = None, prefix: str = "") -> Iterator[str]:
    """Yield every command there is, as it is typed."""
    found = getattr(group or typer.main.get_command(cli.app), "commands", {})
    for name, command in found.items():
        yield f"{prefix}{name}"
        yield from names(command, f"{prefix}{name} ")


@contextmanager
def clean() -> Iterator[None]:
    """Hide our settings and whatever a terminal would change."""
    before = dict(os.environ)
    hidden = {row.name for row in ROWS} | {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"}
    for name in hidden & before.keys():
        del os.environ[name]
    os.environ |= {"COLUMNS": WIDTH, "NO_COLOR": "1", "no_proxy": "127.0.0.1"}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def archive() -> Iterator[None]:
    """Let `data fetch` find its bars on loopback."""
    module = vars(data_fetch)
    real = module["Klines"]
    with serving() as here:
        module["Klines"] = lambda: source(here)
        try:
            yield
        finally:
            module["Klines"] = real


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        text = page(PAGE.read_text(encoding="utf-8"), Path(made))
    PAGE.write_text(text, encoding="utf-8")

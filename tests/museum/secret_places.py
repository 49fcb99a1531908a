"""Everywhere that processes leave something: what a secret could be read from."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from tests.museum.secret_scene import SCHEMA, Scene
from tests.museum.secret_words import Written


def rows(scene: Scene) -> Iterator[Written]:
    """Yield every table of the journal's schema, as text."""
    with closing(psycopg.connect(scene.postgres.url())) as connection:
        names = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = %s", (SCHEMA,)
        ).fetchall()
        for (name,) in names:
            whole = SQL("SELECT t::text FROM {}.{} t").format(
                Identifier(SCHEMA), Identifier(name)
            )
            lines = [str(line) for (line,) in connection.execute(whole)]
            yield Written(f"the table {name}", "\n".join(lines).encode())


def files(folder: Path, without: frozenset[str]) -> Iterator[Written]:
    """Yield every file of a folder but those of some names."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in without:
            yield Written(str(path.relative_to(folder)), path.read_bytes())


def command_lines(scene: Scene) -> Iterator[Written]:
    """Yield how each process was called, as everybody on the machine can read it."""
    for part, process in scene.processes.items():
        if process.poll() is None:
            line = Path(f"/proc/{process.pid}/cmdline").read_bytes()
            assert os.fsencode("bridge-patch") in line, part
            yield Written(f"the command line of {part}", line)

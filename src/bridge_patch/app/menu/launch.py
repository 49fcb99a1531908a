"""Starts the work of a command, which is imported only when its command runs."""

from __future__ import annotations

from importlib import import_module
from typing import NoReturn

import typer


class InterruptedByUserError(Exception):
    """Ctrl-C inside a command; typer would otherwise answer it for us."""


def launch(command: str, options: object) -> NoReturn:
    """Import `commands/<command>.py` and leave with what its function returns."""
    module = import_module(f"bridge_patch.app.commands.{command}")
    try:
        code: int = getattr(module, command)(options)
    except KeyboardInterrupt as e:
        raise InterruptedByUserError from e
    raise typer.Exit(code)

"""The command that puts the program in place as services of systemd."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import JsonOption
from bridge_patch.app.commands.offline_options import InstallOptions
from bridge_patch.app.menu.launch import launch


class Environment(StrEnum):
    """What the services run in: an environment of their own, or this very one."""

    COPY = "copy"
    REUSE = "reuse"


def install(
    *,
    prefix: Annotated[
        Path | None, typer.Option(help="Install below this folder, not on the machine.")
    ] = None,
    env: Annotated[
        Environment,
        typer.Option(help="Copy the program, or reuse this environment (--prefix only)."),
    ] = Environment.COPY,
    uninstall: Annotated[
        bool, typer.Option("--uninstall", help="Take it away; settings and journal stay.")
    ] = False,
    purge: Annotated[
        bool,
        typer.Option(
            "--purge", help="With --uninstall: settings, secrets and journal too."
        ),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print each step and change nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Install this program as services of systemd, or upgrade them. Needs root.

    Again, it changes only what is to be changed; settings, secrets and journal are kept.

    Nothing is started or restarted: that is said at the end, and left to you.

    Example: bridge-patch install --dry-run
    """
    options = InstallOptions(
        prefix=prefix,
        reuse=env is Environment.REUSE,
        uninstall=uninstall,
        purge=purge,
        dry_run=dry_run,
        as_json=as_json,
    )
    launch("install", options)

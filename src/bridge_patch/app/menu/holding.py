"""The command group about what is open."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge_patch.app.commands.flags import EnvFileOption, JournalOption, JsonOption
from bridge_patch.app.commands.options import JournalOptions, PositionsOptions
from bridge_patch.app.menu.launch import launch

_ABOUT = """Show what is open: stop, trail, targets, time left, and what it would bring.

    What is not ours stands apart. The exit code is 1 where one of ours is NAKED.

    Example: bridge-patch positions --journal var/demo/bridge.db
    """

positions = typer.Typer(help=_ABOUT, invoke_without_command=True)


@positions.callback()
def _listed(
    context: typer.Context,
    *,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Also what the shadow books hold.")
    ] = False,
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what is open: stop, trail, targets, time left, and what it would bring.

    What is not ours stands apart. The exit code is 1 where one of ours is NAKED.

    Example: bridge-patch positions --journal var/demo/bridge.db
    """
    if context.invoked_subcommand is None:
        source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
        launch("positions", PositionsOptions(source=source, shadow=shadow))

"""The command group about limits as such."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import JsonOption
from bridge_patch.app.commands.options import DiffOptions
from bridge_patch.app.menu.launch import launch

limits = typer.Typer(
    help="""Compare limits as such.

    Example: bridge-patch limits diff /etc/quantum/bridge-patch.env new.env
    """,
    no_args_is_help=True,
)


@limits.callback()
def _everything() -> None:
    """Compare limits as such.

    Example: bridge-patch limits diff /etc/quantum/bridge-patch.env new.env
    """


@limits.command()
def diff(
    *,
    first: Annotated[Path, typer.Argument(metavar="A.ENV", help="The limits in force.")],
    second: Annotated[Path, typer.Argument(metavar="B.ENV", help="Those to come.")],
    within: Annotated[
        float, typer.Option(min=0.1, metavar="SEC", help="Give up after so long.")
    ] = 60,
    as_json: JsonOption = False,
) -> None:
    """Tell whether B accepts an entry that A refuses: one such, or the proof of none.

    Exit code 0: proved, none. 1: there is one, and it is shown. 3: not decided.
    4: not decided in the time given. Settings that are no limits are compared where one
    value is plainly the looser; the others that differ are named.

    Example: bridge-patch limits diff /etc/quantum/bridge-patch.env new.env
    """
    options = DiffOptions(first=first, second=second, as_json=as_json, within_sec=within)
    launch("limits_diff", options)

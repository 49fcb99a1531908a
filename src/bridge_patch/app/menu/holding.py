"""The command group about what is open."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge_patch.app.commands.flags import (
    EnvFileOption,
    JournalOption,
    JsonOption,
    StateOption,
    WaitOption,
    WhoOption,
    WhyOption,
)
from bridge_patch.app.commands.options import (
    AdoptOptions,
    JournalOptions,
    PositionsOptions,
)
from bridge_patch.app.menu.launch import launch
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import parse_symbol

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


@positions.command()
def adopt(
    *,
    symbol: Annotated[str, typer.Argument(metavar="SYMBOL", help="As in BTCUSDT.")],
    why: WhyOption,
    policy: Annotated[
        HarvestMode | None,
        typer.Option(help="How it is harvested (default: swing, the fallback)."),
    ] = None,
    who: WhoOption = None,
    wait_sec: WaitOption = 5,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a position ours that somebody else opened, by the venue's own numbers.

    It gets a stop 2 % from its entry and a policy; its age counts from now. The exit code
    is 1 if it was refused, or if no execution took it in time.

    Example: bridge-patch positions adopt SOLUSDT --why "opened by hand" --policy swing
    """
    options = AdoptOptions(
        symbol=parse_symbol(symbol),
        policy=policy,
        why=why,
        who=who,
        wait_sec=wait_sec,
        state=state,
        env_file=env_file,
        as_json=as_json,
    )
    launch("adopt", options)

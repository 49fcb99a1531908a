"""The two commands about the mode: up on evidence, down always."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge_patch.app.commands.flags import (
    EnvFileOption,
    JsonOption,
    StateOption,
    WaitOption,
    WhoOption,
    WhyOption,
)
from bridge_patch.app.commands.options import ModeOptions
from bridge_patch.app.menu.launch import launch
from bridge_patch.services.named_order import OVERRIDE_MAX_HOURS


def promote(
    *,
    why: WhyOption,
    override_hours: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=OVERRIDE_MAX_HOURS,
            help="Go without the evidence, for so many hours; recorded as an override.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what is missing, and order nothing.")
    ] = False,
    who: WhoOption = None,
    wait_sec: WaitOption = 5,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Allow live, if the shadow runs have shown enough; else say what is missing.

    The order is journaled, for these limits and this market, and AI_SIZING_MODE=live is
    written into the env file that is named. It counts from the next start on.

    The exit code is 1 where it was not promoted.

    Example: bridge-patch promote --why "a clean day" --env-file bridge-patch.env
    """
    options = ModeOptions(
        why=why,
        who=who,
        wait_sec=wait_sec,
        state=state,
        env_file=env_file,
        as_json=as_json,
        override_hours=override_hours,
        dry_run=dry_run,
    )
    launch("promote", options)


def demote(
    *,
    why: WhyOption,
    who: WhoOption = None,
    wait_sec: WaitOption = 5,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Go back to shadow, at once and always; open positions keep stop and harvest.

    A running execution opens nothing from the moment it hears it. With the bus down the
    order waits beside the journal, and the env file that is named says shadow either way.

    The exit code is 0 where a running execution holds to it, 3 where it counts from the
    next start on, and 1 where none of this could be done.

    Example: bridge-patch demote --why "odd fills" --env-file bridge-patch.env
    """
    options = ModeOptions(
        why=why,
        who=who,
        wait_sec=wait_sec,
        state=state,
        env_file=env_file,
        as_json=as_json,
    )
    launch("demote", options)

"""Commands that try on recorded markets what the program does."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import FromOption, JsonOption, ToOption
from bridge_patch.app.commands.offline_options import HarvestOptions
from bridge_patch.app.commands.words import read_period
from bridge_patch.app.menu.launch import launch


def harvest(
    *,
    data: Annotated[
        Path, typer.Option(help="Folder of recorded bars, or of several such folders.")
    ],
    page: Annotated[
        Path | None,
        typer.Option(help="Markdown page to write tables and picture into."),
    ] = None,
    crashes: Annotated[
        bool, typer.Option("--crashes", help="Play the crashes and nothing else.")
    ] = False,
    start: FromOption = None,
    end: ToOption = None,
    as_json: JsonOption = False,
) -> None:
    """Try each harvest mode against a fixed stop and a hold to time, with intervals.

    The entries know nothing: regular times, both sides. Then the recorded crashes are
    played through everything that runs. Needs the extra `evidence`; takes some minutes.
    The exit code is 1 where a crash liquidated a position, or left one open or naked.

    Example: bridge-patch harvest --data bars --page docs/harvest.md
    """
    start_ms, end_ms = read_period(start, end)
    options = HarvestOptions(
        data=data,
        page=page,
        crashes_only=crashes,
        as_json=as_json,
        start_ms=start_ms,
        end_ms=end_ms,
    )
    launch("harvest", options)

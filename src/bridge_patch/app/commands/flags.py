"""The options that several commands have in common, each worded once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

DataOption = Annotated[
    Path | None, typer.Option("--data", help="Folder of recorded bars (MARKET_DATA_DIR).")
]
EnvFileOption = Annotated[
    Path | None, typer.Option("--env-file", help="Env file to read settings from.")
]
StateOption = Annotated[
    Path | None, typer.Option("--state", help="Folder for journal and bus (STATE_DIR).")
]
FromOption = Annotated[
    str | None, typer.Option("--from", help="First data time, as in 2025-05-05 (UTC).")
]
ToOption = Annotated[
    str | None, typer.Option("--to", help="Data time to stop before, as in 2025-05-12.")
]
JournalOption = Annotated[
    Path | None, typer.Option("--journal", help="Journal to read (STATE_DIR/bridge.db).")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WhyOption = Annotated[str, typer.Option(help="Why, for the record.")]
WhoOption = Annotated[
    str | None, typer.Option(help="Who orders it (default: the user of this machine).")
]
WaitOption = Annotated[
    int, typer.Option(min=0, help="Seconds to wait until it is in force.")
]

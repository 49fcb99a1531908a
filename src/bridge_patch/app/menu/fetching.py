"""Commands about market data: public bars into the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import EnvFileOption
from bridge_patch.app.commands.offline_options import FetchOptions
from bridge_patch.app.commands.words import read_period
from bridge_patch.app.forms import read_symbols
from bridge_patch.app.menu.launch import launch
from bridge_patch.domain.errors import InvalidValueError

data = typer.Typer(
    help="""Get and keep market data.

    Example: bridge-patch data fetch --from 2025-05-05 --to 2025-05-12
    """,
    no_args_is_help=True,
)


@data.command()
def fetch(
    *,
    start: Annotated[
        str, typer.Option("--from", help="First data time, as in 2025-05-05 (UTC).")
    ],
    end: Annotated[
        str, typer.Option("--to", help="Data time to stop before, as in 2025-05-12.")
    ],
    symbols: Annotated[
        str | None, typer.Option(help="Comma list, as in BTCUSDT,SOLUSDT (SYMBOLS).")
    ] = None,
    interval: Annotated[str, typer.Option(help="Length of a bar, as in 1m or 5m.")] = "1m",
    cache: Annotated[
        Path | None, typer.Option(help="Folder to keep bars in (STATE_DIR/market).")
    ] = None,
    env_file: EnvFileOption = None,
) -> None:
    """Fetch public bars into the cache; run again, it goes on where it stopped.

    Example: bridge-patch data fetch --symbols BTCUSDT --from 2025-05-05 --to 2025-05-12
    """
    start_ms, end_ms = read_period(start, end)
    if start_ms is None or end_ms is None:
        msg = "--from and --to must both be stated"
        raise InvalidValueError(msg)
    options = FetchOptions(
        symbols=None if symbols is None else read_symbols(symbols),
        start_ms=start_ms,
        end_ms=end_ms,
        interval=interval,
        cache=cache,
        env_file=env_file,
    )
    launch("data_fetch", options)

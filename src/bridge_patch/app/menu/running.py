"""Commands that play a market: the demo, a whole run, and the processes of one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bridge_patch.app.commands.flags import (
    DataOption,
    EnvFileOption,
    FromOption,
    JsonOption,
    StateOption,
    ToOption,
)
from bridge_patch.app.commands.options import DemoOptions, RunOptions
from bridge_patch.app.commands.words import read_period
from bridge_patch.app.forms import read_symbols
from bridge_patch.app.menu.launch import launch
from bridge_patch.domain.errors import InvalidValueError


def demo(
    *,
    data: DataOption = None,
    symbols: Annotated[
        str | None, typer.Option(help="Comma list, as in BTCUSDT,SOLUSDT.")
    ] = None,
    state: Annotated[Path, typer.Option(help="Folder for journal and bus.")] = Path(
        "var/demo"
    ),
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the example AI (EXAMPLE_AI_SEED).")
    ] = None,
    days_shadow: Annotated[int, typer.Option(min=0, help="Days in shadow.")] = 7,
    days_live: Annotated[
        int | None, typer.Option(min=0, help="Days live on paper (default: all the rest).")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Only the final table.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Every log line.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Run a week in shadow, then live on paper, and print what happened.

    Example: bridge-patch demo --days-shadow 2 --days-live 2
    """
    if quiet and verbose:
        msg = "--quiet and --verbose exclude each other: leave one out"
        raise InvalidValueError(msg)
    options = DemoOptions(
        data=data,
        symbols=None if symbols is None else read_symbols(symbols),
        state=state,
        seed=seed,
        days_shadow=days_shadow,
        days_live=days_live,
        quiet=quiet,
        verbose=verbose,
        as_json=as_json,
    )
    launch("demo", options)


def _run_options(
    data: Path | None,
    env_file: Path | None,
    start: str | None,
    end: str | None,
    state: Path | None,
) -> RunOptions:
    start_ms, end_ms = read_period(start, end)
    return RunOptions(
        data=data, env_file=env_file, state=state, start_ms=start_ms, end_ms=end_ms
    )


def run(
    *,
    data: DataOption = None,
    env_file: EnvFileOption = None,
    start: FromOption = None,
    end: ToOption = None,
    state: StateOption = None,
) -> None:
    """Run engine, execution and exit brain in one process tree.

    Example: bridge-patch run --env-file bridge-patch.env --data bars
    """
    launch("run", _run_options(data, env_file, start, end, state))


def engine(
    *,
    data: DataOption = None,
    env_file: EnvFileOption = None,
    start: FromOption = None,
    end: ToOption = None,
    state: StateOption = None,
) -> None:
    """Run the proposing side alone (unit quantum-ai-engine).

    Example: bridge-patch engine --env-file /etc/quantum/bridge-patch.env
    """
    launch("engine", _run_options(data, env_file, start, end, state))


def exits(
    *,
    data: DataOption = None,
    env_file: EnvFileOption = None,
    start: FromOption = None,
    end: ToOption = None,
    state: StateOption = None,
) -> None:
    """Run the exit brain alone (unit quantum-exit-brain); EXITS_PROCESS=separate.

    Example: bridge-patch exits --env-file /etc/quantum/bridge-patch.env
    """
    launch("exits", _run_options(data, env_file, start, end, state))


def execution(
    *,
    data: DataOption = None,
    env_file: EnvFileOption = None,
    start: FromOption = None,
    end: ToOption = None,
    state: StateOption = None,
) -> None:
    """Run Governor and orders alone (unit quantum-execution).

    Example: bridge-patch execution --env-file /etc/quantum/bridge-patch.env
    """
    launch("execution", _run_options(data, env_file, start, end, state))

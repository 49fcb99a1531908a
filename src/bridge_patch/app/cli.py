"""The command line: what can be asked for; the work is in `commands/`, imported when asked.

Nothing heavy is imported here, so that `bridge-patch --help` answers at once.
"""

from __future__ import annotations

import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from bridge_patch.app.commands.flags import (
    DataOption,
    EnvFileOption,
    FromOption,
    JournalOption,
    JsonOption,
    StateOption,
    ToOption,
)
from bridge_patch.app.commands.options import (
    CheckOptions,
    DecisionsOptions,
    DemoOptions,
    JournalOptions,
    RunOptions,
    TraceOptions,
    read_intent_id,
    read_period,
    read_verdict,
)
from bridge_patch.app.faults import SettingsError
from bridge_patch.app.forms import read_symbols
from bridge_patch.domain.errors import BridgeError, InvalidValueError
from bridge_patch.domain.intent import parse_symbol

_FAILED: Final = 1
_BAD_INPUT: Final = 2
_INTERRUPTED: Final = 130

app = typer.Typer(
    name="bridge-patch",
    help="AI proposes, Governor disposes: a fail-closed risk gate before an exchange.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


class _InterruptedError(Exception):
    """Ctrl-C inside a command; typer would otherwise answer it for us."""


def main() -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed, 2 bad input or settings."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    argv = sys.argv[1:]
    debug = "--debug" in argv
    try:
        app([word for word in argv if word != "--debug"], prog_name="bridge-patch")
        code = 0
    except (SettingsError, InvalidValueError) as e:
        code = _told(str(e), _BAD_INPUT, debug=debug)
    except BridgeError as e:
        code = _told(str(e), _FAILED, debug=debug)
    except _InterruptedError:
        code = _told("interrupted", _INTERRUPTED, debug=debug)
    except Exception as e:  # noqa: BLE001 - the last resort: a message instead of a trace
        what = f"{type(e).__name__}: {e}"
        code = _told(
            f"this should not happen: {what} (--debug shows where)", _FAILED, debug=debug
        )
    sys.exit(code)


def _told(message: str, code: int, *, debug: bool) -> int:
    print(f"bridge-patch: {message}", file=sys.stderr)  # noqa: T201
    if debug:
        import traceback  # noqa: PLC0415 - seldom needed

        traceback.print_exc()
    return code


def _run(command: str, options: object) -> NoReturn:
    """Import `commands/<command>.py` and leave with what its function returns."""
    module = import_module(f"bridge_patch.app.commands.{command}")
    try:
        code: int = getattr(module, command)(options)
    except KeyboardInterrupt as e:
        raise _InterruptedError from e
    raise typer.Exit(code)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415 - slow to import

        typer.echo(f"bridge-patch {version('bridge-patch')}")
        raise typer.Exit


@app.callback()
def _everywhere(
    *,
    _show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show it."),
    ] = False,
    _debug: Annotated[
        bool, typer.Option("--debug", help="On an error, show where it arose.")
    ] = False,
) -> None:
    pass


@app.command()
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
        int | None, typer.Option(min=0, help="Days live on paper [the rest of the data].")
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
    _run("demo", options)


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


@app.command()
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
    _run("run", _run_options(data, env_file, start, end, state))


@app.command()
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
    _run("engine", _run_options(data, env_file, start, end, state))


@app.command()
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
    _run("execution", _run_options(data, env_file, start, end, state))


@app.command()
def check(*, env_file: EnvFileOption = None, as_json: JsonOption = False) -> None:
    """Show the settings in force, or every fault in them (exit code 2).

    Example: bridge-patch check --env-file /etc/quantum/bridge-patch.env
    """
    _run("check", CheckOptions(env_file=env_file, as_json=as_json))


@app.command()
def decisions(
    *,
    symbol: Annotated[str | None, typer.Option(help="Only this symbol.")] = None,
    verdict: Annotated[
        str | None, typer.Option(help="Only accept, clamp or reject.")
    ] = None,
    code: Annotated[
        str | None, typer.Option(help="Only with this reason, as in NOTIONAL_EXCEEDED.")
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the last N.")] = None,
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """List each intent: what was asked, what was allowed, why.

    Example: bridge-patch decisions --verdict reject --last 20
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
    options = DecisionsOptions(
        source=source,
        symbol=None if symbol is None else parse_symbol(symbol),
        verdict=None if verdict is None else read_verdict(verdict),
        code=code,
        last=last,
    )
    _run("decisions", options)


@app.command()
def trace(
    *,
    intent_id: Annotated[str, typer.Argument(metavar="ID", help="The intent's id.")],
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything about one intent, with the times between steps.

    Example: bridge-patch trace e-example-ai-BTCUSDT-buy-1746403200000
    """
    source = JournalOptions(journal=journal, env_file=env_file, as_json=as_json)
    _run("trace", TraceOptions(source=source, intent_id=read_intent_id(intent_id)))


@app.command()
def verify(
    *,
    journal: JournalOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that nothing in the journal was changed, dropped or cut off (exit code 1).

    Example: bridge-patch verify --journal var/demo/bridge.db
    """
    _run("verify", JournalOptions(journal=journal, env_file=env_file, as_json=as_json))

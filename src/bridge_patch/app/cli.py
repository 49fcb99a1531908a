"""The command line: what can be asked for; options are in `menu/`, work is in `commands/`.

The work is imported when it is asked for. Nothing heavy is imported here, so that
`bridge-patch --help` answers at once.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Annotated, Final, NoReturn

import typer

from bridge_patch.app.faults import SettingsError
from bridge_patch.app.menu import (
    asking,
    comparing,
    fetching,
    holding,
    installing,
    operating,
    promoting,
    proving,
    running,
    sending,
    serving,
    vouching,
)
from bridge_patch.app.menu.launch import InterruptedByUserError
from bridge_patch.domain.errors import BridgeError, InvalidValueError

_FAILED: Final = 1
_BAD_INPUT: Final = 2
_INTERRUPTED: Final = 130

app = typer.Typer(
    name="bridge-patch",
    help="AI proposes, Governor disposes: a fail-closed risk gate before an exchange.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


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
    except InterruptedByUserError:
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


for _command in (
    running.demo,
    running.run,
    running.engine,
    running.execution,
    running.exits,
    asking.check,
    asking.doctor,
    asking.status,
    asking.decisions,
    asking.why,
    asking.trace,
    asking.verify,
    asking.export,
    asking.report,
    proving.harvest,
    sending.signal,
    operating.halt,
    operating.reduce,
    operating.resume,
    promoting.promote,
    promoting.demote,
    operating.drain,
    operating.archive,
    serving.exchange,
    installing.install,
):
    app.command()(_command)
app.add_typer(fetching.data, name="data")
app.add_typer(comparing.limits, name="limits")
app.add_typer(holding.positions, name="positions")
app.add_typer(vouching.unknown, name="unknown")

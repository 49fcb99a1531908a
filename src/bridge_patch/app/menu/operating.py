"""Commands by which a person tightens or releases the account, and keeps its house."""

from __future__ import annotations

from pathlib import Path
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
from bridge_patch.app.commands.options import ArchiveOptions, DrainOptions, OrderOptions
from bridge_patch.app.commands.words import read_time
from bridge_patch.app.menu.launch import launch
from bridge_patch.domain.intent import Symbol, parse_symbol

_Said = tuple[str | None, str, int, Path | None, Path | None]
_Symbol = Annotated[
    str | None, typer.Option(help="Only re-arm this symbol, which lost too often in a row.")
]


_FLATTEN_WAIT_SEC = 60


def halt(
    *,
    why: WhyOption,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Also close all that is ours, at market.")
    ] = False,
    who: WhoOption = None,
    wait_sec: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="Seconds to wait until it is in force (5), or with --flatten flat (60).",
        ),
    ] = None,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Open nothing more until a person resumes. Open positions keep stop and harvest.

    With --flatten each of them is closed too, and reported: flat, or why it is not. The
    execution goes on with that, over a restart too, until all is flat or a person resumes.

    The exit code is 1 if no execution put it in force in time (the next one will, first),
    or if not all is flat.

    Example: bridge-patch halt --flatten --why "the model has gone mad"
    """
    within_sec = (_FLATTEN_WAIT_SEC if flatten else 5) if wait_sec is None else wait_sec
    said = (who, why, within_sec, state, env_file)
    _order("flatten" if flatten else "halt", None, said, as_json=as_json)


def reduce(
    *,
    why: WhyOption,
    who: WhoOption = None,
    wait_sec: WaitOption = 5,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Only reduce until a person resumes: as halt, by its milder name.

    The exit code is 1 if no execution put it in force in time; the next one will, first.

    Example: bridge-patch reduce --why "model is being retrained"
    """
    _order("reduce", None, (who, why, wait_sec, state, env_file), as_json=as_json)


def resume(
    *,
    why: WhyOption,
    symbol: _Symbol = None,
    who: WhoOption = None,
    wait_sec: WaitOption = 5,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let go of what `status` shows and of what a person ordered; nothing else.

    Entries pass again where nothing else holds. After a drawdown the peak begins anew.

    With --symbol only that symbol is re-armed. The exit code is 1 if it was not in time.

    Example: bridge-patch resume --why "cause found and mended"
    """
    wanted = None if symbol is None else parse_symbol(symbol)
    wish = "resume" if wanted is None else "rearm"
    _order(wish, wanted, (who, why, wait_sec, state, env_file), as_json=as_json)


def drain(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Expire what is late; without it nothing changes.")
    ] = False,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what waits for the execution: late, fresh, reductions, poison. A dry run.

    With --yes what is late expires; the rest stays for the execution. That must not be
    running: it drains by itself when it starts.

    Example: bridge-patch drain --state var
    """
    options = DrainOptions(yes=yes, state=state, env_file=env_file, as_json=as_json)
    launch("drain", options)


def archive(
    *,
    keep_days: Annotated[
        int | None, typer.Option(min=1, help="Move what was recorded before so many days.")
    ] = None,
    before: Annotated[
        str | None, typer.Option(help="Or before a time, as in 2026-01-01 (UTC).")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Move it; without it nothing changes.")
    ] = False,
    state: StateOption = None,
    env_file: EnvFileOption = None,
    as_json: JsonOption = False,
) -> None:
    """Move the oldest entries of the journal into signed files. A dry run.

    They stay part of it: nothing is forgotten, and every command reads them. With --yes
    the execution must not be running.

    Example: bridge-patch archive --keep-days 90 --yes
    """
    options = ArchiveOptions(
        keep_days=keep_days,
        before_ms=None if before is None else read_time(before),
        yes=yes,
        state=state,
        env_file=env_file,
        as_json=as_json,
    )
    launch("archive", options)


def _order(wish: str, symbol: Symbol | None, said: _Said, *, as_json: bool) -> None:
    who, why, wait_sec, state, env_file = said
    options = OrderOptions(
        wish=wish,
        symbol=symbol,
        why=why,
        who=who,
        wait_sec=wait_sec,
        state=state,
        env_file=env_file,
        as_json=as_json,
    )
    launch("flatten" if wish == "flatten" else "order", options)

"""`demote`: back to shadow, always: by the bus where there is one, by the files else."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.app.commands.options import ModeOptions
from bridge_patch.app.commands.order import MEANINGS, Sent, new_command, sent_of
from bridge_patch.app.mode_file import write_mode
from bridge_patch.app.mode_note import leave
from bridge_patch.app.screen import cell, console, moment, print_exact
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.errors import BridgeError
from bridge_patch.domain.events import ModeOrdered
from bridge_patch.domain.intent import Mode
from bridge_patch.services.messages import Command, Wish

_RESTART = "restart the engine, the execution and the exit brain to run in shadow"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Demoted:
    """What was reached: a running execution, the env file, a note for the next start.

    `in_force_ms` is None where no execution took it; `faults` say what could not be done.
    """

    who: str
    why: str
    in_force_ms: int | None
    env_file: str | None
    note: str | None
    faults: tuple[str, ...]


#: The files say shadow, and no running execution is known to have heard of it.
_UNHEARD: Final = 3


def demote(options: ModeOptions) -> int:
    """Order shadow by every way there is: 0 in force, 3 from the next start on, 1 not."""
    command = new_command(Wish.DEMOTE, options.who, options.why)
    faults = list[str]()
    env_file = _written(options, faults)
    answer = _answered(command, options, faults)
    note = None if answer else _noted(command, options, faults)
    done = Demoted(
        who=command.who,
        why=command.why,
        in_force_ms=answer.at_ms if answer else None,
        env_file=env_file,
        note=note,
        faults=tuple(faults),
    )
    _show(done, options)
    if answer:
        return 0
    return _UNHEARD if env_file or note else 1


def _written(options: ModeOptions, faults: list[str]) -> str | None:
    """Write shadow into the env file, first of all: a restart is safe from here on."""
    if options.env_file is None:
        return None
    try:
        write_mode(options.env_file, Mode.SHADOW)
    except BridgeError as e:
        faults.append(str(e))
        return None
    return str(options.env_file)


def _answered(
    command: Command, options: ModeOptions, faults: list[str]
) -> ModeOrdered | None:
    try:
        sent: Sent = asyncio.run(sent_of(command, options))
    except BridgeError as e:
        faults.append(f"the bus: {e}")
        return None
    if sent.unread:
        faults.append(f"the journal: {sent.unread}")
    elif sent.answer is None:
        faults.append(f"no execution took it within {options.wait_sec} s")
    return sent.answer if isinstance(sent.answer, ModeOrdered) else None


def _noted(command: Command, options: ModeOptions, faults: list[str]) -> str | None:
    """Leave a note beside the journal, which the next start puts into it."""
    try:
        state = options.state or load_settings(env_file=options.env_file).state_dir
        order = ModeOrdered(
            at_ms=command.at_ms,
            mode=Mode.SHADOW,
            who=command.who,
            why=command.why,
            command_id=command.id,
        )
        return str(leave(state, order))
    except BridgeError as e:
        faults.append(str(e))
        return None


def _show(done: Demoted, options: ModeOptions) -> None:
    if options.as_json:
        print_exact(done)
        return
    screen = console()
    screen.print(cell(f"back to shadow, ordered by {done.who}: {done.why}", most=400))
    if done.in_force_ms is not None:
        screen.print(cell(f"in force since {moment(done.in_force_ms)} UTC"))
        screen.print(cell(MEANINGS[Wish.DEMOTE], most=400))
    for fault in done.faults:
        screen.print(cell(fault, "bold red", 400))
    if done.note:
        screen.print(cell(f"the next start journals it: {done.note}", most=400))
    where = done.env_file or "your settings"
    said = "says" if done.env_file else "must say"
    screen.print(cell(f"{where} {said} AI_SIZING_MODE=shadow; {_RESTART}", most=400))

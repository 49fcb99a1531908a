"""`promote`: what the shadow runs have shown, and if that is enough, a recorded order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from rich.text import Text

from bridge_patch.app import mode_note
from bridge_patch.app.commands.examining import Examined, examined
from bridge_patch.app.commands.journal_file import find_run
from bridge_patch.app.commands.options import ModeOptions
from bridge_patch.app.commands.order import new_command, sent_of
from bridge_patch.app.mode_file import write_mode
from bridge_patch.app.screen import cell, console, moment, print_exact, print_table, table
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import ModeOrdered
from bridge_patch.domain.intent import Mode
from bridge_patch.evidence.promotion import Need, Shown, Span
from bridge_patch.services.messages import Command, Wish
from bridge_patch.services.named_order import Grant

_RESTART = (
    "restart the engine, the execution and the exit brain: the mode is read at a start"
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Promoted:
    """What was found and what came of it; `recorded_ms` is None where nothing was ordered.

    `env_file` is the file whose mode was changed, None where there was none to change.
    """

    promoted: bool
    why_not: str
    who: str
    why: str
    needs: tuple[Need, ...]
    shown: Shown
    recorded_ms: int | None
    expires_ms: int | None
    env_file: str | None


def promote(options: ModeOptions) -> int:
    """Look at the evidence, and order live where it is enough; 1 where it is not."""
    settings = load_settings(env_file=options.env_file)
    settings = replace(settings, state_dir=options.state or settings.state_dir)
    found = examined(find_run(options.state, options.env_file), settings)
    command = _command(options, found)
    if options.dry_run or (found.lacking and options.override_hours is None):
        why_not = "" if not found.lacking else "the evidence is not enough"
        return _end(_told(options, found, command, why_not or "a dry run"), options)
    waits = mode_note.found(settings.state_dir)
    sent = asyncio.run(sent_of(command, options))
    answer = sent.answer if isinstance(sent.answer, ModeOrdered) else None
    if answer is None:
        why_not = sent.unread or (
            f"no execution recorded it within {options.wait_sec} s: start it in shadow and"
            " order again"
        )
        return _end(_told(options, found, command, why_not), options)
    if waits is not None and mode_note.found(settings.state_dir) == waits:
        _take_away(settings.state_dir)  # this is the newer word
    if options.env_file is not None:
        write_mode(options.env_file, Mode.LIVE)
    return _end(_told(options, found, command, "", answer), options)


def _take_away(state_dir: Path) -> None:
    if not mode_note.discard(state_dir):
        msg = (
            f"promoted, but {state_dir / mode_note.NAME} says shadow and cannot be removed:"
            " remove it and write AI_SIZING_MODE=live, or no live start is let in"
        )
        raise InvalidValueError(msg)


def _command(options: ModeOptions, found: Examined) -> Command:
    shown = found.shown
    lacking = "; ".join(f"{n.name}: {n.found}, wanted {n.wanted}" for n in found.lacking)
    said = (
        f"{shown.hours} h in {shown.runs} runs, {shown.decisions} decisions,"
        f" {shown.accepted} accepted, {shown.clamped} clamped"
    )
    return new_command(
        Wish.PROMOTE,
        options.who,
        options.why,
        grant=Grant(
            limits_hash=shown.limits_hash,
            market=shown.market,
            evidence=f"{said}; lacking: {lacking}"[:2000] if lacking else said,
            override_hours=options.override_hours,
        ),
    )


def _told(
    options: ModeOptions,
    found: Examined,
    command: Command,
    why_not: str,
    answer: ModeOrdered | None = None,
) -> Promoted:
    return Promoted(
        promoted=answer is not None,
        why_not=why_not,
        who=command.who,
        why=command.why,
        needs=found.needs,
        shown=found.shown,
        recorded_ms=answer.at_ms if answer else None,
        expires_ms=answer.expires_ms if answer else None,
        env_file=str(options.env_file) if answer and options.env_file else None,
    )


def _end(told: Promoted, options: ModeOptions) -> int:
    if options.as_json:
        print_exact(told)
    else:
        _show(told)
    return 0 if told.promoted or (options.dry_run and not _lacking(told)) else 1


def _lacking(told: Promoted) -> bool:
    return not all(need.met for need in told.needs)


def _show(told: Promoted) -> None:
    screen, shown = console(), told.shown
    needed = table("", "needed", "wanted", "found")
    for need in told.needs:
        mark = Text("ok", "green") if need.met else Text("missing", "bold red")
        needed.add_row(mark, need.name, need.wanted, need.found)
    print_table(needed)
    screen.print(
        cell(
            f"of {shown.decisions} decisions {shown.accepted} accepted, {shown.clamped}"
            f" clamped, {sum(n for _, n in shown.refused)} refused",
            most=400,
        )
    )
    for code, count in shown.refused:
        screen.print(cell(f"  {code:<32} {count:>8}"))
    screen.print(cell(f"margin, USD: {_span(shown.margins_usd)}"))
    screen.print(cell(f"leverage, x: {_span(shown.leverages)}"))
    if told.recorded_ms is None:
        screen.print(cell(f"not promoted: {told.why_not}", "bold red", 400))
        return
    until = f", until {moment(told.expires_ms)} UTC" if told.expires_ms else ""
    by = f"by {told.who}: {told.why}"
    screen.print(cell(f"promoted {moment(told.recorded_ms)} UTC{until}, {by}", "bold", 400))
    where = told.env_file or "your settings"
    said = "says" if told.env_file else "must say"
    screen.print(cell(f"{where} {said} AI_SIZING_MODE=live; {_RESTART}", most=400))


def _span(span: Span | None) -> str:
    if span is None:
        return "nothing was allowed"
    return f"{span.least:f} to {span.most:f}, the middle one {span.middle:f}"

"""`halt --flatten`: close all that is ours, and say of each position what came of it."""

from __future__ import annotations

import asyncio
import time
from contextlib import closing
from dataclasses import dataclass
from typing import Final, final

from rich.table import Table

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.commands.journal_file import find_run
from bridge_patch.app.commands.options import OrderOptions
from bridge_patch.app.commands.order import command_of, sent_of
from bridge_patch.app.screen import (
    cell,
    console,
    moment,
    price_text,
    print_exact,
    print_table,
    table,
)
from bridge_patch.app.status.flat import FLAT_KINDS, FlatFold, FlatState, FlatView
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.intent import Mode

_SLICE_SEC: Final = 0.25
_STYLES: Final = {
    FlatState.FLAT: "green",
    FlatState.TRYING: "bold yellow",
    FlatState.UNKNOWN: "bold red",
    FlatState.REFUSED: "bold red",
}


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Flattened:
    """What was ordered and what came of it, as far as the time to wait went.

    `in_force_ms` is None while no execution is known to have taken it; `unread` is why
    nobody knows. `flat` is true only where all that is ours is closed. `not_ours` is what
    the venue states beside it, which stays as it is.
    """

    command_id: str
    who: str
    why: str
    meaning: str
    in_force_ms: int | None
    unread: str
    flat: bool
    mode: Mode | None = None
    positions: tuple[FlatView, ...] = ()
    not_ours: tuple[str, ...] = ()


def flatten(options: OrderOptions) -> int:
    """Send the order and follow it for the time there is; 0 only where all is flat."""
    done = asyncio.run(flattened(options))
    if options.as_json:
        print_exact(done)
    else:
        _show(done, options.wait_sec)
    return 0 if done.flat else 1


async def flattened(options: OrderOptions) -> Flattened:
    """Publish the order; return how things stand when all is flat, or the time is over."""
    deadline, command = time.monotonic() + options.wait_sec, command_of(options)
    sent = await sent_of(command, options)
    fold, unread = FlatFold(command.id), sent.unread
    if sent.answer is not None:
        try:
            await _follow(fold, options, deadline)
        except BrokenPromiseError as error:
            unread = str(error)
    views = fold.views()
    known = sent.answer is not None and not unread
    return Flattened(
        command_id=command.id,
        who=command.who,
        why=command.why,
        meaning=sent.meaning,
        in_force_ms=sent.answer.at_ms if sent.answer else None,
        unread=unread,
        flat=known and all(view.state is FlatState.FLAT for view in views),
        mode=fold.mode,
        positions=views,
        not_ours=fold.left_alone(),
    )


async def _follow(fold: FlatFold, options: OrderOptions, deadline: float) -> None:
    """Read the journal as it grows, until all is flat or the time is over."""
    place, seq = find_run(options.state, options.env_file), 0
    with closing(JournalSearch(place.journal)) as journal:
        while True:
            for stored in journal.events(FLAT_KINDS, after_seq=seq):
                fold.apply(stored.event)
                seq = stored.seq
            flat = all(view.state is FlatState.FLAT for view in fold.views())
            if flat or time.monotonic() >= deadline:
                return
            await asyncio.sleep(_SLICE_SEC)


def _show(done: Flattened, waited_sec: int) -> None:
    screen = console()
    screen.print(cell(f"flatten, ordered by {done.who}: {done.why}", most=400))
    screen.print(cell(done.meaning, most=400))
    if done.in_force_ms is None and not done.unread:
        waited = f"not in force after {waited_sec} s: is an execution running there?"
        screen.print(cell(f"{waited} The next one puts it in force before anything else."))
        return
    if done.in_force_ms is not None:
        screen.print(cell(f"in force since {moment(done.in_force_ms)} UTC"))
    if done.positions:
        print_table(_table(done.positions))
    for said in done.not_ours:
        screen.print(cell(f"not ours, left alone: {said}", "yellow", 400))
    if done.unread:
        screen.print(cell("what came of it cannot be told from here:"))
        screen.print(cell(f"the journal could not be read: {done.unread}", most=400))
        return
    screen.print(_summary(done, waited_sec))


def _summary(done: Flattened, waited_sec: int) -> object:
    if not done.positions:
        books = "; the shadow books are left alone" if done.mode is Mode.SHADOW else ""
        return cell(f"flat: nothing of ours was open at the venue{books}", "bold green")
    left = sum(view.state is not FlatState.FLAT for view in done.positions)
    if not left:
        return cell(f"flat: all {len(done.positions)} closed", "bold green")
    said = f"NOT FLAT after {waited_sec} s: {left} of {len(done.positions)} are not"
    goes_on = "the execution goes on; `bridge-patch positions` shows how it stands"
    return cell(f"{said}; {goes_on}", "bold red", 400)


def _table(views: tuple[FlatView, ...]) -> Table:
    names = ("symbol", "side", "state", "closed", "at USD", "left", "closes")
    made = table(*names, "why not")
    for view in views:
        price = "–" if view.price_usd is None else price_text(view.price_usd)
        code = f"{view.code}: " if view.code else ""
        made.add_row(
            cell(view.symbol),
            cell(view.side),
            cell(view.state, _STYLES[view.state]),
            cell(exact(view.closed_base)),
            cell(price),
            cell(exact(view.left_base)),
            cell(view.closes_sent),
            cell(f"{code}{view.why}", most=400),
        )
    return made

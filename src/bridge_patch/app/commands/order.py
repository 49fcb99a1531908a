"""`halt`, `reduce`, `resume`: a person's order, and whether it is in force yet."""

from __future__ import annotations

import asyncio
import getpass
import time
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.commands.journal_file import find_run
from bridge_patch.app.commands.options import OrderOptions
from bridge_patch.app.screen import cell, console, moment, print_exact
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import LatchSet, Rearmed
from bridge_patch.services.messages import Command, Wish

_KINDS: Final = (LatchSet.__name__, Rearmed.__name__)
_SLICE_SEC: Final = 0.1
#: What each order means for what is open, said with every order.
MEANINGS: Final = MappingProxyType(
    {
        Wish.HALT: "nothing is opened; open positions keep their stops and are harvested",
        Wish.REDUCE: "nothing is opened; open positions keep their stops and are harvested",
        Wish.RESUME: "entries pass again, unless a limit is still reached",
        Wish.REARM: "the symbol's losers are forgotten; entries on it pass again",
    }
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was ordered; `in_force_ms` is None while no execution has taken it."""

    command_id: str
    wish: Wish
    who: str
    why: str
    meaning: str
    in_force_ms: int | None


def order(options: OrderOptions) -> int:
    """Send the order and wait for it; 1 if it is not in force when the time is up."""
    command = Command(
        at_ms=SystemClock().now_ms(),
        id=f"o-{uuid.uuid4().hex[:12]}",
        wish=Wish(options.wish),
        who=options.who or getpass.getuser(),
        why=options.why,
        symbol=options.symbol,
    )
    at_ms = asyncio.run(_send(command, options))
    told = Told(
        command_id=command.id,
        wish=command.wish,
        who=command.who,
        why=command.why,
        meaning=MEANINGS[command.wish],
        in_force_ms=at_ms,
    )
    _show(told, options)
    return 0 if at_ms is not None else 1


async def _send(command: Command, options: OrderOptions) -> int | None:
    """Publish; return the time at which the journal says it is in force.

    A journal that cannot be asked keeps no order from being published.
    """
    place = find_run(options.state, options.env_file)
    with ExitStack() as opened:
        bus = opened.enter_context(closing(place.bus.open(place.store)))
        posts = (Post(CONTROL, codec.encode_command(command)),)
        try:
            journal = opened.enter_context(closing(JournalSearch(place.journal)))
            newest = journal.tail(1)
        except BrokenPromiseError:
            await bus.publish(posts)
            return None
        await bus.publish(posts)
        after_seq = newest[-1].seq if newest else 0
        return await _in_force(command, journal, after_seq, options.wait_sec)


async def _in_force(
    command: Command, journal: JournalSearch, after_seq: int, wait_sec: int
) -> int | None:
    deadline = time.monotonic() + wait_sec
    while True:
        for stored in journal.events(_KINDS, after_seq=after_seq):
            event = stored.event
            if isinstance(event, LatchSet | Rearmed) and event.command_id == command.id:
                return event.at_ms
        if time.monotonic() >= deadline:
            return None
        await asyncio.sleep(_SLICE_SEC)


def _show(told: Told, options: OrderOptions) -> None:
    if options.as_json:
        print_exact(told)
        return
    screen = console()
    subject = f" {options.symbol}" if options.symbol else ""
    screen.print(cell(f"{told.wish}{subject}, ordered by {told.who}: {told.why}", most=400))
    screen.print(cell(told.meaning, most=400))
    if told.in_force_ms is None:
        waited = f"not in force after {options.wait_sec} s: is an execution running there?"
        screen.print(cell(f"{waited} The next one puts it in force before anything else."))
        return
    screen.print(cell(f"in force since {moment(told.in_force_ms)} UTC"))

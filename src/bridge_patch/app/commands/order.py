"""`halt`, `reduce`, `resume`: a person's order, and whether it is in force yet."""

from __future__ import annotations

import asyncio
import getpass
import time
import uuid
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, final, get_args

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.streams import CONTROL
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.commands.journal_file import find_run
from bridge_patch.app.commands.options import (
    AdoptOptions,
    ModeOptions,
    OrderOptions,
    UnknownOptions,
)
from bridge_patch.app.screen import cell, console, moment, print_exact
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import (
    Book,
    LatchSet,
    ModeOrdered,
    OrderVouched,
    PositionVouched,
    Rearmed,
    RunStarted,
    TradingState,
)
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Mode, Symbol
from bridge_patch.services.holds import Holds
from bridge_patch.services.messages import Answered, Command, Wish
from bridge_patch.services.named_order import Grant, NamedOrder

_Answer = LatchSet | Rearmed | OrderVouched | PositionVouched | ModeOrdered
_ANSWERS: Final = tuple(kind.__name__ for kind in get_args(_Answer))
_HISTORY: Final = (LatchSet.__name__, RunStarted.__name__)
_SLICE_SEC: Final = 0.1
#: What each order means for what is open, said with every order.
MEANINGS: Final = MappingProxyType(
    {
        Wish.HALT: "nothing is opened; open positions keep their stops and are harvested",
        Wish.FLATTEN: "nothing is opened, and all that is ours is closed at market; that"
        " goes on without this command, over a restart too, until it is flat or you resume",
        Wish.REDUCE: "nothing is opened; open positions keep their stops and are harvested",
        Wish.RESUME: "what status shows, and what a person ordered, is let go of;"
        " nothing that came meanwhile, and no limit that is still reached",
        Wish.REARM: "the symbol's losers are forgotten; entries on it pass again",
        Wish.ADOPT: "it is taken for filled; what it opened gets its stop",
        Wish.CLOSE: "it is taken for never sent; what was reserved for it is free",
        Wish.PROMOTE: "live is allowed under these limits, on this market, from the next"
        " start on",
        Wish.DEMOTE: "nothing is opened at the venue until a promotion; open positions keep"
        " their stops and are harvested",
        Wish.ADOPT_POSITION: "it is ours from now on: it gets its stop, and its age counts"
        " from now; a hold that it was the cause of is let go of by a resume",
    }
)
#: What a resume means where nobody could look up what stands.
_UNNAMED: Final = (
    "what a person ordered is let go of, and nothing else: no cause could be looked up for"
    " it to name; order it again once the journal can be read"
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of an order that is on the bus, and what it means as it went out.

    `unread` says why the journal, which alone tells, could not be read; "" where it was.
    """

    answer: _Answer | None = None
    unread: str = ""
    meaning: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was ordered; `in_force_ms` is None while no execution is known to have taken it.

    `state` and `cause` are what stands since then, "" for a re-arm and before. `unread` is
    why nobody knows: the journal could not be read.
    """

    command_id: str
    wish: Wish
    who: str
    why: str
    meaning: str
    in_force_ms: int | None
    state: str
    cause: str
    unread: str


def order(options: OrderOptions) -> int:
    """Send the order and wait for it; 1 if it is not in force when the time is up."""
    command = command_of(options)
    sent = asyncio.run(sent_of(command, options))
    answer = sent.answer
    latch = answer if isinstance(answer, LatchSet) else None
    told = Told(
        command_id=command.id,
        wish=command.wish,
        who=command.who,
        why=command.why,
        meaning=sent.meaning,
        in_force_ms=answer.at_ms if answer else None,
        state=latch.state if latch else "",
        cause=latch.cause if latch else "",
        unread=sent.unread,
    )
    _show(told, options)
    return 0 if answer else 1


def command_of(options: OrderOptions) -> Command:
    """Return what is ordered, under a new id."""
    said = Wish(options.wish), options.who, options.why
    return new_command(*said, symbol=options.symbol)


def new_command(
    wish: Wish,
    who: str | None,
    why: str,
    *,
    symbol: Symbol | None = None,
    named: NamedOrder | None = None,
    policy: HarvestMode | None = None,
    grant: Grant | None = None,
) -> Command:
    """Return an order under a new id; who is the user of this machine unless named."""
    return Command(
        at_ms=SystemClock().now_ms(),
        id=f"o-{uuid.uuid4().hex[:12]}",
        wish=wish,
        who=who or getpass.getuser(),
        why=why,
        symbol=symbol,
        named=named,
        policy=policy,
        grant=grant,
    )


async def sent_of(
    command: Command, options: OrderOptions | UnknownOptions | AdoptOptions | ModeOptions
) -> Sent:
    """Publish; return the journal's entry by which it is in force, where it can be read.

    A journal that cannot be asked keeps no order from being published; a resume lets go of
    nothing but a person's order then.
    """
    place = find_run(options.state, options.env_file)
    with ExitStack() as opened:
        bus = opened.enter_context(closing(place.bus.open(place.store)))
        try:
            journal = opened.enter_context(closing(JournalSearch(place.journal)))
            newest = journal.tail(1)
            if command.wish is Wish.RESUME:
                command = replace(command, answers=_standing(journal))
        except BrokenPromiseError as error:
            await bus.publish((Post(CONTROL, codec.encode_command(command)),))
            unnamed = command.wish is Wish.RESUME
            said = _UNNAMED if unnamed else MEANINGS[command.wish]
            return Sent(unread=str(error), meaning=said)
        await bus.publish((Post(CONTROL, codec.encode_command(command)),))
        after_seq, meaning = newest[-1].seq if newest else 0, MEANINGS[command.wish]
        try:
            found = await _in_force(command, journal, after_seq, options.wait_sec)
        except BrokenPromiseError as error:
            return Sent(unread=str(error), meaning=meaning)
        return Sent(answer=found, meaning=meaning)


async def _in_force(
    command: Command, journal: JournalSearch, after_seq: int, wait_sec: int
) -> _Answer | None:
    deadline = time.monotonic() + wait_sec
    while True:
        for stored in journal.events(_ANSWERS, after_seq=after_seq):
            event = stored.event
            if isinstance(event, _Answer) and event.command_id == command.id:
                return event
        if time.monotonic() >= deadline:
            return None
        await asyncio.sleep(_SLICE_SEC)


def _standing(journal: JournalSearch) -> Answered | None:
    """Return why the account is in the state that `status` shows; None for RUNNING."""
    holds, own = {book: Holds(book) for book in Book}, Book.ACCOUNT
    for stored in journal.events(_HISTORY):
        if isinstance(stored.event, RunStarted):
            own = Book.ACCOUNT if stored.event.mode is Mode.LIVE else Book.GOVERNED
        elif isinstance(stored.event, LatchSet):
            for one in holds.values():
                one.apply(stored.event)
    cause = holds[own].cause
    since_ms = holds[own].since_ms(cause)
    if since_ms is None:
        return None
    return Answered(book=own, cause=cause, since_ms=since_ms)


def _show(told: Told, options: OrderOptions) -> None:
    if options.as_json:
        print_exact(told)
        return
    screen = console()
    subject = f" {options.symbol}" if options.symbol else ""
    screen.print(cell(f"{told.wish}{subject}, ordered by {told.who}: {told.why}", most=400))
    screen.print(cell(told.meaning, most=400))
    if told.unread:
        screen.print(cell("sent; whether it is in force cannot be told from here:"))
        screen.print(cell(f"the journal could not be read: {told.unread}", most=400))
        return
    if told.in_force_ms is None:
        waited = f"not in force after {options.wait_sec} s: is an execution running there?"
        screen.print(cell(f"{waited} The next one puts it in force before anything else."))
        return
    screen.print(cell(f"in force since {moment(told.in_force_ms)} UTC"))
    if told.wish is Wish.RESUME and told.state != TradingState.RUNNING:
        screen.print(cell(f"the account is still {told.state}: {told.cause}"))

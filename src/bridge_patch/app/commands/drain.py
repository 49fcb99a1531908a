"""`drain`: what of the backlog comes too late, and letting go of it."""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import Final, final

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TimeRemainingColumn,
)

from bridge_patch.adapters import codec
from bridge_patch.adapters.backlog_look import Contents, contents_of
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.streams import EXECUTION_GROUP, REPLAY_BARRIER, TRADE_INTENT
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.commands.journal_file import Place, find_run
from bridge_patch.app.commands.options import DrainOptions
from bridge_patch.app.screen import cell, console, print_json, span
from bridge_patch.app.settings import Settings, load_settings
from bridge_patch.app.stamping import Stamp, stamp_of
from bridge_patch.domain.events import Event
from bridge_patch.services.messages import Draft
from bridge_patch.services.sweep import Sweep, Swept

_TAIL: Final = 64
_OURS: Final = (TRADE_INTENT, EXECUTION_GROUP)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What was found, by whose time, and what was done about it; dry, nothing was.

    `late_left` counts the late ones that still wait.
    """

    dry: bool
    clock: str
    found: Contents
    done: Swept
    late_left: int


def drain(options: DrainOptions) -> int:
    """Show what waits; with --yes expire what is late. 1 if some late ones stay."""
    settings = load_settings(env_file=options.env_file)
    place = find_run(options.state, options.env_file)
    age_max_ms, stamp = settings.intent_max_age_sec * 1000, _stamp(place)
    with closing(place.bus.look(place.store)) as look, _progress("looking") as bar:
        ours = [p for p in look.places() if (p.stream, p.group) == _OURS]
        task = bar.add_task("", total=sum(place.lag + place.pending for place in ours))
        found = contents_of(
            look.waiting(),
            now_ms=stamp.at_ms,
            age_max_ms=age_max_ms,
            tell=lambda done: bar.update(task, completed=done),
        )
    done = Swept(0, found.total)
    if options.yes and found.late:
        done = asyncio.run(_sweep(settings, place, stamp, found))
    told = Drained(
        dry=not options.yes,
        clock=stamp.clock,
        found=found,
        done=done,
        late_left=max(0, found.late - done.expired),
    )
    if options.as_json:
        print_json(asdict(told))
    else:
        _print(told, stamp)
    return 1 if options.yes and told.late_left else 0


def _stamp(place: Place) -> Stamp:
    """Return the time by which things are late: on a replay it is data time."""
    with (
        closing(place.bus.look(place.store)) as look,
        closing(JournalSearch(place.journal)) as journal,
    ):
        barrier = look.newest(REPLAY_BARRIER)
        if barrier and barrier.distrusted:
            barrier = None
        at_ms = codec.decode_barrier(barrier.envelope).at_ms if barrier else None
        return stamp_of(at_ms, journal.tail(_TAIL), SystemClock().now_ms())


async def _sweep(settings: Settings, place: Place, stamp: Stamp, found: Contents) -> Swept:
    """Expire what is late, as the execution would; go on behind what stays in hand.

    The end is where all that was found late has expired, or where nothing more is read.
    Others may publish meanwhile, so there are no more reads than entries were found.
    """
    from bridge_patch.app.wiring import (  # noqa: PLC0415 - slow, and for --yes only
        Run,
        execution_side,
        open_store,
    )

    settings = replace(settings, state_dir=place.store.path.parent)
    store = open_store(
        settings.state_dir,
        journal=True,
        url=settings.journal_url,
        bus_at=place.bus,
        key_file=settings.journal_key_path,
    )
    try:
        run = Run(
            settings=settings,
            mode=settings.ai_sizing_mode,
            feed="none: this only drains",
            telemetry=_Silent(),
        )
        session = execution_side(run, store)
        session.clock.set(stamp.at_ms)
        sweep = Sweep(
            inbox=session.execution.inbox,
            recorder=session.recorder,
            clock=session.clock,
            age_max_ms=session.execution.age_max_ms,
        )
        expired = left = 0
        with _progress("draining") as bar:
            task = bar.add_task("", total=found.total)
            for _ in range(found.total):
                step = await sweep.step()
                expired, left = expired + step.expired, left + step.left
                bar.update(task, completed=expired + left)
                if expired >= found.late or step == Swept(0, 0):
                    break
        return Swept(expired, max(left, found.total - expired))
    finally:
        store.close()


@final
class _Silent:
    """The result says what was done; a line for each id would bury it."""

    def tell(self, event: Event) -> None: ...

    def published(self, draft: Draft) -> None: ...

    def note(self, area: str, message: str, **facts: object) -> None: ...


def _progress(what: str) -> Progress:
    """Draw on stderr, so that stdout carries the result alone."""
    screen = console(on_stderr=True)
    return Progress(
        what,
        BarColumn(),
        MofNCompleteColumn(),
        TaskProgressColumn(show_speed=True),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )


def _print(told: Drained, stamp: Stamp) -> None:
    screen, found = console(), told.found
    age = "" if found.oldest_ms is None else span(stamp.at_ms - found.oldest_ms)
    oldest = f", the oldest made {age} ago by the {told.clock}" if age else ""
    screen.print(cell(f"{found.total} intents wait{oldest}"))
    screen.print(cell(f"  late        {found.late}: expire, never traded"))
    screen.print(cell(f"  fresh       {found.fresh}: judged by the execution"))
    screen.print(
        cell(f"  reductions  {found.reductions}: decided again, whatever their age")
    )
    screen.print(cell(f"  poison      {found.poison}: set aside by the execution"))
    for one in found.sample:
        screen.print(cell(f"  late: {one.intent_id}, {span(one.age_ms)} old"))
    if told.dry:
        hint = "; --yes expires what is late" if found.late else ""
        screen.print(cell(f"nothing was changed{hint}"))
        return
    sign = "⚠" if told.late_left else "✅"
    left = f"{told.done.left} wait for the execution"
    screen.print(cell(f"{sign} {told.done.expired} expired, {left}"))
    if told.late_left:
        why = "unusual, or their ids may be taken: start the execution, which looks closer"
        screen.print(cell(f"  {told.late_left} of them are late and were left: {why}"))

"""`signal`: publish one intent by hand, and wait for its outcome if asked to."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Message, Post, StoredBus
from bridge_patch.adapters.bus_look import Look
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.streams import (
    DEAD_LETTER,
    EXECUTION_RESULT,
    REPLAY_BARRIER,
    TRADE_INTENT,
)
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.adapters.wire.typed import encode_typed
from bridge_patch.app.commands.journal_file import find_run
from bridge_patch.app.commands.options import SignalOptions
from bridge_patch.app.screen import cell, console, moment, print_exact, print_table
from bridge_patch.app.stamping import DATA_TIME, Stamp, stamp_of
from bridge_patch.app.why.explain import explain
from bridge_patch.app.why.find import Finder
from bridge_patch.app.why.paint import painted
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import BulkExpired, DuplicateSeen
from bridge_patch.domain.intent import IntentId, UnixMs

SOURCE: Final = "hand"
_TAIL: Final = 64
_SLICE_MS: Final = 250


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What went out; `at_ms` is the time it carries, by the clock that is named."""

    intent_id: IntentId
    entry_id: str
    at_ms: UnixMs
    clock: str


def signal(options: SignalOptions) -> int:
    """Publish what was typed; 1 if its outcome was waited for and did not come."""
    typed = dict(options.stated)
    suffix = uuid.uuid4().hex[:6]
    now_ms = SystemClock().now_ms()
    _checked(typed, options, Stamp(now_ms, ""), suffix)
    with _opened(options) as (bus, journal, look):
        return asyncio.run(_publish(typed, options, suffix, bus, Finder(journal, look)))


async def _publish(
    typed: dict[str, str | bool],
    options: SignalOptions,
    suffix: str,
    bus: StoredBus,
    finder: Finder,
) -> int:
    places = {
        stream: newest.entry_id if (newest := finder.bus.newest(stream)) else ""
        for stream in (EXECUTION_RESULT, DEAD_LETTER)
    }
    stamps: list[Stamp] = []

    def make(barrier: Message | None) -> Post:
        at_ms = codec.decode_barrier(barrier.envelope).at_ms if barrier else None
        stamp = stamp_of(at_ms, finder.journal.tail(_TAIL), SystemClock().now_ms())
        stamps.append(stamp)
        return _checked(typed, options, stamp, suffix)

    entry_id = await bus.publish_behind(REPLAY_BARRIER, make)
    stamp = stamps[-1]
    intent_id = _intent_id(options, stamp, suffix)
    sent = Sent(
        intent_id=intent_id, entry_id=entry_id, at_ms=stamp.at_ms, clock=stamp.clock
    )
    if not options.wait:
        _print_sent(sent, options)
        return 0
    came = await _outcome(sent, options.timeout_sec, bus, finder, places)
    if not came:
        _print_sent(sent, options)
        told = f"no outcome in {options.timeout_sec} s: is an execution running there?"
        console(on_stderr=True).print(cell(told))
        return 1
    answer = explain(finder.find(intent_id))
    if options.as_json:
        print_exact(answer)
    else:
        print_table(painted(answer))
    return 0


async def _outcome(
    sent: Sent, timeout_sec: int, bus: StoredBus, finder: Finder, places: dict[str, str]
) -> bool:
    """Wait until the message has its outcome, was set aside or was known already."""
    deadline = time.monotonic() + timeout_sec
    while time.monotonic() < deadline:
        for message in await bus.follow(
            EXECUTION_RESULT, places[EXECUTION_RESULT], count=512, wait_ms=_SLICE_MS
        ):
            places[EXECUTION_RESULT] = message.entry_id
            if _ends(message, sent.intent_id):
                return True
        for message in await bus.follow(
            DEAD_LETTER, places[DEAD_LETTER], count=512, wait_ms=0
        ):
            places[DEAD_LETTER] = message.entry_id
            letters = codec.decode_dead_letters(message.envelope)
            if any(letter.entry_id == sent.entry_id for letter in letters):
                return True
        about = (stored.event for stored in finder.journal.about(sent.intent_id))
        if any(
            isinstance(event, DuplicateSeen) and event.entry_id == sent.entry_id
            for event in about
        ):
            return True
    return False


def _ends(message: Message, intent_id: IntentId) -> bool:
    try:
        result = codec.decode_result(message.envelope)
    except InvalidValueError:
        return False
    if isinstance(result, BulkExpired):
        return intent_id in result.intent_ids
    return result.intent_id == intent_id


def _checked(
    typed: dict[str, str | bool], options: SignalOptions, stamp: Stamp, suffix: str
) -> Post:
    stated = {"intent_id": _intent_id(options, stamp, suffix), **typed}
    if options.valid_sec is not None:
        until_ms = UnixMs(stamp.at_ms + options.valid_sec * 1000)
        stated["valid_until"] = iso_of(until_ms)
    return Post(TRADE_INTENT, encode_typed(stated, at_ms=stamp.at_ms, source=SOURCE))


def _intent_id(options: SignalOptions, stamp: Stamp, suffix: str) -> IntentId:
    """Name the message after what it asks; typed twice, it is two messages."""
    if options.intent_id is not None:
        return options.intent_id
    words = (str(options.stated[name]) for name in ("symbol", "action"))
    plain = "-".join(re.sub(r"[^A-Za-z0-9]", "", word)[:24] for word in words)
    return IntentId(f"{SOURCE}-{plain}-{stamp.at_ms}-{suffix}")


@contextmanager
def _opened(options: SignalOptions) -> Iterator[tuple[StoredBus, JournalSearch, Look]]:
    place = find_run(options.state, options.env_file)
    with (
        closing(place.bus.open(place.store)) as bus,
        closing(JournalSearch(place.journal)) as journal,
        closing(place.bus.look(place.store)) as look,
    ):
        yield bus, journal, look


def _print_sent(sent: Sent, options: SignalOptions) -> None:
    if options.as_json:
        print_exact(sent)
        return
    of = "data time of the replay there" if sent.clock == DATA_TIME else sent.clock
    screen = console()
    screen.print(cell(f"published {sent.intent_id} as entry {sent.entry_id}", most=400))
    screen.print(cell(f"made {moment(sent.at_ms)} UTC, {of}"))
    screen.print(cell(f"its outcome: bridge-patch why {sent.intent_id}", most=400))

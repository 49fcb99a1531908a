"""What a long past costs a verdict: the same question after none and after many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from bench.account import BTC, LIMITS, now_ms, sane_entry, snapshots_with
from bench.measuring import MICRO, Figure, Lot, at_once, in_turns
from bridge_patch.domain.events import Book, Judged
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.governor.case import case_of
from bridge_patch.governor.judge import Approved, judge
from bridge_patch.services.activity import ActivityLog
from bridge_patch.services.records import Identity, judged_entry
from bridge_patch.services.snapshots import Snapshots

#: As many decisions as the goal names, one each second before the question.
PAST: Final = 1_000_000
_SECOND_MS: Final = 1_000


def over_past(past: int, rounds: int) -> Iterator[Figure]:
    """Time snapshot and verdict after no decision and after `past` of them."""
    lots = {name: Lot(_asking(after(n))) for name, n in (("none", 0), ("many", past))}
    took = in_turns(lots, max(1, rounds // 10))
    for name, n in (("none", 0), ("many", past)):
        figure = f"snapshot and judge, {n:,} past decisions"
        yield Figure(figure, took[name] * MICRO, "µs")
    slope = took["many"] / took["none"]
    yield Figure("the second / the first", slope, "times", "goal 1: flat")


def after(past: int) -> Snapshots:
    """Return a service whose log has folded so many approvals, none within the hour."""
    service, log = snapshots_with(1), ActivityLog(book=Book.ACCOUNT)
    made, last_ms = _approved(service), now_ms() - 25 * 3600 * _SECOND_MS
    for n in range(past):
        at_ms = UnixMs(last_ms - (past - n) * _SECOND_MS)
        log.apply(replace(made, at_ms=at_ms))
    return replace(service, activity=log)


def _approved(service: Snapshots) -> Judged:
    intent, snapshot, now = sane_entry(), at_once(service.take(BTC)), now_ms()
    case = case_of(
        intent.entry, mode=Mode.LIVE, snapshot=snapshot, limits=LIMITS, now_ms=now
    )
    verdict = judge(intent, snapshot, LIMITS, now)
    assert isinstance(verdict, Approved), verdict
    return judged_entry(
        intent.entry,
        case,
        verdict,
        mode=Mode.LIVE,
        identity=Identity(
            run_id="bench", mode=Mode.LIVE, build="bench", limits_hash=LIMITS.digest()
        ),
        now_ms=now,
    )


def _asking(service: Snapshots) -> Callable[[], object]:
    intent = sane_entry()

    def ask() -> object:
        return judge(intent, at_once(service.take(BTC)), LIMITS, now_ms())

    assert isinstance(ask(), Approved)
    return ask

"""Many seeds, on all cores; the first broken promise ends it and names its seed.

`python -m tests.simulation.campaign --seed 1234 --verbose` tells one seed's story again.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import (
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    as_completed,
)
from functools import partial
from multiprocessing import get_context
from typing import Final

from tests.simulation.story import MINUTES, BrokenStoryError, told

#: What must have struck, and what must have happened, for a campaign to prove anything.
STRUCK: Final = (
    "crash",
    "disk full",
    "disk slow",
    "commit unheard",
    "bus lost",
    "bus reply lost",
    "orders unreadable",
    "connection replaced",
    "short read",
    "reordered",
    "request lost",
    "reply lost",
    "look-up lost",
    "refused",
    "venue silent",
    "feed goes back",
    "clock jump",
    "restart",
    "Crash",
    "OutageError",
    "restarted in live",
    "restarted in shadow",
)
HAPPENED: Final = (
    "live BUY FILLED",
    "live SELL FILLED",
    "live BUY REFUSED",
    "live BUY VENUE_REFUSED",
    "live CLOSE FILLED",
    "shadow BUY SIMULATED",
    "TIMED_OUT",
    "FOUND_ABSENT",
    "BulkExpired",
    "DuplicateSeen",
    "DeadLettered",
    "LatchSet",
    "InsuranceCleared",
    "FundingPaid",
    "judged again",
)
TELL_EVERY: Final = 50


def campaign(seeds: Iterable[int], minutes: int = MINUTES) -> Counter[str]:
    """Tell every seed's story; return what struck and happened in all of them together."""
    seen: Counter[str] = Counter()
    for seed in seeds:
        story = told(seed, minutes)
        seen += story.seen
        seen["lives"] += story.lives
        seen["seeds"] += 1
    return seen


def missing(seen: Counter[str]) -> list[str]:
    """Name what never struck or never happened: a suite about trouble needs some."""
    return [name for name in (*STRUCK, *HAPPENED) if not seen[name]]


def main(words: Sequence[str] | None = None) -> int:
    """Run a campaign from the command line; 1 where a promise broke, or nothing struck."""
    parser = argparse.ArgumentParser(prog="tests.simulation.campaign", description=__doc__)
    parser.add_argument("--seed", type=int, help="tell this one seed's story")
    parser.add_argument("--seeds", type=int, default=300, help="how many seeds")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--minutes", type=int, default=MINUTES, help="length of a market")
    parser.add_argument("--jobs", type=int, help="how many at once; else one per core")
    parser.add_argument("--verbose", action="store_true", help="tell every step")
    asked = parser.parse_args(words)
    try:
        return _one(asked) if asked.seed is not None else _many(asked)
    except BrokenStoryError as broken:
        print(broken.text(_steps(asked)))
        return 1


def _one(asked: argparse.Namespace) -> int:
    story = told(asked.seed, asked.minutes)
    if asked.verbose:
        print("\n".join(story.diary))
    print(f"seed {asked.seed}: every promise held over {story.lives} lives")
    for name, count in sorted(story.seen.items()):
        print(f"  {count:6} {name}")
    return 0


def _many(asked: argparse.Namespace) -> int:
    begun, seen = time.monotonic(), Counter[str]()
    last = asked.first + asked.seeds
    chunks = [
        range(first, min(first + TELL_EVERY, last))
        for first in range(asked.first, last, TELL_EVERY)
    ]
    tell = partial(_chunk, minutes=asked.minutes, last=_steps(asked))
    with _workers(asked.jobs) as pool:
        for end in as_completed([pool.submit(tell, seeds) for seeds in chunks]):
            result = end.result()
            if isinstance(result, str):
                pool.shutdown(cancel_futures=True)
                print(result)
                return 1
            seen += result
            print(
                f"{seen['seeds']} of {asked.seeds} seeds, {seen['lives']} lives,"
                f" {seen['crash']} crashes, {time.monotonic() - begun:.0f} s",
                flush=True,
            )
    for name in (*STRUCK, *HAPPENED):
        print(f"  {seen[name]:7} {name}")
    if absent := missing(seen):
        print(f"never seen: {', '.join(absent)}")
    return bool(absent)


def _workers(jobs: int | None) -> Executor:
    """Return other processes, each begun afresh; for one job a thread of this one."""
    if jobs == 1:
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"))


def _chunk(seeds: range, minutes: int, last: int) -> Counter[str] | str:
    """Tell these seeds' stories; return the counts, or the text of what broke."""
    try:
        return campaign(seeds, minutes)
    except BrokenStoryError as broken:
        return broken.text(last)


def _steps(asked: argparse.Namespace) -> int:
    return 10_000 if asked.verbose else 25


if __name__ == "__main__":
    sys.exit(main())

"""The same work on many things, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Final, TypeVar

#: More processes than this are more memory than gain.
_WORKERS_MAX: Final = 8
_Job = TypeVar("_Job")
_Done = TypeVar("_Done")


def on_all_cores(
    work: Callable[[_Job], _Done], jobs: Sequence[_Job], tell: Callable[[int, int], None]
) -> list[_Done]:
    """Return what the work makes of each job, in their order; `tell` hears how far.

    One core, or one job, needs no other process. What goes to one must be plain values.
    """
    tell(0, len(jobs))
    workers = min(os.cpu_count() or 1, len(jobs), _WORKERS_MAX)
    if workers < 2:  # noqa: PLR2004 - one and this process are the same
        alone = []
        for job in jobs:
            alone.append(work(job))
            tell(len(alone), len(jobs))
        return alone
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(work, job) for job in jobs]
        for count, _ in enumerate(as_completed(futures), 1):
            tell(count, len(jobs))
        return [future.result() for future in futures]

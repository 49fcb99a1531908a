"""A bar for long work, on stderr, so that stdout carries the result alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from bridge_patch.app.screen import console


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what is told how many are done, of how many."""
    screen = console(on_stderr=True)
    bar = Progress(
        what,
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not screen.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)

        def tell(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield tell

"""A fault stays in its process, and a broken tool is not taken for a noticed fault."""

import os
import signal
from collections.abc import Callable

import pytest

from tests.mutants.forks import BrokenChildError, Forks

left = 0


def forks(work: Callable[[int], int], seconds: int = 20) -> Forks[int, int]:
    return Forks(jobs=2, work=work, answer=int, seconds=lambda _: seconds)


def squared(task: int) -> int:
    globals()["left"] = task
    print(task)
    return task * task


def test_every_task_is_answered_and_nothing_is_left_behind(
    capfd: pytest.CaptureFixture[str],
) -> None:
    answers = dict(forks(squared).run(range(5)))

    assert answers == {0: 0, 1: 1, 2: 4, 3: 9, 4: 16}
    assert left == 0
    assert capfd.readouterr().out == ""


def test_one_that_computes_for_too_long_has_no_answer() -> None:
    def for_ever(_: int) -> int:
        while True:
            pass

    assert dict(forks(for_ever, seconds=1).run([7])) == {7: None}


def test_one_that_raises_stops_the_run() -> None:
    def broken(task: int) -> int:
        raise LookupError(f"no {task}")

    with pytest.raises(BrokenChildError, match="LookupError: no 3"):
        list(forks(broken).run([3]))


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_one_that_dies_stops_the_run(how: signal.Signals) -> None:
    """Killed from outside, for memory perhaps: that says nothing about the fault."""

    def dying(_: int) -> int:
        os.kill(os.getpid(), how)
        return 0

    with pytest.raises(BrokenChildError, match="no answer"):
        list(forks(dying).run([1]))

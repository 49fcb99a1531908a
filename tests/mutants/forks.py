"""Each task in a process of its own, so that no fault outlives its mutant.

A child answers through a pipe. One that computes for longer than it may, or does not come
back, is ended and has not answered; one that breaks in any other way stops the whole run,
because a broken tool must not look like a mutant that was noticed.
"""

import os
import resource
import selectors
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import msgspec

Task = TypeVar("Task")
Answer = TypeVar("Answer")
#: A child may be kept waiting by others: many times its computing time, and then a minute.
PATIENCE: Final = 10
GRACE_SEC: Final = 60
ANSWERED: Final = b"="
BROKEN: Final = b"!"


class BrokenChildError(RuntimeError):
    """A child ended without an answer, and not for want of time."""


@dataclass(slots=True)
class _Child(Generic[Task]):
    task: Task
    pid: int
    pipe: int
    ends: float
    said: bytearray = field(default_factory=bytearray)
    ended: bool = False


@dataclass(kw_only=True)
class Forks(Generic[Task, Answer]):
    """At most `jobs` children at a time, each doing `work` on one task."""

    jobs: int
    work: Callable[[Task], Answer]
    answer: type[Answer]
    seconds: Callable[[Task], int]  # of computing

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Answer | None]]:
        """Yield each task with its answer, as they come in; None came too late."""
        waiting = iter(tasks)
        with selectors.DefaultSelector() as pipes:
            while True:
                while len(pipes.get_map()) < self.jobs:
                    try:
                        child = self._start(next(waiting))
                    except StopIteration:
                        break
                    pipes.register(child.pipe, selectors.EVENT_READ, child)
                if not pipes.get_map():
                    return
                for child in _heard(pipes):
                    pipes.unregister(child.pipe)
                    os.close(child.pipe)
                    yield child.task, self._answer(child)

    def _start(self, task: Task) -> _Child[Task]:
        seconds = self.seconds(task)
        sys.stdout.flush()
        sys.stderr.flush()
        ours, theirs = os.pipe()
        pid = os.fork()
        if pid:
            os.close(theirs)
            ends = time.monotonic() + PATIENCE * seconds + GRACE_SEC
            return _Child(task=task, pid=pid, pipe=ours, ends=ends)
        os.close(ours)
        _limit(seconds)
        try:
            said = ANSWERED + msgspec.json.encode(self.work(task))
        except BaseException:  # noqa: BLE001 - said to the parent, which stops
            said = BROKEN + traceback.format_exc().encode()
        with open(theirs, "wb") as pipe:  # noqa: PTH123 - a descriptor has no path
            pipe.write(said)
        os._exit(0)

    def _answer(self, child: _Child[Task]) -> Answer | None:
        _, status = os.waitpid(child.pid, 0)
        if child.said.startswith(BROKEN):
            raise BrokenChildError(f"task {child.task}\n{child.said[1:].decode()}")
        if child.said and not child.ended:
            return msgspec.json.decode(child.said[1:], type=self.answer)
        late = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU
        if child.ended or late:
            return None
        raise BrokenChildError(f"task {child.task}: no answer, status {status}")


def _limit(seconds: int) -> None:
    """Be silent, and end when the time is used up."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: PTH123, SIM115 - for good
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _heard(pipes: selectors.BaseSelector) -> "list[_Child[Task]]":
    """Wait for a second at most, and return the children that have said everything."""
    done: list[_Child[Task]] = []
    for key, _ in pipes.select(timeout=1):
        if part := os.read(key.fd, 1 << 16):
            key.data.said.extend(part)
        else:
            done.append(key.data)
    for key in list(pipes.get_map().values()):
        child = key.data
        if time.monotonic() > child.ends and not child.ended:
            child.ended = True
            with suppress(ProcessLookupError):
                os.kill(child.pid, signal.SIGKILL)
    return done

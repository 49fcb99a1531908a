"""Carries messages to people on a thread of its own: it may fail, hang or be slow.

Whoever hands one over waits for nothing: the queue has a bound, and what does not fit is
counted. What cannot be sent is tried again a few times, and then counted too.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from queue import Empty, Full, Queue
from typing import Final, Protocol, final

from bridge_patch.adapters.alerts_herald import Word

QUEUE_MAX: Final = 100
TRIES: Final = 3
#: The pause before the second try and, doubled, before the third.
PAUSE_SEC: Final = 5.0
#: How long an end waits for what is still to be sent.
END_MAX_SEC: Final = 2.0
_LOOK_SEC: Final = 0.25


class Notifier(Protocol):
    """A way to reach a person."""

    def send(self, title: str, body: str) -> bool:
        """Send one message; tell whether somebody took it."""
        ...


@final
@dataclass(slots=True)
class Sender:
    """Sends one message after the other; `outcomes` counts sent, failed and dropped."""

    notifier: Notifier
    pause_sec: float = PAUSE_SEC
    outcomes: Counter[str] = field(default_factory=Counter)
    _queue: Queue[Word] = field(default_factory=lambda: Queue(QUEUE_MAX))
    _ending: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self) -> None:
        """Start the thread; the process does not wait for it at its end."""
        self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
        self._thread.start()

    def say(self, word: Word) -> None:
        """Hand over a message, at once; one that does not fit is dropped and counted."""
        try:
            self._queue.put_nowait(word)
        except Full:
            self.outcomes["dropped"] += 1

    def end(self, most_sec: float = END_MAX_SEC) -> None:
        """Let what was handed over go out, for a moment, and stop."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(most_sec)

    def _run(self) -> None:
        while True:
            try:
                word = self._queue.get(timeout=_LOOK_SEC)
            except Empty:
                if self._ending.is_set():
                    return
                continue
            self._deliver(word)

    def _deliver(self, word: Word) -> None:
        pause_sec = self.pause_sec
        for _ in range(TRIES):
            if self._sent(word):
                self.outcomes["sent"] += 1
                return
            if self._ending.wait(pause_sec):
                break
            pause_sec *= 2
        self.outcomes["failed"] += 1

    def _sent(self, word: Word) -> bool:
        try:
            return self.notifier.send(word.title, word.body)
        except Exception:  # noqa: BLE001 - whatever a notifier does, the next word goes on
            return False

"""Whether the exit process is silent goes by whether it answers, and not by bars."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from bridge_patch.app.monitoring_sample import Sampler
from bridge_patch.domain.intent import UnixMs
from bridge_patch.services.exits_apart import ExitsApart

HEARD_MS, NOW_MS = UnixMs(1_000), UnixMs(140_000)


def since(*, silent: bool) -> UnixMs | None:
    never: Any = None  # nobody is asked or told here
    brain = ExitsApart(never, never, silent=silent, heard_ms=HEARD_MS)
    session: Any = SimpleNamespace(brain=brain)
    return Sampler(session, lambda: 0.0)._exits(NOW_MS)


def test_who_answered_when_it_was_asked_last_is_not_silent() -> None:
    """No bar came for two minutes, so it was not asked: that is not its fault."""
    assert since(silent=False) == NOW_MS


def test_who_did_not_answer_is_silent_since_it_was_heard() -> None:
    assert since(silent=True) == HEARD_MS

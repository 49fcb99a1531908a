"""What a line says of an order does not hang on which process sent it."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from bench.measuring import at_once
from bridge_patch.app.wiring import execution_side
from bridge_patch.domain.events import Book, OrderEnded, StopArmed
from tests.unit.adapters.lines_samples import OTHER_EVENTS
from tests.unit.app.test_standby import held_at, run_of, settings_at


def test_the_end_of_an_order_from_before_a_restart_names_its_intent(tmp_path: Path) -> None:
    """Or the grep that follows an intent loses how its position ended."""
    out = io.StringIO()
    armed = next(e for e in OTHER_EVENTS if isinstance(e, StopArmed))
    ended = next(e for e in OTHER_EVENTS if isinstance(e, OrderEnded))
    armed, ended = replace(armed, book=Book.ASKED), replace(ended, book=Book.ASKED)
    with closing(held_at(tmp_path)) as store:
        assert store.journal is not None
        at_once(store.journal.append((armed,)))
    with closing(held_at(tmp_path)) as store:
        run = run_of(settings_at(tmp_path), out)
        execution_side(run, store)
        run.telemetry.tell(ended)

    assert armed.order_id == ended.order_id
    assert out.getvalue().splitlines()[-1].endswith(f"intent={armed.intent_id}")

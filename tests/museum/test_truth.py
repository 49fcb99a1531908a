"""Incidents of the record: what was said to have happened was not what happened."""

import asyncio
import io
from collections.abc import Sequence
from dataclasses import replace

from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.domain.events import Event
from bridge_patch.domain.intent import Mode
from bridge_patch.services.ports import Telemetry
from tests.unit.adapters.lines_samples import ACCEPTED, DRAFT, OTHER_EVENTS, SETTLED


class _ClosedStream(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


class _BadStream(io.StringIO):
    def write(self, _text: str) -> int:
        raise UnicodeEncodeError("ascii", "x", 0, 1, "no")

    def flush(self) -> None:
        raise OSError


class _Unprintable:
    def __str__(self) -> str:
        raise RuntimeError


async def _record(events: Sequence[Event], telemetry: Telemetry) -> list[Event]:
    """Write, then show: the order in which every service does it."""
    journal: list[Event] = []
    for event in events:
        journal.append(event)
        telemetry.tell(event)
        telemetry.published(DRAFT)
        telemetry.note("fills", "closed", stop=_Unprintable())
    return journal


def test_logging_error_cannot_change_an_outcome() -> None:
    """M-107: a closing log line formatted a missing stop and raised, so a filled close
    was recorded as failed.

    The telemetry's part: it swallows every failure of stream and field, and counts it.
    """
    no_stop = replace(SETTLED, stop_price_usd=None, harvest_policy=None, fee_usd=None)
    events: tuple[Event, ...] = (*OTHER_EVENTS, ACCEPTED, no_stop)
    whole = LogTelemetry(io.StringIO())
    closed = io.StringIO()
    closed.close()

    outcome = asyncio.run(_record(events, whole))
    assert outcome == list(events)
    assert whole.lost == len(events)  # the notes only, whose field cannot be printed
    for stream in (_ClosedStream(), _BadStream(), closed):
        broken = LogTelemetry(stream)
        assert asyncio.run(_record(events, broken)) == outcome
        broken.started(parts=set(Part), mode=Mode.LIVE, fail_open=False, notes=())
        assert broken.lost > len(events)

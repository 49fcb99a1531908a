"""A journal that is older than its bus: a start ends, a run waits for a person."""

from __future__ import annotations

import asyncio
import io

import pytest

from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.app.outage import Outage
from bridge_patch.app.stopping import Stop
from bridge_patch.domain.errors import OutageError, OutdatedError
from tests.unit.app.test_standby import told


def test_a_journal_that_was_put_back_under_a_run_is_said_and_sat_out() -> None:
    """Where `status` finds it, with a pause between two tries, and once."""
    log, said, pauses = io.StringIO(), list[str](), list[float]()
    outage = Outage(telemetry=LogTelemetry(log), say=said.append)
    turns = iter([OutdatedError("put back?"), OutdatedError("put back?"), None])

    async def attempt() -> None:
        if (error := next(turns)) is not None:
            raise error
        outage.well()

    async def sleep(sec: float) -> None:
        pauses.append(sec)

    outage.well()
    asyncio.run(outage.outlast(attempt, Stop(), sleep))

    assert said == ["put back?", ""]
    assert sum(pauses) == 3.0
    assert told(log, "why=put back?") == 1


def test_a_journal_that_was_put_back_stops_the_start() -> None:
    """Whoever starts it is there to see it."""
    outage = Outage(telemetry=LogTelemetry(io.StringIO()))

    async def attempt() -> None:
        msg = "put back?"
        raise OutdatedError(msg)

    with pytest.raises(OutageError, match="put back"):
        asyncio.run(outage.outlast(attempt, Stop()))

"""A line that could not be printed is counted where somebody looks for it."""

import io
from pathlib import Path

from bridge_patch.adapters import metrics
from bridge_patch.adapters.telemetry import LogTelemetry, Part
from bridge_patch.app.monitoring import monitored
from bridge_patch.app.outage import Outage
from bridge_patch.app.stopping import Stop
from tests.unit.adapters.lines_samples import ACCEPTED
from tests.unit.app.test_monitoring import free_port, settings_at


def test_lines_that_nobody_could_read_are_counted_as_lost(tmp_path: Path) -> None:
    """The log's other end is gone: the page is what is left to say so."""
    out = io.StringIO()
    telemetry = LogTelemetry(out)
    settings = settings_at(tmp_path, METRICS_PORT_EXECUTION=str(free_port()))
    with monitored(settings, Part.EXECUTION, Outage(telemetry=telemetry), Stop()) as one:
        assert one.told is not None
        told = one.told
        before = {m: value for m, _, value in told.values()}[metrics.LOST]
        out.close()
        telemetry.tell(ACCEPTED)
        after = {m: value for m, _, value in told.values()}[metrics.LOST]

    assert before == 0
    assert after >= 1
    assert told.lost == 0

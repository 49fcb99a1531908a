"""What a log shows for given events, line by line."""

import io

from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.domain.events import Event
from bridge_patch.services.messages import Draft


def lines(*events: Event | Draft, as_json: bool = False) -> list[str]:
    stream = io.StringIO()
    log = LogTelemetry(stream, as_json=as_json)
    for event in events:
        if isinstance(event, Draft):
            log.published(event)
        else:
            log.tell(event)
    assert log.lost == 0
    return stream.getvalue().splitlines()

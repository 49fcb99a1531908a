"""Whether an outcome was published: the stream itself is asked."""

from __future__ import annotations

from typing import Final, final

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Bus
from bridge_patch.adapters.streams import EXECUTION_RESULT
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import BulkExpired
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.messages import Result

_BATCH: Final = 512


@final
class BusTold:
    """The Told port, over any raw bus. An entry that is no outcome names nobody."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def told(self, intent_id: IntentId) -> bool:
        after = ""
        while messages := await self._bus.follow(
            EXECUTION_RESULT, after, count=_BATCH, wait_ms=0
        ):
            for message in messages:
                try:
                    result = codec.decode_result(message.envelope)
                except InvalidValueError:
                    continue
                if intent_id in _named(result):
                    return True
            after = messages[-1].entry_id
        return False


def _named(result: Result) -> tuple[IntentId, ...]:
    if isinstance(result, BulkExpired):
        return result.intent_ids
    return (result.intent_id,)

"""An intent that a person typed, checked before it leaves as it will be when it comes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, DecimalException

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.wire.delivery import TRADE_INTENT, decode_delivery
from bridge_patch.adapters.wire.figures import json_of
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.adapters.wire.objects import from_python
from bridge_patch.adapters.wire.reading import read_intent
from bridge_patch.adapters.wire.schema import NUMBERS, SCHEMA_OURS
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.services.messages import Poison


def encode_typed(
    stated: Mapping[str, str | bool], *, at_ms: UnixMs, source: str
) -> Envelope:
    """Write what was typed as a trade.intent made at `at_ms`.

    Raises InvalidValueError with every fault that the execution service would find.
    """
    fields: dict[str, object] = {"schema": SCHEMA_OURS}
    fields |= {name: _value(name, text) for name, text in stated.items()}
    fields |= {"timestamp": iso_of(at_ms), "source": source}
    reading = read_intent(*from_python(fields), at_ms)
    if reading.faults:
        raise _refused(reading.faults)
    envelope = Envelope.of(
        event_type=TRADE_INTENT,
        payload=json_of(fields),
        timestamp=iso_of(at_ms),
        source=source,
    )
    content = decode_delivery(envelope, entry_id="", mode=Mode.LIVE, now_ms=at_ms).content
    if isinstance(content, Poison):
        raise _refused(content.faults)
    return envelope


def _value(name: str, said: str | bool) -> object:  # noqa: FBT001 - it is what was typed
    """Return a number where the schema has one; a text that is none stays a text."""
    if name not in NUMBERS or isinstance(said, bool):
        return said
    try:
        number = Decimal(said)
    except DecimalException:
        return said
    return number if number.is_finite() else float(number)


def _refused(faults: tuple[str, ...]) -> InvalidValueError:
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    lines = "".join(f"\n- {fault}" for fault in faults)
    return InvalidValueError(f"{count} in the intent, nothing was sent:{lines}")

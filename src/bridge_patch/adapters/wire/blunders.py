"""Faults that the example AI plants on purpose, in messages that would be sound without.

Most blunders need nothing here: an oversized, stale, repeated or unlisted proposal is
written as it was drafted. These two are no valid draft at all.
"""

from __future__ import annotations

from bridge_patch.adapters.wire.figures import json_of
from bridge_patch.domain.money import ONE

NAN = "nan"
WRONG_SIDE_STOP = "wrong_side_stop"


def planted(blunder: str, fields: dict[str, object]) -> str:
    """Write the fields as JSON text, with the blunder in it.

    >>> planted("nan", {"ai_size_usd": ONE})
    '{"ai_size_usd":NaN}'
    """
    word = "".join(c if c.isalnum() else "_" for c in blunder.lower())
    if word == NAN:
        text = json_of(fields | {"ai_size_usd": ""})
        return text.replace('"ai_size_usd":""', '"ai_size_usd":NaN', 1)
    if word == WRONG_SIDE_STOP:
        entry = 100 * ONE
        beyond = entry + (ONE if fields["action"] == "BUY" else -ONE)
        fields = fields | {"entry_price": entry, "stop_loss": beyond}
    return json_of(fields)

"""What can be said of a message that cannot be read."""

from __future__ import annotations

from typing import Final, final

import msgspec

from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, parse_symbol


@final
class _Named(msgspec.Struct, frozen=True):
    symbol: str


_NAMED: Final = msgspec.json.Decoder(_Named)


def symbol_in(envelope: Envelope) -> Symbol | None:
    """Return which symbol a message names that is not understood; None where not even that.

    Nothing else of it is believed.
    """
    try:
        return parse_symbol(_NAMED.decode(envelope.payload or "").symbol)
    except (msgspec.MsgspecError, InvalidValueError, RecursionError, UnicodeError):
        return None

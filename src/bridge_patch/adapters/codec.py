"""The wire: the only door through which a dict comes in or goes out.

The rules live in `wire/`; what the contract promises about them is spec 1.2.
"""

from __future__ import annotations

from bridge_patch.adapters.wire.delivery import decode_delivery
from bridge_patch.adapters.wire.events import decode_event, encode_event
from bridge_patch.adapters.wire.glance import late_entries, made_at
from bridge_patch.adapters.wire.messages import (
    decode_barrier,
    decode_command,
    decode_dead_letter,
    decode_dead_letters,
    decode_exit_turn,
    decode_position,
    decode_result,
    decode_tick,
    encode_barrier,
    encode_command,
    encode_dead_letter,
    encode_exit_turn,
    encode_late_letter,
    encode_position,
    encode_result,
    encode_tick,
)
from bridge_patch.adapters.wire.outbound import encode_draft, encode_reduce
from bridge_patch.adapters.wire.unread import symbol_in

__all__ = [
    "decode_barrier",
    "decode_command",
    "decode_dead_letter",
    "decode_dead_letters",
    "decode_delivery",
    "decode_event",
    "decode_exit_turn",
    "decode_position",
    "decode_result",
    "decode_tick",
    "encode_barrier",
    "encode_command",
    "encode_dead_letter",
    "encode_draft",
    "encode_event",
    "encode_exit_turn",
    "encode_late_letter",
    "encode_position",
    "encode_reduce",
    "encode_result",
    "encode_tick",
    "late_entries",
    "made_at",
    "symbol_in",
]

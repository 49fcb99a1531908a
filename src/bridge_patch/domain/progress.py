"""How far a tick came and what the exits saw, as the journal keeps it for a restart."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import final

from bridge_patch.domain.intent import Symbol, UnixMs


class Stage(StrEnum):
    """How far the consequences of a tick have come, in their order."""

    MOVED = "MOVED"
    EXITED = "EXITED"
    PROPOSED = "PROPOSED"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TickReached:
    """A tick came this far: what a restart must not do twice.

    MOVED stands in the first commit about a tick, together with what venue and books did
    with its bars. EXITED and PROPOSED say that what the exit brain and the engine had to
    say about it is on the bus. A tick that changes nothing leaves no trace.
    """

    at_ms: UnixMs
    stage: Stage


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExitsBlind:
    """What the exit brain lacks: bars of these open positions, or words it can read.

    Empty: it sees all that is open again. Meanwhile their stops at the venue hold, and no
    entry is permitted.
    """

    at_ms: UnixMs
    symbols: tuple[Symbol, ...]

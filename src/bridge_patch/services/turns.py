"""Whose turn it is at a tick, where another process decides on the exits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import final

from bridge_patch.domain.intent import IntentId, Symbol, UnixMs


class TurnStage(StrEnum):
    """Whose turn it is at a tick: due is the exit brain's, done the execution's again."""

    DUE = "due"
    DONE = "done"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExitTurn:
    """The exits of a tick are due, or decided; `asked` names the reductions published.

    An exit brain of its own process publishes them together with this, or not at all.
    `blind` names the open positions of which it lacks what it decides by, `limits_hash` the
    limits that the writer works under ("" does not say).
    """

    at_ms: UnixMs
    stage: TurnStage
    asked: tuple[IntentId, ...] = ()
    blind: tuple[Symbol, ...] = ()
    limits_hash: str = ""

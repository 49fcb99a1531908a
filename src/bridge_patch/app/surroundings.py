"""What a run knows of its venue besides orders: the trading rules, and the time there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.instrument import Instrument
from bridge_patch.governor.snapshot import Reading
from bridge_patch.services.ports import Instruments


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The trading rules and the clock of the venue; of a simulated one, our own.

    Entries are judged by `instruments`. What shrinks, and the shadow books, go by
    `lasting`: a contract that is halted has no rules to enter by, and must be left. Rules
    that were read come into force with `adopt`, which returns what of them is new.
    """

    instruments: Instruments = field(default_factory=ListedInstruments)
    lasting: Instruments = field(default_factory=ListedInstruments)
    adopt: Callable[[], tuple[Instrument, ...]] = tuple
    skew: Callable[[], Reading] | None = None

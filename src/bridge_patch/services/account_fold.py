"""What the journal says about the account that is acted on, as far as it was read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import final

from bridge_patch.domain.events import Book, Event, ExitsBlind, TickReached
from bridge_patch.evidence.mandate import Mandate
from bridge_patch.services.activity import ActivityLog
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.heard import Heard
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.nakedness import Nakedness
from bridge_patch.services.progress import Progress
from bridge_patch.services.reckoning import Reckoning


@final
@dataclass(frozen=True, slots=True)
class AccountFold:
    """Positions and what is NAKED, orders, equity, wallet, what was done lately, ids met.

    Activity counts from the moment something is staged, the rest from when it is durable:
    so a living process takes them in apart, and who reads a journal takes in both.
    """

    ledger: Ledger
    gauge: EquityGauge
    activity: ActivityLog
    progress: Progress = field(default_factory=Progress)
    heard: Heard = field(default_factory=Heard)
    reckoning: Reckoning = field(default_factory=Reckoning)
    mandate: Mandate = field(default_factory=Mandate)
    nakedness: Nakedness = field(default_factory=Nakedness)

    @classmethod
    def of(cls, book: Book) -> AccountFold:
        """Return what is known of an account before its first entry."""
        return cls(Ledger(), EquityGauge(book), ActivityLog(book=book))

    def fold(self, event: Event) -> None:
        """Take in an event that is in the journal already."""
        self.activity.apply(event)
        self.believe(event)

    def believe(self, event: Event) -> None:
        """Take in an event whose activity counts already."""
        ledger = self.ledger
        ledger.apply(event)
        self.nakedness.apply(
            event, is_open=ledger.positions.__contains__, guard=ledger.guard
        )
        self.gauge.apply(event)
        self.heard.apply(event)
        self.reckoning.apply(event)
        self.mandate.apply(event)
        if isinstance(event, TickReached | ExitsBlind):
            self.progress.apply(event)

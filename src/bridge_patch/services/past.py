"""The past of a journal: every state of the execution side that is a fold of it.

Reading it and acting on it are two things. `follow` changes nothing but memory: a standby
does it beside the process that acts, as entries come. `begin` is for the one that acts from
now on, once it has read the last of them. Whoever starts does both at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import final

from bridge_patch.domain.intent import IntentId
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import Filled, OrderEnded, StopArmed, TrailingSet
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.plans import MAY_REST
from bridge_patch.services.ports import Stored, Venue, VenueMemory
from bridge_patch.services.shadows import Books


@final
@dataclass(slots=True, kw_only=True)
class Past:
    """Account, shadow books and simulated venue, up to the entry `last`; None is none.

    `resting` names the intent of each order that rests, in any book.
    """

    account: AccountFold
    books: Books
    venue: Venue
    last: Stored | None = None
    resting: dict[ClientOrderId, IntentId] = field(default_factory=dict)

    @property
    def seq(self) -> int:
        """How many entries were taken in."""
        return self.last.seq if self.last else 0

    def follow(self, entries: Iterable[Stored]) -> None:
        """Take in the entries that come next; where to stop makes no difference."""
        for stored in entries:
            event = stored.event
            self.account.fold(event)
            if isinstance(event, VenueMemory):
                self.venue.restore((event,))
            self.books.fold(event)
            match event:
                case StopArmed() | TrailingSet():
                    self.resting[event.order_id] = event.intent_id
                case OrderEnded(reason=reason) if reason in MAY_REST:
                    pass  # it is swept, and its end is still to be told
                case OrderEnded() | Filled():
                    self.resting.pop(event.order_id, None)
                case _:
                    pass
            self.last = stored

    def begin(self) -> None:
        """Note what the past has left open, now that all of it was read."""
        self.account.ledger.begin()
        for book in self.books:
            book.follow_open()

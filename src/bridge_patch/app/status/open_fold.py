"""What each open position has behind it: a fold of the journal, beside that of `status`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.app.status.fold import KINDS, StatusFold
from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FundingPaid,
    Judged,
    PositionVouched,
    Sending,
)
from bridge_patch.domain.harvest import POLICY_FALLBACK, HarvestPolicy
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.services.ports import Stored

#: What this fold looks at; the rest need not be read.
OPEN_KINDS: Final = KINDS


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What an open position has cost and brought since it was opened, in USD.

    `realised_usd` is of the parts that were closed; `funding_usd` is positive where it was
    received. `policy` is that of the newest entry.
    """

    policy: HarvestPolicy
    realised_usd: Decimal = ZERO
    fees_usd: Decimal = ZERO
    funding_usd: Decimal = ZERO


@final
@dataclass(slots=True)
class OpenFold:
    """Follows what is open in every book, with its costs, prices and gaps in protection."""

    status: StatusFold = field(default_factory=StatusFold)
    behind: dict[tuple[Book, Symbol], Behind] = field(default_factory=dict)
    naked_since: dict[tuple[Book, Symbol], UnixMs] = field(default_factory=dict)
    priced_ms: dict[tuple[Book, Symbol], UnixMs] = field(default_factory=dict)
    #: Who made a position ours that somebody else had opened, by its intent.
    adopted_by: dict[IntentId, str] = field(default_factory=dict)
    _policies: dict[IntentId, HarvestPolicy] = field(default_factory=dict)

    def apply(self, stored: Stored) -> None:
        """Fold one entry."""
        event = stored.event
        before = self._open(event)
        self.status.apply(stored)
        match event:
            case Judged(harvest_policy=HarvestPolicy() as policy):
                self._policies[event.intent_id] = policy
                self._priced(event)
            case PositionVouched(harvest_policy=HarvestPolicy() as policy):
                self._policies[event.intent_id] = policy
                self.adopted_by[event.intent_id] = event.who
            case Judged():
                self._priced(event)
            case Sending(harvest_policy=HarvestPolicy() as policy):
                self._policies[event.intent_id] = policy
            case Filled():
                self._filled(event, is_new=not before)
            case FundingPaid():
                self._paid(event)
            case _:
                pass
        self._watch(event)

    def _open(self, event: Event) -> bool:
        if not isinstance(event, Filled):
            return False
        return event.symbol in self.status.book(event.book).holdings.positions

    def _priced(self, judged: Judged) -> None:
        if judged.case is not None and judged.case.mark.value is not None:
            for book in self.status.books:
                self.priced_ms[book, judged.symbol] = judged.at_ms

    def _filled(self, fill: Filled, *, is_new: bool) -> None:
        key = fill.book, fill.symbol
        self.priced_ms[key] = fill.at_ms
        if fill.symbol not in self.status.book(fill.book).holdings.positions:
            self.behind.pop(key, None)
            return
        known = None if is_new else self.behind.get(key)
        policy = self._policies.get(fill.intent_id)
        behind = known or Behind(policy=policy or POLICY_FALLBACK)
        self.behind[key] = replace(
            behind,
            realised_usd=behind.realised_usd + fill.realised_usd,
            fees_usd=behind.fees_usd + fill.fee_usd,
        )

    def _paid(self, paid: FundingPaid) -> None:
        behind = self.behind.get((paid.book, paid.symbol))
        if behind is not None:
            funding_usd = behind.funding_usd + paid.amount_usd
            self.behind[paid.book, paid.symbol] = replace(behind, funding_usd=funding_usd)

    def _watch(self, event: Event) -> None:
        """Note since when what an event is about has no stop."""
        symbol, book = getattr(event, "symbol", None), getattr(event, "book", None)
        if symbol is None or not isinstance(book, Book):
            return
        held = self.status.book(book).holdings
        if symbol in held.positions and held.stop_price_usd(symbol) is None:
            self.naked_since.setdefault((book, symbol), event.at_ms)
        else:
            self.naked_since.pop((book, symbol), None)

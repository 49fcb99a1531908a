"""What the services need from the world; adapters promise to keep it.

Contract suites in `tests/contracts/` run the same promises against every adapter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TypeAlias, final

from bridge_patch.domain.events import (
    Event,
    FilledLate,
    Resolved,
    Sending,
    VenueEvent,
)
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, ReduceIntent, Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Tick
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.messages import (
    Delivery,
    Draft,
    LateEntry,
    PositionUpdate,
    Result,
    Settlement,
    Unreadable,
)


class Clock(Protocol):
    """The only source of the present."""

    def now_ms(self) -> UnixMs:
        """Return the current time; on a replay, data time."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A journal entry: its number from 1 without gaps, the event, and the chain's link."""

    seq: int
    run_id: str
    recorded_ms: int
    event: Event
    link: str


class Journal(Protocol):
    """An append-only record; an append that returns is durable, whole or not at all."""

    async def append(self, events: Sequence[Event]) -> None:
        """Write all of `events` in order, in one commit, or raise BrokenPromiseError."""
        ...

    async def history(self, intent_id: IntentId) -> tuple[Event, ...]:
        """Return everything written about one intent, oldest first.

        A bulk expiry is about each intent that it names.
        """
        ...

    def read(self, after_seq: int = 0) -> Iterator[Stored]:
        """Yield every entry behind `after_seq`, oldest first."""
        ...


class Inbox(Protocol):
    """The execution side of the bus: intents in, outcomes out."""

    async def read(self, count: int, wait_ms: int) -> tuple[Delivery | LateEntry, ...]:
        """Return up to `count` deliveries, own unsettled ones first; () after `wait_ms`.

        What is plainly an entry that comes too late is looked at only.
        """
        ...

    def whole(self, late: LateEntry) -> Delivery:
        """Read in full what the last `read` only looked at."""
        ...

    async def left(self) -> int:
        """Return how many messages have no end yet, those in hand among them."""
        ...

    async def settle(self, settlement: Settlement) -> None:
        """Acknowledge and publish in one transaction."""
        ...


class Told(Protocol):
    """What was published, for who cannot know whether it was."""

    async def told(self, intent_id: IntentId) -> bool:
        """Tell whether an outcome names this intent; every outcome there is is read."""
        ...


class Outbox(Protocol):
    """The proposing side of the bus."""

    async def propose(self, *drafts: Draft) -> tuple[IntentId, ...]:
        """Publish entries as trade.intents, all or none; return the ids they go by."""
        ...

    async def reduce(self, intent: ReduceIntent) -> None:
        """Publish a reduction as a trade.intent."""
        ...


class Outcomes(Protocol):
    """What a proposer reads back."""

    async def results(self, wait_ms: int) -> tuple[Result, ...]:
        """Return the outcomes published since the last call."""
        ...

    async def positions(self, wait_ms: int) -> tuple[PositionUpdate | Unreadable, ...]:
        """Return the position changes published since the last call, readable or not."""
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the venue answered to one call: a word of the order table and what happened.

    TIMED_OUT means nobody knows yet, and then `events` is empty. FILLED comes with the
    order's trades, or with those that can be had so far; the end of an order that was
    filled in part is told by its OrderEnded. A trade may be told again.
    """

    event: OrderEvent
    events: tuple[VenueEvent, ...] = ()


class Reducer(Protocol):
    """The part of a venue that can only shrink risk; all that a shadow run holds."""

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        """Send a reduction at market, or rest a close-all stop."""
        ...

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        """Cancel one resting order of ours."""
        ...

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        """Ask what became of an order; FOUND_ABSENT: it never came and never will.

        As long as a request could be under way, what is not there yet is TIMED_OUT.
        """
        ...

    def learn(self, events: Sequence[VenueEvent]) -> None:
        """Take in what was journaled of the account and is not of the venue's telling.

        A person's word about an order, or the end of a stop that is not to be seen. A
        simulated venue is what it is: nothing moves it but its own orders.
        """
        ...


class Exchange(Reducer, Protocol):
    """A venue that can also open. It takes approvals and nothing else."""

    async def prepare(self, approved: Approved, order_id: ClientOrderId) -> Report | None:
        """Set the leverage, read it back, look at all that may take its time to be read.

        Return the refusal where something does not hold; None where the order may be sent.
        """
        ...

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        """Send one market order, at once.

        The venue must not take it where it arrives later than its receive window after the
        preparation: what was looked at since then holds for as long, and no longer.
        """
        ...


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionReading:
    """A position as the venue states it; no resting stop is `stop_price_usd` None.

    `liquidation_usd` is None, or zero, where the venue does not say.
    """

    symbol: Symbol
    side: Side
    quantity_base: Decimal
    entry_price_usd: Decimal
    margin_usd: Decimal
    stop_price_usd: Decimal | None
    liquidation_usd: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReading:
    """The account as the venue states it, at one instant, in USD.

    `equity_usd` includes what is unrealised; `available_usd` is free to be posted as
    margin.
    """

    at_ms: UnixMs
    equity_usd: Decimal
    available_usd: Decimal
    positions: tuple[PositionReading, ...]


class Account(Protocol):
    """Where the venue's own view of the account comes from."""

    async def read(self) -> AccountReading | Unknown:
        """Read balances and positions together, or say why that was not possible."""
        ...


class Records(Protocol):
    """Where the venue's own records of the account come from."""

    async def records(self) -> VenueRecords | Unknown:
        """Read wallet, modes, positions and the orders of every service, or say why not.

        A part that could not be read makes the whole Unknown: nothing missing is "none".
        """
        ...


#: What a venue is restored from: what happened there, the orders that were announced, the
#: answers they got, and trades that came behind a person's word.
VenueMemory: TypeAlias = VenueEvent | Sending | Resolved | FilledLate


class Venue(Exchange, Account, Records, Protocol):
    """A whole venue: a simulated one moves with the bars it gets, others by themselves."""

    async def advance(self, tick: Tick) -> tuple[VenueEvent, ...]:
        """Return what happened since the last call, in order.

        A simulated venue matches resting orders against the new bars first.
        """
        ...

    async def begin(self) -> None:
        """Take up contact, once, before the first call; a simulated venue needs none."""
        ...

    async def close(self) -> None:
        """Let go of every connection; what rests at the venue stays there."""
        ...

    def see(self, tick: Tick) -> None:
        """Take in prices and match nothing: what these bars did is in the state already."""
        ...

    def restore(self, events: Sequence[VenueMemory]) -> None:
        """Fold journaled events into the state they left behind, and learn our orders."""
        ...


class Instruments(Protocol):
    """The venue's trading rules."""

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        """Return the rules of a listed contract, or why there are none."""
        ...

    def read_ms(self, now_ms: UnixMs) -> UnixMs:
        """Return when the rules were last read from the venue."""
        ...


class Telemetry(Protocol):
    """Lines for people. It may fail as it likes: nothing depends on it."""

    def tell(self, event: Event) -> None:
        """Show one journaled event."""
        ...

    def published(self, draft: Draft) -> None:
        """Show that an intent went out."""
        ...

    def note(self, area: str, message: str, **facts: object) -> None:
        """Show something that is not a decision."""
        ...

"""Journal against venue, at the start and ever after: what differs needs a person.

Nothing follows the venue by itself. A difference is told with both sides and closes the
account for entries; it never touches an order, and never stands in the way of reducing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, final

from bridge_patch.domain.events import Book, Event, TradingState
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.reconcile_events import (
    Difference,
    DifferenceFound,
    DifferenceGone,
    DifferenceKind,
    Subject,
    WalletCounted,
)
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.differences import OwnRecords, OwnStop, differences, is_same
from bridge_patch.services.holds import (
    FOREIGN_ORDER,
    FOREIGN_POSITION,
    SEEN_LATE,
    VENUE_DIFFERS,
    WALLET_DIFFERS,
)
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.ports import Clock, Records
from bridge_patch.services.readings import read_records
from bridge_patch.services.recorder import Recorder

#: For how long a difference must stay before it counts: a reading may lag behind what we,
#: or the venue, did a moment ago.
STAYS_MS: Final = 15_000
#: So long where the venue's lists lag by up to a minute: resting orders and money.
STAYS_LISTED_MS: Final = 75_000
#: What no list states but a setting does is so at once, and before the first entry.
_AT_ONCE: Final = frozenset(
    {DifferenceKind.HEDGE_MODE, DifferenceKind.CROSS_MARGIN, DifferenceKind.MULTI_ASSETS}
)
#: So many looks may fail in a row before entries are refused.
LOOKS_MISSED_MAX: Final = 3
_LISTED: Final = frozenset(
    {
        DifferenceKind.STOP_MISSING,
        DifferenceKind.STOP_EXTRA,
        DifferenceKind.STOP_CHANGED,
        DifferenceKind.WALLET,
    }
)
_CAUSES: Final = {
    DifferenceKind.POSITION_EXTRA: FOREIGN_POSITION,
    DifferenceKind.POSITION_SIDE: FOREIGN_POSITION,
    DifferenceKind.POSITION_MORE: FOREIGN_POSITION,
    DifferenceKind.FOREIGN_ORDER: FOREIGN_ORDER,
    DifferenceKind.WALLET: WALLET_DIFFERS,
}


@final
@dataclass(slots=True)
class Since:
    """Since when each difference is seen, without a break."""

    _seen: dict[Subject, UnixMs] = field(default_factory=dict)

    def stay(self, found: Sequence[Difference], now_ms: UnixMs) -> tuple[Difference, ...]:
        """Take in what was found now; return what is there for long enough."""
        self._seen = {d.subject: self._seen.get(d.subject, now_ms) for d in found}
        return tuple(d for d in found if now_ms - self._seen[d.subject] >= _stays_ms(d))


@final
@dataclass(slots=True, kw_only=True)
class Reconciler:
    """Looks at the venue's records every `every_ms`, and tells what differs for long.

    An order in doubt explains what differs on its symbol. A shadow run is told, and not
    held: it opens nothing that could be.
    """

    venue: Records
    recorder: Recorder
    clock: Clock
    every_ms: int
    since: Since = field(default_factory=Since)
    _looked_ms: UnixMs | None = None
    _read_ms: UnixMs | None = None
    _lost: str = "the venue's records have not been read"
    _alarmed: bool = False

    @property
    def binds(self) -> bool:
        """Tell whether what it finds closes anything: a shadow run opens nothing there."""
        return self.recorder.gauge.book is Book.ACCOUNT

    def due(self) -> bool:
        """Tell whether it is time for another look."""
        looked_ms = self._looked_ms
        return looked_ms is None or self.clock.now_ms() - looked_ms >= self.every_ms

    def unread(self) -> Unknown | None:
        """Return why the records are not known any more; None while they are."""
        if self._read_ms is not None:
            age_ms = self.clock.now_ms() - self._read_ms
            if age_ms <= LOOKS_MISSED_MAX * self.every_ms:
                return None
        return Unknown(f"the venue's records: {self._lost}")

    async def look(self) -> None:
        """Compare once, if it is time; what it came to is durable when it returns."""
        if not self.due():
            return
        now_ms = self._looked_ms = self.clock.now_ms()
        read = await read_records(self.venue)
        if isinstance(read, VenueRecords):
            age_ms = self.clock.now_ms() - read.at_ms
            if abs(age_ms) <= LOOKS_MISSED_MAX * self.every_ms:
                await self._compare(read, now_ms)
                return
            read = Unknown(f"they are {age_ms} ms old")
        self._lost = read.why
        if self.unread() is not None and not self._alarmed:
            self._alarmed = True
            self._note("the venue's records cannot be read: no entries", why=read.why)

    async def _compare(self, read: VenueRecords, now_ms: UnixMs) -> None:
        recorder = self.recorder
        self._read_ms = now_ms
        if self._alarmed:
            self._alarmed = False
            self._note("the venue's records are read again")
        counted = self._counted(read, now_ms)
        if counted is not None:
            await recorder.write(counted)
        own = own_records(recorder)
        found = differences(own, read)
        stayed = self.since.stay(found, now_ms)
        news = tuple(d for d in stayed if self._is_news(d, now_ms))
        events: list[Event] = [DifferenceFound(at_ms=now_ms, difference=d) for d in news]
        events += self._gone(own, found, now_ms)
        if events:
            await recorder.write(*events)
        if self.binds:
            await self._hold(stayed, news, now_ms)

    async def _hold(
        self, stayed: Sequence[Difference], news: Sequence[Difference], now_ms: UnixMs
    ) -> None:
        """Close the account for entries, each cause by itself; it waits for a person."""
        for cause in dict.fromkeys(map(self._cause_of, stayed)):
            holds = self.recorder.gauge.holds
            about = [d for d in stayed if self._cause_of(d) == cause]
            if cause in holds and not any(d in news for d in about):
                continue
            more = f"; and {len(about) - 1} more" if about[1:] else ""
            why = f"{about[0].said}{self._ended(about[0])}{more}"
            latch = holds.latch(TradingState.REDUCING, cause, why, now_ms)
            await self.recorder.write(latch)

    def _cause_of(self, difference: Difference) -> str:
        return SEEN_LATE if self._ended(difference) else cause_of(difference)

    def _ended(self, difference: Difference) -> str:
        """Return which order this is, where it was to have never come; else ""."""
        order_id = difference.order_id
        if order_id is None:
            return ""
        ended = self.recorder.ledger.endings.orders.get(order_id)
        if ended is None or not ended.never_came:
            return ""
        return f"; {order_id}, although {ended.ending}"

    def _counted(self, read: VenueRecords, now_ms: UnixMs) -> WalletCounted | None:
        """Return the wallet's first count; not while a trade of ours may be unknown."""
        reckoning, in_doubt = self.recorder.reckoning, self.recorder.ledger.in_doubt
        if reckoning.wallet_usd is not None or in_doubt:
            return None
        return WalletCounted(
            at_ms=now_ms,
            wallet_usd=read.wallet_usd,
            opening_usd=read.wallet_usd - reckoning.cash_usd,
        )

    def _is_news(self, difference: Difference, now_ms: UnixMs) -> bool:
        """Tell whether to tell it: it is new, or not as it was told some time ago."""
        told = self.recorder.reckoning.standing.get(difference.subject)
        if told is None:
            return True
        lately = now_ms - told.at_ms < _stays_ms(difference)
        return not lately and not is_same(told.difference, difference)

    def _gone(
        self, own: OwnRecords, found: Sequence[Difference], now_ms: UnixMs
    ) -> Iterator[DifferenceGone]:
        """Yield what is there no more; of what is in doubt now nobody can say so."""
        subjects = {difference.subject for difference in found}
        for subject, told in self.recorder.reckoning.standing.items():
            unsure = told.difference.symbol in own.doubted or (
                told.difference.kind is DifferenceKind.WALLET and own.wallet_usd is None
            )
            if subject not in subjects and not unsure:
                yield DifferenceGone(at_ms=now_ms, difference=told.difference)

    def _note(self, message: str, **facts: object) -> None:
        self.recorder.telemetry.note("RECONCILE", message, **facts)


def cause_of(difference: Difference) -> str:
    """Return under which cause a difference holds the account."""
    return _CAUSES.get(difference.kind, VENUE_DIFFERS)


def own_records(recorder: Recorder) -> OwnRecords:
    """Return what the journal says the venue must state."""
    ledger, reckoning = recorder.ledger, recorder.reckoning
    doubted = frozenset(doubt.order.symbol for doubt in ledger.in_doubt.values())
    return OwnRecords(
        positions=ledger.positions,
        stops=tuple(_own_stops(ledger)),
        leverages=reckoning.leverages,
        doubted=doubted,
        wallet_usd=None if doubted else reckoning.wallet_usd,
    )


def _own_stops(ledger: Ledger) -> Iterator[OwnStop]:
    for symbol, plan in ledger.plans.items():
        for stop in (*plan.stops, *plan.orphans):
            yield OwnStop(
                symbol=symbol,
                order_id=stop.order_id,
                side=stop.side,
                price_usd=stop.price_usd,
                quantity_base=stop.quantity_base,
            )


def _stays_ms(difference: Difference) -> int:
    if difference.kind in _AT_ONCE:
        return 0
    return STAYS_LISTED_MS if difference.kind in _LISTED else STAYS_MS

"""What comes of an order that a word had ended: none of it is lost, none counts twice."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FilledLate,
    OrderEnded,
    StopArmed,
    TradingState,
)
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.reconcile_events import uncounted
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.endings import Ended
from bridge_patch.services.holds import FILLED_LATE, SEEN_LATE
from bridge_patch.services.recorder import Recorder


def told_late(
    recorder: Recorder, events: Sequence[VenueEvent], now_ms: UnixMs
) -> tuple[Event, ...]:
    """Return what the venue told, and what it means beside a word that ended an order.

    What was adopted is not counted again. What nobody had counted, and an order that was to
    have never come, are an incident: the account only reduces until a person has looked.
    """
    ledger = recorder.ledger
    if not ledger.endings.orders:  # as almost ever
        return tuple(events)
    known = {
        name: one
        for name, one in ledger.endings.orders.items()
        if name not in ledger.in_doubt
    }
    telling = _Telling(known, now_ms)
    told = tuple(late for event in events for late in telling.of(event))
    gauge = recorder.gauge
    if not telling.surprises or gauge.book is not Book.ACCOUNT:
        return told
    cause, why = min(telling.surprises, key=lambda one: one[0] is not FILLED_LATE)
    others = len(telling.surprises) - 1
    more = f"; and {others} more" if others else ""
    latch = gauge.holds.latch(TradingState.REDUCING, cause, why + more, now_ms)
    return (*told, latch)


@final
@dataclass(slots=True)
class _Telling:
    """One telling of the venue; `surprises` are the causes and what there is to say."""

    known: dict[ClientOrderId, Ended]
    now_ms: UnixMs
    surprises: list[tuple[str, str]] = field(default_factory=list)

    def of(self, event: VenueEvent) -> Iterator[Event]:
        """Yield an event, and what it means."""
        ended = None
        if (
            isinstance(event, Filled | StopArmed | OrderEnded)
            and event.book is Book.ACCOUNT
        ):
            ended = self.known.get(event.order_id)
        if ended is None:
            yield event
        elif isinstance(event, Filled):
            yield from self._traded(event, ended)
        else:
            yield event
            if ended.never_came and isinstance(event, StopArmed | OrderEnded):
                self._surprise(event, SEEN_LATE, "is there after all", ended)
                del self.known[event.order_id]

    def _traded(self, fill: Filled, ended: Ended) -> Iterator[Event]:
        if fill.trade_id in ended.told:
            return
        counted_base = min(fill.quantity_base, ended.counted_base)
        late = _late(fill, counted_base, self.now_ms)
        yield late
        if counted_base < fill.quantity_base:
            self._surprise(fill, FILLED_LATE, "traded", ended)
            yield uncounted(fill, counted_base)
        if ended.never_came:  # it is in doubt again: all else is as ever
            del self.known[fill.order_id]
        else:
            self.known[fill.order_id] = ended.after(late)

    def _surprise(
        self, event: Filled | StopArmed | OrderEnded, cause: str, what: str, ended: Ended
    ) -> None:
        why = f"{event.order_id} on {event.symbol} {what} although {ended.ending}"
        self.surprises.append((cause, why))


def _late(fill: Filled, counted_base: Decimal, now_ms: UnixMs) -> FilledLate:
    return FilledLate(
        at_ms=now_ms,
        symbol=fill.symbol,
        order_id=fill.order_id,
        intent_id=fill.intent_id,
        trade_id=fill.trade_id,
        quantity_base=fill.quantity_base,
        price_usd=fill.price_usd,
        fee_usd=fill.fee_usd,
        counted_base=counted_base,
    )

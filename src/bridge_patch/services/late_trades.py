"""Trades of an order that a person's word had ended: none is lost, none counts twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from bridge_patch.domain.events import Book, Event, Filled, FilledLate, TradingState
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.reconcile_events import Word, uncounted
from bridge_patch.domain.venue_events import VenueEvent
from bridge_patch.services.doubt import Vouched
from bridge_patch.services.holds import FILLED_LATE
from bridge_patch.services.recorder import Recorder


def told_late(
    recorder: Recorder, events: Sequence[VenueEvent], now_ms: UnixMs
) -> tuple[Event, ...]:
    """Return what the venue told, and what it means beside a person's word.

    What was adopted is not counted again. What nobody had counted is an incident: the
    account only reduces until a person has looked.
    """
    if not recorder.ledger.vouched:  # as almost ever
        return tuple(events)
    told = tuple(_told(recorder, events, now_ms))
    late = [e for e in told if isinstance(e, FilledLate)]
    surprising = [e for e in late if e.counted_base < e.quantity_base]
    gauge = recorder.gauge
    if not surprising or gauge.book is not Book.ACCOUNT:
        return told
    one = surprising[0]
    why = f"{one.order_id} on {one.symbol} traded after a person had ended it"
    return (*told, gauge.holds.latch(TradingState.REDUCING, FILLED_LATE, why, now_ms))


def _told(
    recorder: Recorder, events: Iterable[VenueEvent], now_ms: UnixMs
) -> Iterator[Event]:
    ledger = recorder.ledger
    known: dict[ClientOrderId, Vouched] = {
        name: one for name, one in ledger.vouched.items() if name not in ledger.in_doubt
    }
    for event in events:
        if not isinstance(event, Filled) or event.book is not Book.ACCOUNT:
            yield event
            continue
        vouched = known.get(event.order_id)
        if vouched is None:
            yield event
        elif event.trade_id not in vouched.told:
            counted_base = min(event.quantity_base, vouched.counted_base)
            late = _late(event, counted_base, now_ms)
            yield late
            if counted_base < event.quantity_base:
                yield uncounted(event, counted_base)
            if vouched.word is Word.CLOSED:  # it is in doubt again: all else is as ever
                del known[event.order_id]
            else:
                known[event.order_id] = vouched.after(late)


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

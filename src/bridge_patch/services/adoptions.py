"""A person's word that a position which we never opened is ours from now on.

Nothing is adopted by itself. The numbers are the venue's own of that moment; from there on
the position has a stop, a policy and a longest hold like any other, counted from then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import Book, Event, Filled, FillKind, PositionVouched
from bridge_patch.domain.harvest import POLICIES, POLICY_FALLBACK
from bridge_patch.domain.instrument import Instrument, liquidation_distance
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs, Unknown
from bridge_patch.domain.money import HUNDRED, ZERO
from bridge_patch.domain.order import Leg, client_order_id
from bridge_patch.domain.reconcile_events import ADOPTED, Word
from bridge_patch.domain.venue_records import PositionRecord, VenueRecords
from bridge_patch.policy.sizing import STOP_FRACTION
from bridge_patch.services.market import MarketView
from bridge_patch.services.messages import Command
from bridge_patch.services.ports import Clock, Instruments, Venue
from bridge_patch.services.readings import read_records
from bridge_patch.services.recorder import Recorder

_PERCENT: Final = Decimal("0.1")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Adoptions:
    """Makes a foreign position ours, or says why it cannot be.

    `instruments` are those of this run: what it does not follow, it could not harvest.
    """

    venue: Venue
    recorder: Recorder
    clock: Clock
    instruments: Instruments
    market: MarketView

    async def heed(self, command: Command) -> None:
        """Adopt the position that is named; the answer is durable when this returns."""
        symbol = command.symbol
        if symbol is None:
            return
        why_not = self._unready(symbol)
        if why_not:
            await self._refuse(command, symbol, why_not)
            return
        read = await read_records(self.venue)
        if isinstance(read, Unknown):
            await self._refuse(command, symbol, f"the venue's records: {read.why}")
            return
        found = [record for record in read.positions if record.symbol == symbol]
        why_not = self._unready(symbol) or self._unfit(symbol, read, found)
        if why_not:
            await self._refuse(command, symbol, why_not)
            return
        said, fill = self._adopted(command, found[0])
        await self.recorder.write(said, fill)
        self.venue.learn((fill,))

    def _unready(self, symbol: Symbol) -> str:
        """Return why we cannot take a position on a symbol, whatever the venue holds."""
        ledger = self.recorder.ledger
        doubt = next(
            (d for d in ledger.in_doubt.values() if d.order.symbol == symbol), None
        )
        if doubt is not None:
            return f"the fate of {doubt.order.order_id} is open there: what it did is ours"
        instrument = self.instruments.find(symbol)
        if isinstance(instrument, Unknown):
            return instrument.why
        ours = ledger.positions.get(symbol)
        if ours is not None:
            held = f"{ours.side} {ours.quantity_base}"
            return f"{held} on {symbol} is ours already; what is beyond it we leave alone"
        mark = self.market.mark(symbol)
        return mark.why if isinstance(mark, Unknown) else ""

    def _unfit(
        self, symbol: Symbol, read: VenueRecords, found: Sequence[PositionRecord]
    ) -> str:
        """Return why what the venue states could not be protected; "" where it can."""
        if not read.one_way or len(found) > 1:
            return "the account is in hedge mode: set one-way mode first"
        if not found:
            return f"the venue states no position on {symbol}"
        (stated,) = found
        if not stated.isolated:
            return "it is in cross margin: set isolated margin first"
        return self._unprotected(stated)

    def _unprotected(self, stated: PositionRecord) -> str:
        """Return why the stop it would get protects nothing; "" where it does."""
        instrument, mark = (
            self.instruments.find(stated.symbol),
            self.market.mark(stated.symbol),
        )
        if not isinstance(instrument, Instrument) or isinstance(mark, Unknown):
            return "nothing is known of the symbol any more"
        entry_usd = stated.entry_price_usd
        tier = instrument.bracket_at(stated.quantity_base * entry_usd)
        distance = liquidation_distance(stated.side, Decimal(stated.leverage), tier.mmr)
        if distance <= STOP_FRACTION:
            return (
                f"at {stated.leverage}x it is liquidated {_percent(distance)} from its"
                f" entry, and its stop would stand at {_percent(STOP_FRACTION)}: lower the"
                " leverage first"
            )
        lost = stated.side.sign * (entry_usd - mark.value) / entry_usd
        if lost >= STOP_FRACTION:
            return (
                f"it has lost {_percent(lost)} and its stop stands at"
                f" {_percent(STOP_FRACTION)}: it would be closed at once"
            )
        return ""

    def _adopted(self, command: Command, stated: PositionRecord) -> tuple[Event, Filled]:
        """Return the word, and the fill by which the position begins."""
        now_ms, symbol = self.clock.now_ms(), stated.symbol
        intent_id = IntentId(f"{ADOPTED}-{symbol}-{now_ms}")
        mark, sign = self.market.mark(symbol), stated.side.sign
        price_usd = stated.entry_price_usd if isinstance(mark, Unknown) else mark.value
        gain_usd = sign * stated.quantity_base * (price_usd - stated.entry_price_usd)
        said = PositionVouched(
            at_ms=now_ms,
            symbol=symbol,
            word=Word.ADOPTED,
            who=command.who,
            why=command.why,
            command_id=command.id,
            intent_id=intent_id,
            side=stated.side,
            quantity_base=stated.quantity_base,
            entry_price_usd=stated.entry_price_usd,
            leverage=stated.leverage,
            gain_usd=gain_usd,
            harvest_policy=POLICIES[command.policy] if command.policy else POLICY_FALLBACK,
        )
        return said, _fill(stated, intent_id, now_ms)

    async def _refuse(self, command: Command, symbol: Symbol, why_not: str) -> None:
        said = PositionVouched(
            at_ms=self.clock.now_ms(),
            symbol=symbol,
            word=Word.REFUSED,
            who=command.who,
            why=command.why,
            command_id=command.id,
            intent_id=IntentId(""),
            detail=why_not,
        )
        await self.recorder.write(said)


def _fill(stated: PositionRecord, intent_id: IntentId, now_ms: UnixMs) -> Filled:
    """Return all of a position as one trade that cost us nothing: others paid for it."""
    order_id = client_order_id(intent_id, Leg.ENTRY)
    notional_usd = stated.quantity_base * stated.entry_price_usd
    return Filled(
        book=Book.ACCOUNT,
        at_ms=now_ms,
        symbol=stated.symbol,
        side=stated.side,
        kind=FillKind.ENTRY,
        quantity_base=stated.quantity_base,
        price_usd=stated.entry_price_usd,
        fee_usd=ZERO,
        realised_usd=ZERO,
        margin_usd=notional_usd / stated.leverage,
        order_id=order_id,
        trade_id=f"{ADOPTED}-{order_id}",
        intent_id=intent_id,
    )


def _percent(fraction: Decimal) -> str:
    return f"{(fraction * HUNDRED).quantize(_PERCENT):f} %"

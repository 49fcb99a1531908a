"""A person's word about an order of which nobody knows: adopted, or closed.

It counts only while the order is UNKNOWN, it is journaled with who and why, and it goes the
way that the venue's own answer would go.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    Filled,
    FillKind,
    OrderEnded,
    OrderVouched,
    Resolved,
    Sending,
)
from bridge_patch.domain.intent import IntentId
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import Leg, OrderEvent, OrderState
from bridge_patch.domain.position import gain_usd
from bridge_patch.domain.reconcile_events import ADOPTED, Word
from bridge_patch.services.doubt import Doubt
from bridge_patch.services.hearing import Hearing
from bridge_patch.services.messages import Command, Wish
from bridge_patch.services.named_order import NamedOrder

_KINDS: Final = {
    Leg.ENTRY: FillKind.ENTRY,
    Leg.STOP: FillKind.STOP,
    Leg.REDUCE: FillKind.REDUCE,
    Leg.FLATTEN: FillKind.REDUCE,
}


@final
@dataclass(frozen=True, slots=True)
class Unknowns:
    """Carries out a person's word about one order in doubt."""

    hearing: Hearing

    async def heed(self, command: Command) -> None:
        """Adopt or close the order that is named; a word that cannot count is refused.

        The answer is durable when this returns, with whatever follows from it.
        """
        named = command.named
        if named is None:
            return
        doubt = self.hearing.recorder.ledger.in_doubt.get(named.order_id)
        if doubt is None:
            await self._refuse(command, named, None, "no order in doubt has this id")
        elif doubt.state is not OrderState.UNKNOWN:
            why_not = f"it is {doubt.state}: a word counts while an order is UNKNOWN"
            await self._refuse(command, named, doubt, why_not)
        elif command.wish is Wish.CLOSE:
            await self._close(command, named, doubt)
        elif named.quantity_base is None:
            await self._ask(command, named, doubt)
        else:
            await self._adopt(command, named, doubt)

    async def _close(self, command: Command, named: NamedOrder, doubt: Doubt) -> None:
        """End an order as one that never came; what was reserved for it is free."""
        if doubt.trades:
            why_not = "trades of it are known: it came"
            await self._refuse(command, named, doubt, why_not)
            return
        said = self._word(command, named, doubt, Word.CLOSED)
        answer = self._answer(doubt.order, OrderEvent.FOUND_ABSENT)
        await self.hearing.recorder.write(said, answer)

    async def _ask(self, command: Command, named: NamedOrder, doubt: Doubt) -> None:
        """Adopt by what the venue tells when it is asked once more."""
        sent = await self.hearing.look_up(doubt.order)
        if sent.event is not OrderEvent.FILLED:
            ended = doubt.order.order_id not in self.hearing.recorder.ledger.in_doubt
            why_not = "the venue does not tell its trades: state quantity and price"
            if ended:
                why_not = f"asked once more, the venue has ended it: {sent.event}"
            await self._refuse(command, named, doubt, why_not)
            return
        detail = "as the venue told it when asked"
        said = self._word(command, named, doubt, Word.ADOPTED, detail)
        await self.hearing.recorder.write(said)

    async def _adopt(self, command: Command, named: NamedOrder, doubt: Doubt) -> None:
        """End an order as filled, by a trade that a person states."""
        order, missing_base = doubt.order, (named.quantity_base or ZERO) - doubt.filled_base
        why_not = self._unfit(doubt, missing_base, named.quantity_base or ZERO)
        if why_not:
            await self._refuse(command, named, doubt, why_not)
            return
        said = self._word(command, named, doubt, Word.ADOPTED, "as a person stated it")
        fill = self._fill(order, named, missing_base)
        part = named.quantity_base != order.quantity_base
        rest = (self._ended(order),) if part else ()
        answer = self._answer(order, OrderEvent.FILLED)
        await self.hearing.recorder.write(said, fill, *rest, answer)
        self.hearing.venue.learn((fill, *rest))

    def _unfit(self, doubt: Doubt, missing_base: Decimal, stated_base: Decimal) -> str:
        """Return why an order cannot have filled like that; "" where it can."""
        order = doubt.order
        position = self.hearing.recorder.ledger.positions.get(order.symbol)
        if stated_base > order.quantity_base:
            return f"it was for {order.quantity_base} only"
        if missing_base <= 0:
            return f"{doubt.filled_base} of it are known to be filled already"
        against = position is not None and position.side is not order.side
        if order.leg is Leg.ENTRY:
            return "a position on the other side is open" if against else ""
        if position is None or not against:
            return "there is no position that it could have reduced"
        if missing_base > position.quantity_base:
            return f"the position is {position.quantity_base} only"
        return ""

    def _fill(self, order: Sending, named: NamedOrder, base: Decimal) -> Filled:
        price_usd = named.price_usd or ZERO
        position = self.hearing.recorder.ledger.positions.get(order.symbol)
        margin_usd, realised_usd = ZERO, ZERO
        if order.leg is Leg.ENTRY:
            margin_usd = base * price_usd / (order.leverage or 1)
        elif position is not None:
            margin_usd = -position.margin_usd * base / position.quantity_base
            realised_usd = gain_usd(position, base, price_usd)
        return Filled(
            book=Book.ACCOUNT,
            at_ms=self.hearing.clock.now_ms(),
            symbol=order.symbol,
            side=order.side,
            kind=_KINDS[order.leg],
            quantity_base=base,
            price_usd=price_usd,
            fee_usd=named.fee_usd or ZERO,
            realised_usd=realised_usd,
            margin_usd=margin_usd,
            order_id=order.order_id,
            trade_id=f"{ADOPTED}-{order.order_id}",
            intent_id=order.intent_id,
        )

    def _ended(self, order: Sending) -> OrderEnded:
        return OrderEnded(
            book=Book.ACCOUNT,
            at_ms=self.hearing.clock.now_ms(),
            symbol=order.symbol,
            order_id=order.order_id,
            reason=ADOPTED,
        )

    def _answer(self, order: Sending, event: OrderEvent) -> Resolved:
        return Resolved(
            at_ms=self.hearing.clock.now_ms(),
            intent_id=order.intent_id,
            order_id=order.order_id,
            leg=order.leg,
            event=event,
        )

    async def _refuse(
        self, command: Command, named: NamedOrder, doubt: Doubt | None, why_not: str
    ) -> None:
        said = self._word(command, named, doubt, Word.REFUSED, why_not)
        await self.hearing.recorder.write(said)

    def _word(
        self,
        command: Command,
        named: NamedOrder,
        doubt: Doubt | None,
        word: Word,
        detail: str = "",
    ) -> OrderVouched:
        adopted = word is Word.ADOPTED
        return OrderVouched(
            at_ms=self.hearing.clock.now_ms(),
            order_id=named.order_id,
            intent_id=doubt.order.intent_id if doubt else IntentId(""),
            symbol=doubt.order.symbol if doubt else None,
            word=word,
            who=command.who,
            why=command.why,
            command_id=command.id,
            detail=detail,
            quantity_base=named.quantity_base if adopted else None,
            price_usd=named.price_usd if adopted else None,
        )

"""A venue that is listened to, and whose troubles are ordered one by one."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import Enum, auto

from bridge_patch.domain.events import Book, OrderRefused
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, OrderEvent
from bridge_patch.governor.judge import Approved, ApprovedReduction
from bridge_patch.services.ports import Report
from tests.simulation.through import Through


class Trouble(Enum):
    """What goes wrong with one call."""

    REQUEST_LOST = auto()
    REPLY_LOST = auto()
    RAISES = auto()
    REFUSED = auto()


@dataclass(frozen=True)
class Call:
    """One call as the venue got it; `asked` is None where only an id was given."""

    name: str
    order_id: ClientOrderId
    asked: Approved | ApprovedReduction | None = None

    @property
    def kind(self) -> str:
        """The call's name, and for a reduction which of the two it was."""
        if isinstance(self.asked, ApprovedReduction) and self.asked.stop_at is not None:
            return "stop"
        return self.name


@dataclass
class Tap(Through):
    """Writes down every call; `troubles[kind]` says what happens to the next of a kind."""

    calls: list[Call] = field(default_factory=list)
    troubles: defaultdict[str, deque[Trouble]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    untold: dict[ClientOrderId, Report] = field(default_factory=dict)

    def trouble(self, kind: str, *troubles: Trouble) -> None:
        """Order troubles for the next calls of this kind."""
        self.troubles[kind].extend(troubles)

    def kinds(self) -> list[str]:
        """Every call so far, by its kind."""
        return [call.kind for call in self.calls]

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        return await self._called(Call("place", order_id, approved), approved.symbol)

    async def reduce(self, approved: ApprovedReduction, order_id: ClientOrderId) -> Report:
        return await self._called(Call("reduce", order_id, approved), approved.symbol)

    async def cancel(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        return await self._called(Call("cancel", order_id), symbol)

    async def find(self, symbol: Symbol, order_id: ClientOrderId) -> Report:
        found = await self._called(Call("find", order_id), symbol)
        if found.event is OrderEvent.TIMED_OUT:
            return found
        late = self.untold.pop(order_id, None)
        return found if late is None else Report(event=found.event, events=late.events)

    async def _called(self, call: Call, symbol: Symbol) -> Report:
        self.calls.append(call)
        ordered = self.troubles[call.kind]
        trouble = ordered.popleft() if ordered else None
        if trouble is Trouble.REQUEST_LOST:
            return Report(event=OrderEvent.TIMED_OUT)
        if trouble is Trouble.REFUSED:
            return Report(event=OrderEvent.REJECTED, events=(refusal(symbol, call),))
        report = await self._passed_on(call, symbol)
        if trouble is None:
            return report
        if call.name != "find":  # a question that gets lost has nothing to tell later
            self.untold[call.order_id] = report
        if trouble is Trouble.RAISES:
            raise ConnectionResetError
        return Report(event=OrderEvent.TIMED_OUT)

    async def _passed_on(self, call: Call, symbol: Symbol) -> Report:
        match call.asked:
            case Approved() as entry:
                return await self.inner.place(entry, call.order_id)
            case ApprovedReduction() as reduction:
                return await self.inner.reduce(reduction, call.order_id)
            case None if call.name == "cancel":
                return await self.inner.cancel(symbol, call.order_id)
            case None:
                return await self.inner.find(symbol, call.order_id)


def refusal(symbol: Symbol, call: Call) -> OrderRefused:
    """A venue's no: here to a stop that the price has passed already."""
    return OrderRefused(
        book=Book.ACCOUNT,
        at_ms=UnixMs(0),
        symbol=symbol,
        order_id=call.order_id,
        code="-2021",
        message="Order would immediately trigger.",
    )

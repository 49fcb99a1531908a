"""The position an entry opened, or that a reduction was about: a fold of fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from bridge_patch.app.why.answer import Held, Trade
from bridge_patch.domain.early_exits import EarlyExits
from bridge_patch.domain.events import Filled, FillKind, Sending
from bridge_patch.domain.intent import IntentId
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.position import Position


@dataclass(frozen=True, slots=True)
class _Step:
    """A fill, and the position before and after it; None is flat."""

    fill: Filled
    before: Position | None
    after: Position | None

    @property
    def before_base(self) -> Decimal:
        return self.before.quantity_base if self.before else ZERO

    @property
    def left_base(self) -> Decimal:
        return self.after.quantity_base if self.after else ZERO


_Steps: TypeAlias = Sequence[_Step]


def opened_by(
    intent_id: IntentId, fills: Iterable[Filled], sent: Iterable[Sending] = ()
) -> Held | None:
    """Return the position this entry opened, with everything taken off it so far."""
    for steps in _episodes(fills, sent):
        entries = [s for s in steps if s.fill.kind is FillKind.ENTRY]
        if any(step.fill.intent_id == intent_id for step in entries):
            exits = [s for s in steps if s.fill.kind is not FillKind.ENTRY]
            paid = sum((step.fill.fee_usd for step in entries), ZERO)
            return _held(steps, exits, paid)
    return None


def reduced_by(
    intent_id: IntentId, fills: Iterable[Filled], sent: Iterable[Sending] = ()
) -> Held | None:
    """Return the position this reduction took something off, and only what it took."""
    for steps in _episodes(fills, sent):
        own = [
            step
            for step in steps
            if step.fill.kind is not FillKind.ENTRY and step.fill.intent_id == intent_id
        ]
        if own:
            return _held(steps, own, ZERO)
    return None


def _episodes(fills: Iterable[Filled], sent: Iterable[Sending]) -> Iterator[_Steps]:
    """Yield the fills of one position after another; the last one may still be open."""
    steps: list[_Step] = []
    position: Position | None = None
    early = EarlyExits()
    for order in sent:
        early.sent(order)
    for told in fills:
        for fill, after in early.fold(position, told):
            steps.append(_Step(fill, position, after))
            position = after
            if position is None:
                yield steps
                steps = []
    if steps:
        yield steps


def _held(steps: _Steps, taken: _Steps, entry_fees_usd: Decimal) -> Held:
    opened = next(s.after for s in reversed(steps) if s.after and _opens(s))
    trades = tuple(_trade(step.fill) for step in taken)
    whole = steps[-1].left_base
    return Held(
        opened_by=steps[0].fill.intent_id,
        opened_ms=opened.opened_ms,
        side=opened.side,
        entry_price_usd=opened.entry_price_usd,
        before_base=taken[0].before_base if taken else whole,
        left_base=taken[-1].left_base if taken else whole,
        trades=trades,
        realised_usd=sum((trade.realised_usd for trade in trades), ZERO),
        fees_usd=sum((trade.fee_usd for trade in trades), entry_fees_usd),
    )


def _opens(step: _Step) -> bool:
    return step.before is None or step.fill.kind is FillKind.ENTRY


def _trade(fill: Filled) -> Trade:
    return Trade(
        at_ms=fill.at_ms,
        kind=fill.kind,
        quantity_base=fill.quantity_base,
        price_usd=fill.price_usd,
        realised_usd=fill.realised_usd,
        fee_usd=fill.fee_usd,
        intent_id=fill.intent_id,
    )

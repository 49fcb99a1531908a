"""What was said of each position, so that a change is stated and a standstill is not."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal
from typing import final

from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.money import ZERO
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.messages import PositionUpdate
from bridge_patch.services.plans import Plan, View


@final
@dataclass(slots=True)
class Statements:
    """Remembers the last statement about each symbol of this run.

    After a restart it remembers nothing, so that every symbol ever held is stated again,
    open or flat: what a crash kept from being published is not lost. `exit_fraction` is
    what closing at market costs, as the Governor reckons: fee and expected slippage.
    """

    exit_fraction: Decimal = ZERO
    _stated: dict[Symbol, View] = field(default_factory=dict)

    def due(
        self, ledger: Ledger, at_ms: UnixMs, *, asked: Collection[Symbol] = ()
    ) -> tuple[PositionUpdate, ...]:
        """Return what changed since it was last stated, and the symbols in `asked`."""
        updates = []
        for symbol in ledger.symbols():
            view = ledger.view(symbol)
            if symbol in asked or self._stated.get(symbol) != view:
                self._stated[symbol] = view
                updates.append(self.of(ledger, symbol, at_ms))
        return tuple(updates)

    def of(self, ledger: Ledger, symbol: Symbol, at_ms: UnixMs) -> PositionUpdate:
        """State a symbol that is or was held; flat is a quantity of zero."""
        now = ledger.positions.get(symbol)
        position = now or ledger.closed[symbol]
        plan = ledger.plans.get(symbol) or Plan(IntentId(""), POLICY_FALLBACK)
        return PositionUpdate(
            at_ms=at_ms,
            symbol=symbol,
            side=position.side,
            quantity_base=now.quantity_base if now else ZERO,
            first_base=position.first_base,
            entry_price_usd=position.entry_price_usd,
            opened_ms=position.opened_ms,
            stop_price_usd=ledger.stop_price_usd(symbol),
            policy=plan.policy,
            intent_id=plan.intent_id,
            cost_usd=now.cost_usd if now else ZERO,
            exit_fraction=self.exit_fraction,
            partial_asked=plan.partial_asked,
        )

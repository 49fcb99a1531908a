"""The contracts this installation knows, with the exchange's recorded rules."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import final

from bridge_patch.adapters.instrument_facts import FACTS, Fact
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown, parse_symbol


@final
class ListedInstruments:
    """Finds a contract by its exact symbol; what is not in the table is not listed."""

    def __init__(self, facts: Mapping[str, Fact] = FACTS) -> None:
        self._listed = {
            symbol: _instrument(symbol, fact)
            for symbol, fact in ((parse_symbol(name), fact) for name, fact in facts.items())
        }

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """Every listed symbol, in the table's order."""
        return tuple(self._listed)

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        return self._listed.get(symbol) or Unknown(f"{symbol} is not a listed contract")

    def read_ms(self, now_ms: UnixMs) -> UnixMs:
        """Return the present: a simulated venue goes by this very table."""
        return now_ms


def _instrument(symbol: Symbol, fact: Fact) -> Instrument:
    return Instrument(
        symbol=symbol,
        price_tick=Decimal(fact.tick),
        quantity_step=Decimal(fact.step),
        quantity_min=Decimal(fact.quantity_min),
        quantity_max=Decimal(fact.quantity_max),
        notional_min=Decimal(fact.notional_min),
        brackets=brackets(fact.tiers),
    )


def brackets(tiers: tuple[str, ...]) -> tuple[Bracket, ...]:
    """Return the tiers with their floors and maintenance amounts.

    Each floor is the cap before it. cum_n = floor_n × (rate_n − rate_(n−1)) + cum_(n−1) is
    the exchange's own rule, which keeps the maintenance margin continuous.

    >>> [(str(b.notional_floor), str(b.cum)) for b in brackets(("9 10 0.1", "5 20 0.2"))]
    [('0', '0.0'), ('10', '1.0')]
    """
    made: list[Bracket] = []
    floor, rate, cum = Decimal(0), Decimal(0), Decimal(0)
    for tier in tiers:
        leverage, cap, mmr = tier.split()
        cum += floor * (Decimal(mmr) - rate)
        rate = Decimal(mmr)
        bracket = Bracket(
            leverage_max=int(leverage),
            notional_floor=floor,
            notional_cap=Decimal(cap),
            mmr=rate,
            cum=cum,
        )
        made.append(bracket)
        floor = bracket.notional_cap
    return tuple(made)

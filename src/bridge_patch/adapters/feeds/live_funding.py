"""Funding of a live market: what the next settlement costs, and what has settled.

The rate in force and the time of the next settlement come with every mark. How long an
interval is, and what was really charged, only the REST answers say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Funding, FundingTerms

#: Contracts that `fundingInfo` does not list settle so often: it lists the others.
INTERVAL_MS: Final = 8 * 3_600_000
#: Unchanged terms are told again after this long, so that their age says who is silent.
SAY_EVERY_MS: Final = 60_000
#: A settlement is asked for so long after its time, and again until it is there.
SETTLED_AFTER_MS: Final = 5_000
ASK_AGAIN_MS: Final = 15_000


@final
@dataclass(slots=True)
class LiveFunding:
    """What is known of each symbol's funding. Terms are told once intervals are known."""

    intervals_ms: Mapping[Symbol, int] | None = None
    _said: dict[Symbol, FundingTerms] = field(default_factory=dict)
    _new: dict[Symbol, FundingTerms] = field(default_factory=dict)
    _next_ms: dict[Symbol, UnixMs] = field(default_factory=dict)
    _awaited: dict[Symbol, UnixMs] = field(default_factory=dict)
    _ask_ms: dict[Symbol, int] = field(default_factory=dict)
    _until_ms: dict[Symbol, UnixMs] = field(default_factory=dict)
    _settled: list[Funding] = field(default_factory=list)

    def heard(
        self, symbol: Symbol, rate: Decimal, next_ms: UnixMs | None, at_ms: UnixMs
    ) -> None:
        """Take in what came with a mark; `next_ms` None is a contract without funding."""
        before_ms = self._next_ms.get(symbol)
        if next_ms is not None:
            self._next_ms[symbol] = next_ms
        if before_ms is not None and at_ms >= before_ms:
            self._awaited.setdefault(symbol, before_ms)
        if self.intervals_ms is None:
            return
        interval_ms = self.intervals_ms.get(symbol, INTERVAL_MS)
        terms = FundingTerms(
            symbol=symbol,
            rate_fraction=rate,
            interval_ms=0 if next_ms is None else interval_ms,
            at_ms=at_ms,
        )
        said = self._said.get(symbol)
        if said is None or _differ(said, terms) or at_ms - said.at_ms >= SAY_EVERY_MS:
            self._said[symbol] = self._new[symbol] = terms

    def new_terms(self) -> tuple[FundingTerms, ...]:
        """Return the terms that were not told yet."""
        new, self._new = tuple(self._new.values()), {}
        return new

    def settled_until(self, symbol: Symbol, at_ms: UnixMs) -> None:
        """Note up to when a symbol's settlements are known."""
        self._until_ms[symbol] = UnixMs(max(at_ms, self._until_ms.get(symbol, 0)))

    def awaited(self, now_ms: UnixMs) -> tuple[tuple[Symbol, UnixMs], ...]:
        """Return whose settlement is to be asked for now, and those since when."""
        asked = []
        for symbol, at_ms in self._awaited.items():
            due_ms = max(at_ms + SETTLED_AFTER_MS, self._ask_ms.get(symbol, 0))
            if now_ms >= due_ms:
                self._ask_ms[symbol] = now_ms + ASK_AGAIN_MS
                asked.append((symbol, self._until_ms.get(symbol, at_ms)))
        return tuple(asked)

    def answered(self, symbol: Symbol, settled: Sequence[Funding]) -> None:
        """Take in settlements; the awaited one is no longer once it is among them."""
        for funding in settled:
            self._settled.append(funding)
            self.settled_until(symbol, UnixMs(funding.at_ms + 1))
        if self._until_ms.get(symbol, 0) > self._awaited.get(symbol, 0):
            self._awaited.pop(symbol, None)

    def drop(self, symbol: Symbol) -> None:
        """Await nothing: the exchange says that there is nothing to be had."""
        self._awaited.pop(symbol, None)

    def settled_before(self, at_ms: UnixMs) -> tuple[Funding, ...]:
        """Return, once, what settled before then."""
        due = [funding for funding in self._settled if funding.at_ms < at_ms]
        self._settled = [funding for funding in self._settled if funding.at_ms >= at_ms]
        return tuple(due)


def _differ(one: FundingTerms, other: FundingTerms) -> bool:
    return (one.rate_fraction, one.interval_ms) != (other.rate_fraction, other.interval_ms)

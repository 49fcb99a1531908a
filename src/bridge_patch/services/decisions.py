"""A read model: each decision with its outcome, folded from the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import final

from bridge_patch.domain.events import Judged, Settled, Verdict
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.ports import Stored


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict and the outcome of the intent it was about.

    `basis` is the verdict, or the outcome itself where no verdict was written before it.
    `settled` is None where the outcome is not written yet, or where the intent was judged
    again after a restart.
    """

    run_id: str
    recorded_ms: int
    intent_id: IntentId
    basis: Judged | Settled
    settled: Settled | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which decisions are wanted; None is no restriction."""

    symbol: str | None = None
    verdict: Verdict | None = None
    code: str | None = None

    def takes(self, decision: Decision) -> bool:
        """Tell whether a decision is wanted."""
        basis = decision.basis
        return (
            (self.symbol is None or basis.symbol == self.symbol)
            and (self.verdict is None or basis.verdict is self.verdict)
            and (self.code is None or self.code in basis.codes)
        )


def decisions(entries: Iterable[Stored]) -> Iterator[Decision]:
    """Yield decisions in the order of their outcomes; those without one come last.

    Memory holds what is undecided, not the journal.
    """
    undecided: dict[IntentId, Decision] = {}
    for stored in entries:
        event = stored.event
        if isinstance(event, Judged):
            if before := undecided.pop(event.intent_id, None):
                yield before
            undecided[event.intent_id] = _begun(stored, event)
        elif isinstance(event, Settled):
            begun = undecided.pop(event.intent_id, None) or _begun(stored, event)
            yield replace(begun, settled=event)
    yield from undecided.values()


def _begun(stored: Stored, basis: Judged | Settled) -> Decision:
    return Decision(
        run_id=stored.run_id,
        recorded_ms=stored.recorded_ms,
        intent_id=basis.intent_id,
        basis=basis,
        settled=None,
    )

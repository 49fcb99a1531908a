"""Reads a journal for what it has shown: the evidence behind a promotion."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.system_clock import SystemClock
from bridge_patch.app.assembly import build_id
from bridge_patch.app.commands.journal_file import Place
from bridge_patch.app.commands.verify import verified
from bridge_patch.app.permits import market_named
from bridge_patch.app.progress import counted
from bridge_patch.app.settings import Settings
from bridge_patch.domain.errors import BridgeError
from bridge_patch.domain.events import (
    BulkExpired,
    EquityMarked,
    Event,
    Filled,
    InstrumentSeen,
    IntentReceived,
    Judged,
    LatchSet,
    ModeOrdered,
    RunStarted,
    Settled,
)
from bridge_patch.evidence.mandate import Mandate
from bridge_patch.evidence.promotion import Need, ShadowRuns, Shown, needs
from bridge_patch.evidence.replay import rejudge

SIMULATED_MARKET: Final = "live:simulator"
_KINDS: Final = frozenset(
    kind.__name__
    for kind in (
        BulkExpired,
        EquityMarked,
        Filled,
        InstrumentSeen,
        IntentReceived,
        Judged,
        LatchSet,
        ModeOrdered,
        RunStarted,
        Settled,
    )
)


@final
@dataclass(frozen=True, slots=True)
class Examined:
    """What a journal has shown, what a promotion needs of it, and what stands already."""

    shown: Shown
    needs: tuple[Need, ...]
    mandate: Mandate

    @property
    def lacking(self) -> tuple[Need, ...]:
        """Return what a promotion needs and was not found."""
        return tuple(need for need in self.needs if not need.met)


def examined(place: Place, settings: Settings) -> Examined:
    """Read a journal from its beginning: the chain, the shadow runs, the verdicts again."""
    limits = settings.limits()
    market = market_named(settings)
    runs = ShadowRuns(limits_hash=limits.digest(), market=market, build=build_id())
    mandate = Mandate()

    def wanted() -> Iterator[Event]:
        with closing(JournalSearch(place.journal)) as journal:
            for stored in journal.events(_KINDS):
                event = stored.event
                runs.apply(event)
                mandate.apply(event)
                if isinstance(event, Judged) and event.limits_hash != runs.limits_hash:
                    continue
                yield event

    again = rejudge(wanted(), limits)
    found = runs.shown()
    # A simulator's hours are its own: nothing of it can be old by our clock.
    now_ms = found.heard_ms if market == SIMULATED_MARKET else SystemClock().now_ms()
    return Examined(
        shown=found,
        needs=needs(
            found,
            hours_min=settings.shadow_min_hours,
            now_ms=now_ms,
            chain_fault=_chain_fault(place),
            mismatches=len(again.mismatches) if again.checked else None,
        ),
        mandate=mandate,
    )


def _chain_fault(place: Place) -> str | None:
    """Return what is wrong with the journal, "" for nothing; None if that is not known."""
    try:
        with counted("verifying") as tell:
            found = verified(place.journal, tell)
    except BridgeError:
        return None
    if found.ok:
        return ""
    return str(found.faults[0]) if found.faults else "it does not verify"

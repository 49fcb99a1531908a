"""Why a shadow book holds what it holds: a fold of its events and the verdicts before."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import final

from bridge_patch.domain.events import Event, Filled, FillKind, Judged, StopArmed
from bridge_patch.domain.harvest import POLICY_FALLBACK, HarvestPolicy
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The last entry of a position, how it is harvested, and the stop it began with."""

    intent_id: IntentId
    policy: HarvestPolicy
    since_ms: UnixMs
    first_stop_usd: Decimal | None = None


@final
@dataclass(slots=True)
class Stories:
    """One story per symbol; the same whether it was lived or read in a journal."""

    _told: dict[Symbol, Story] = field(default_factory=dict)
    _verdict: tuple[IntentId, HarvestPolicy] | None = None

    def of(self, symbol: Symbol) -> Story | None:
        """Return what is known of a symbol; a story outlives its position."""
        return self._told.get(symbol)

    def owner(self, symbol: Symbol) -> IntentId:
        """Return whose intent opened what is held."""
        story = self._told.get(symbol)
        return story.intent_id if story else IntentId("")

    def judged(self, intent_id: IntentId, policy: HarvestPolicy | None) -> None:
        """Remember the verdict that the next fill may follow from."""
        self._verdict = intent_id, policy or POLICY_FALLBACK

    def happened(self, event: Event) -> None:
        """Take in a verdict, or what happened in the book."""
        match event:
            case Judged():
                self.judged(event.intent_id, event.harvest_policy)
            case Filled(kind=FillKind.ENTRY):
                asked_by, policy = self._verdict or (None, POLICY_FALLBACK)
                self._told[event.symbol] = Story(
                    intent_id=event.intent_id,
                    policy=policy if asked_by == event.intent_id else POLICY_FALLBACK,
                    since_ms=event.at_ms,
                )
            case StopArmed():
                story = self._told.get(event.symbol)
                if story is not None and story.first_stop_usd is None:
                    level = event.stop_price_usd
                    self._told[event.symbol] = replace(story, first_stop_usd=level)
            case _:
                pass

"""Settings that are no limits and still decide whether an intent is traded."""

from __future__ import annotations

from bridge_patch.app.forms import written
from bridge_patch.app.in_force import in_force
from bridge_patch.app.settings import ROWS, Settings
from bridge_patch.domain.intent import Mode


def beyond(first: Settings, second: Settings) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what makes B looser than A outside of the rules, and what is not compared.

    Neither holds what is the same in both, nor a limit: rules compare those.
    """
    looser = []
    old_sec, new_sec = first.intent_max_age_sec, second.intent_max_age_sec
    if new_sec > old_sec:
        looser.append(
            f"INTENT_MAX_AGE_SEC {old_sec} -> {new_sec}: B trades intents that A drops"
        )
    if (first.ai_sizing_mode, second.ai_sizing_mode) == (Mode.SHADOW, Mode.LIVE):
        looser.append("AI_SIZING_MODE shadow -> live: B trades what A only records")
    compared = {*in_force(first.limits().text()), "INTENT_MAX_AGE_SEC", "AI_SIZING_MODE"}
    others = (row.name for row in ROWS if row.name not in compared)
    return tuple(looser), tuple(
        name
        for name in others
        if written(getattr(first, name.lower())) != written(getattr(second, name.lower()))
    )

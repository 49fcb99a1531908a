"""Settings that are no limits and still decide whether an intent is traded."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.forms import written
from bridge_patch.app.in_force import in_force
from bridge_patch.app.settings import ROWS, Settings
from bridge_patch.domain.intent import Mode
from bridge_patch.governor.limits import Limits


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
    looser += [
        f"{name} {exact(old)} -> {exact(new)}: {what}"
        for name, old, new, what in _read_before(first.limits(), second.limits())
        if new < old
    ]
    compared = {*in_force(first.limits().text()), "INTENT_MAX_AGE_SEC", "AI_SIZING_MODE"}
    others = (row.name for row in ROWS if row.name not in compared)
    return tuple(looser), tuple(
        name
        for name in others
        if written(getattr(first, name.lower())) != written(getattr(second, name.lower()))
    )


def _read_before(a: Limits, b: Limits) -> Iterator[tuple[str, Decimal, Decimal, str]]:
    """Yield limits that also decide what a rule is told: lower is tighter and looser.

    The rules are compared on one and the same snapshot, and these change it.
    """
    yield (
        *("EQUITY_JUMP_MAX_PCT", a.equity_jump_max_pct, b.equity_jump_max_pct),
        "what jumps is no loss and no peak until it is explained, so B may latch later",
    )
    yield (
        *("SNAPSHOT_AGE_MAX_SEC", _sec(a.snapshot_age_max_ms), _sec(b.snapshot_age_max_ms)),
        "B does not see a loss in readings that A still takes, so B may latch later",
    )


def _sec(ms: int) -> Decimal:
    return Decimal(ms) / 1000

"""Harvest policies on the wire: a mode word, or an object with the numbers that differ."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from bridge_patch.adapters.wire.faults import FaultCode
from bridge_patch.adapters.wire.form import Form, Span
from bridge_patch.adapters.wire.schema import SCHEMA_OURS
from bridge_patch.adapters.wire.tree import shown
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import (
    HOLD_MAX_SEC,
    POLICIES,
    TRAIL_MAX_PCT,
    TRAIL_MIN_PCT,
    TRAIL_SIGMAS_MAX,
    TRIGGER_MAX_PCT,
    HarvestMode,
    HarvestPolicy,
)
from bridge_patch.domain.money import ONE, ZERO

_MODES: Final = tuple(mode.value for mode in HarvestMode)
_TRAIL: Final = Span(
    f"from {TRAIL_MIN_PCT} to {TRAIL_MAX_PCT}", TRAIL_MIN_PCT, TRAIL_MAX_PCT
)
_HOLD: Final = Span(f"from 1 to {HOLD_MAX_SEC}", ONE, Decimal(HOLD_MAX_SEC))
_TRIGGER: Final = Span(f"from 0 to {TRIGGER_MAX_PCT}", ZERO, TRIGGER_MAX_PCT)
_SIGMAS: Final = Span(f"from 0 to {TRAIL_SIGMAS_MAX}", ZERO, TRAIL_SIGMAS_MAX)
_FLOOR: Final = Span(f"from 0 to {TRAIL_MAX_PCT}", ZERO, TRAIL_MAX_PCT)
_FRACTION: Final = Span("from 0 to 1, a fraction (0.5 = half)", ZERO, ONE)
#: What only some policies say. Who does not know these names reads all the others.
OPTIONAL: Final = ("break_even_trigger_pct", "trail_sigmas", "trail_floor_pct")


def policy_fields(policy: HarvestPolicy) -> dict[str, object]:
    """Write a policy under every name that a reader of any schema looks for.

    `partial_close_pct` is the fraction's name up to schema 1.1. What may be left out is
    stated only where it says something: a reader from before it was known takes the rest.
    """
    said = {name: getattr(policy, name) for name in OPTIONAL}
    return {
        "mode": policy.mode.value,
        "trail_pct": policy.trail_pct,
        "max_time_sec": policy.hold_max_sec,
        "partial_close_pct": policy.partial_close_fraction,
        "partial_trigger_pct": policy.partial_trigger_pct,
        "partial_close_fraction": policy.partial_close_fraction,
        "trail_after_partial": policy.trail_after_partial,
        **{name: value for name, value in said.items() if value != 0},
    }


def read_policy(form: Form, name: str, *, schema: str) -> HarvestPolicy | None:
    """Read the policy that stands under `name`; None where it is absent or at fault.

    What an object does not state it has from the documented policy of its mode.
    """
    value = form.fields.get(name, "")
    if isinstance(value, str):
        mode = form.word(name, _MODES)
        return None if mode is None else POLICIES[HarvestMode(mode)]
    if not isinstance(value, dict):
        expected = f"must be an object with a mode, or one of {', '.join(_MODES)}"
        form.fault(FaultCode.WRONG_TYPE, name, expected, shown(value))
        return None
    inner = Form(value, form.faults, f"{form.where}{name}.")
    before = len(inner.faults)
    policy = _read(inner, schema)
    return policy if len(inner.faults) == before else None


def _read(form: Form, schema: str) -> HarvestPolicy | None:
    form.require("mode")
    word = form.word("mode", _MODES)
    trail = form.number("trail_pct", _TRAIL)
    hold = _whole(form, "max_time_sec")
    trigger = form.number("partial_trigger_pct", _TRIGGER)
    fraction = _fraction(form)
    after_partial = form.flag("trail_after_partial")
    even = form.number("break_even_trigger_pct", _TRIGGER)
    sigmas, floor = (
        form.number("trail_sigmas", _SIGMAS),
        form.number("trail_floor_pct", _FLOOR),
    )
    if word is None:
        return None
    usual = POLICIES[HarvestMode(word)]
    if trigger is None and usual.partial_trigger_pct == 0 and fraction is not None:
        fraction = _untriggered(form, fraction, schema)
    part = usual.partial_close_fraction if fraction is None else fraction
    try:
        return HarvestPolicy(
            mode=usual.mode,
            trail_pct=usual.trail_pct if trail is None else trail,
            hold_max_sec=usual.hold_max_sec if hold is None else hold,
            partial_trigger_pct=usual.partial_trigger_pct if trigger is None else trigger,
            partial_close_fraction=part,
            trail_after_partial=usual.trail_after_partial and part > 0
            if after_partial is None
            else after_partial,
            break_even_trigger_pct=usual.break_even_trigger_pct if even is None else even,
            trail_sigmas=usual.trail_sigmas if sigmas is None else sigmas,
            trail_floor_pct=usual.trail_floor_pct if floor is None else floor,
        )
    except InvalidValueError as e:
        form.fault(FaultCode.CONTRADICTION, "mode", "must make a policy", str(e))
        return None


def _untriggered(form: Form, fraction: Decimal, schema: str) -> Decimal:
    """Answer a part to be closed at no stated profit, in a mode that closes none.

    Up to schema 1.1 a sender could not state the profit, so no part is closed; 1.2 must.
    """
    if fraction > 0 and schema == SCHEMA_OURS:
        expected = "must be stated where a part is to be closed"
        form.fault(FaultCode.MISSING, "partial_trigger_pct", expected, "absent")
    return ZERO


def _whole(form: Form, name: str) -> int | None:
    value = form.number(name, _HOLD)
    if value is None:
        return None
    if value != value.to_integral_value():
        form.fault(FaultCode.OUT_OF_RANGE, name, "must be whole seconds", str(value))
        return None
    return int(value)


def _fraction(form: Form) -> Decimal | None:
    old = form.number("partial_close_pct", _FRACTION)
    new = form.number("partial_close_fraction", _FRACTION)
    if old is not None and new is not None and old != new:
        expected = f"must say the same as partial_close_fraction, {new}"
        form.fault(FaultCode.CONTRADICTION, "partial_close_pct", expected, str(old))
    return old if new is None else new

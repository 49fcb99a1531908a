"""The stop a message states, in percent or as a price beside its entry price."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from bridge_patch.adapters.wire.faults import FaultCode
from bridge_patch.adapters.wire.form import Form
from bridge_patch.adapters.wire.schema import Stated
from bridge_patch.domain.intent import Side, StopDistance, Unknown
from bridge_patch.domain.money import HUNDRED, ONE, ZERO

#: Two statements of one stop may differ by this share of the wider one: ticks, rounding.
_DISAGREEMENT_MAX: Final = Decimal("0.1")


def stop_of(stated: Stated) -> StopDistance | Unknown:
    """Return the stop as a fraction of the entry; of two that agree, the wider one."""
    from_price = _from_price(stated.entry_price, stated.stop_loss)
    from_pct = None if stated.stop_loss_pct is None else stated.stop_loss_pct / HUNDRED
    fractions = [f for f in (from_price, from_pct) if f is not None]
    if fractions:
        return StopDistance(max(fractions))
    if stated.stop_loss is not None:
        return Unknown("stop_loss is stated without entry_price or stop_loss_pct")
    return Unknown("no stop stated")


def check_stops(form: Form, numbers: Mapping[str, Decimal | None], side: Side) -> None:
    """Add a fault where a stop or target is on the wrong side, or two stops differ."""
    entry, stop, target = (numbers[n] for n in ("entry_price", "stop_loss", "take_profit"))
    below, above = ("below", "above") if side is Side.BUY else ("above", "below")
    sign = side.sign
    if entry is not None and stop is not None and sign * (entry - stop) <= 0:
        _wrong_side(form, "stop_loss", f"{below} entry_price {entry}", side, stop)
        return
    if entry is not None and target is not None and sign * (target - entry) <= 0:
        _wrong_side(form, "take_profit", f"{above} entry_price {entry}", side, target)
    if entry is None and stop is not None and target is not None:
        if sign * (target - stop) <= 0:
            _wrong_side(form, "stop_loss", f"{below} take_profit {target}", side, stop)
        return
    _check_distance(form, numbers)


def _check_distance(form: Form, numbers: Mapping[str, Decimal | None]) -> None:
    fraction = _from_price(numbers["entry_price"], numbers["stop_loss"])
    if fraction is None:
        return
    stop = str(numbers["stop_loss"])
    if not ZERO < fraction < ONE:
        expected = "must be less than 100 % from entry_price"
        form.fault(FaultCode.OUT_OF_RANGE, "stop_loss", expected, stop)
        return
    pct = numbers["stop_loss_pct"]
    if pct is None:
        return
    wide, near = max(fraction, pct / HUNDRED), min(fraction, pct / HUNDRED)
    if wide - near > _DISAGREEMENT_MAX * wide:
        expected = f"must state the same stop as stop_loss_pct {pct}"
        found = f"{stop}, which is {fraction * HUNDRED:.4g} % away"
        form.fault(FaultCode.CONTRADICTION, "stop_loss", expected, found)


def _from_price(entry: Decimal | None, stop: Decimal | None) -> Decimal | None:
    return None if entry is None or stop is None else abs(entry - stop) / entry


def _wrong_side(form: Form, name: str, where: str, side: Side, found: Decimal) -> None:
    expected = f"must lie {where} for a {side}"
    form.fault(FaultCode.STOP_WRONG_SIDE, name, expected, str(found))

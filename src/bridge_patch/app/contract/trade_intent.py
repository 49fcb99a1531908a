"""The trade.intent as its users know it, over the rules of the wire."""

from __future__ import annotations

import contextlib
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, Final, TypeAlias

from bridge_patch.adapters.wire import schema as names
from bridge_patch.adapters.wire.form import Form
from bridge_patch.adapters.wire.objects import from_python
from bridge_patch.adapters.wire.policy import OPTIONAL, policy_fields, read_policy
from bridge_patch.adapters.wire.reading import SIDE_DEPRECATED, Reading, read_intent
from bridge_patch.adapters.wire.schema import SCHEMA_ABSENT, SCHEMA_OURS, Stated
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import HarvestPolicy as Policy
from bridge_patch.domain.intent import Mode, UnixMs

__all__ = ["HarvestPolicy", "TradeIntent", "validate_trade_intent"]

Number: TypeAlias = int | float | Decimal

_PROPOSED: Final = ("ai_size_usd", "ai_leverage", "ai_harvest_policy")


@dataclass
class HarvestPolicy:
    """How a position is taken off; percentages are price moves (1.0 = 1 %).

    What is left out comes from the documented policy of the mode. `partial_close_pct` is
    the old name of `partial_close_fraction`: both are fractions (0.5 = half).

    >>> HarvestPolicy("scalper", max_time_sec=600).trail_pct
    0.5
    """

    mode: str
    trail_pct: Number | None = None
    max_time_sec: Number | None = None
    partial_close_pct: Number | None = None
    partial_trigger_pct: Number | None = None
    partial_close_fraction: Number | None = None
    trail_after_partial: bool | None = None
    break_even_trigger_pct: Number | None = None
    trail_sigmas: Number | None = None
    trail_floor_pct: Number | None = None

    def __post_init__(self) -> None:
        policy = _policy_of(_stated_only(self))
        self.mode = policy.mode.value
        part = self.partial_close_fraction
        part = self.partial_close_pct if part is None else part
        if part is not None:
            self.partial_close_pct = self.partial_close_fraction = part
        for name, value in _plain(policy_fields(policy)).items():
            idle = name == "partial_trigger_pct" and value == 0 and part not in {None, 0}
            if getattr(self, name) is None and not idle:
                setattr(self, name, value)
        for name in OPTIONAL:
            if getattr(self, name) is None:
                setattr(self, name, 0.0)


@dataclass
class TradeIntent:
    """What is asked of the execution service; the field names are the payload's.

    Nothing is checked when it is made: `validate_trade_intent` lists what is wrong with it.
    """

    symbol: str
    action: str | None = None
    confidence: Number | None = None
    timestamp: str | None = None
    position_size_usd: Number | None = None
    leverage: Number | None = None
    source: str | None = None
    ai_size_usd: Number | None = None
    ai_leverage: Number | None = None
    ai_harvest_policy: HarvestPolicy | Mapping[str, Any] | str | None = None
    harvest_policy: HarvestPolicy | Mapping[str, Any] | str | None = None
    risk_budget_usd: Number | None = None
    entry_price: Number | None = None
    stop_loss: Number | None = None
    take_profit: Number | None = None
    stop_loss_pct: Number | None = None
    take_profit_pct: Number | None = None
    quantity: Number | None = None
    stop_move_to: Number | None = None
    reduce_only: bool | None = None
    reason: str | None = None
    intent_id: str | None = None
    schema: str | None = None
    mode: str | None = None
    valid_until: str | None = None
    limits_hash: str | None = None
    build: str | None = None
    side: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.action, self.side = self.action or self.side, self.side or self.action
        for name in names.POLICIES:
            with contextlib.suppress(InvalidValueError, TypeError):
                setattr(self, name, _policy_object(getattr(self, name)))

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> TradeIntent:
        """Make an intent of a payload; names that are not the schema's go to `extra`."""
        known = {n: payload[n] for n in names.FIELDS if n in payload}
        extra = {n: value for n, value in payload.items() if n not in known}
        return cls(**{"symbol": "", **known}, extra=extra)

    def to_payload(self) -> dict[str, Any]:
        """Return what goes onto the bus: the stated fields only, policies as objects."""
        payload: dict[str, Any] = {}
        for name, value in _stated_only(self).items():
            payload[name] = (
                _stated_only(value) if isinstance(value, HarvestPolicy) else value
            )
        if payload.get("side") == payload.get("action"):
            payload.pop("side", None)
        extra = payload.pop("extra", None)
        return {**extra, **payload} if isinstance(extra, dict) else payload

    def normalized(self) -> dict[str, Any]:
        """Return the canonical payload, or raise a ValueError that lists every fault.

        The proposal is resolved into `position_size_usd`, `leverage` and `harvest_policy`
        as the execution service would for this `mode`; without one, as in shadow.
        """
        given = self.to_payload()
        reading = _read(given, _now_ms())
        if reading.stated is None:
            raise InvalidValueError("; ".join(reading.faults))
        return _resolved(given, reading.stated)


def validate_trade_intent(payload: object, *, now_ms: int | None = None) -> list[str]:
    """Return everything that is wrong with a payload; an empty list means it is accepted.

    Raises never, whatever is passed. `now_ms` is the clock that a timestamp from the future
    is measured against, the system's unless stated.

    >>> validate_trade_intent({"symbol": "BTCUSDT", "action": "BUY", "confidence": 1.5,
    ...     "timestamp": "2026-01-21T00:00:00Z"})
    ['OUT_OF_RANGE confidence: must be a number from 0 to 1, was 1.5']
    """
    given = payload.to_payload() if type(payload) is TradeIntent else payload
    reading = _read(given, _now_ms() if now_ms is None else UnixMs(now_ms))
    if reading.notes:
        with contextlib.suppress(DeprecationWarning):  # where warnings are errors
            warnings.warn(SIDE_DEPRECATED, DeprecationWarning, stacklevel=2)
    return list(reading.faults)


def _read(payload: object, now_ms: UnixMs) -> Reading:
    return read_intent(*from_python(payload), now_ms)


def _now_ms() -> UnixMs:
    return UnixMs(time.time_ns() // 1_000_000)


def _resolved(given: dict[str, Any], stated: Stated) -> dict[str, Any]:
    mode = stated.mode or Mode.SHADOW
    made = {n: v for n, v in given.items() if n not in {*_PROPOSED, "side"}}
    made |= {"schema": SCHEMA_OURS, "intent_id": stated.intent_id, "action": stated.action}
    if stated.reduces:
        made["reduce_only"] = True
    for target, wanted in (
        ("position_size_usd", names.MARGIN_FROM[mode]),
        ("leverage", names.LEVERAGE_FROM[mode]),
        ("harvest_policy", names.POLICY_FROM[mode]),
    ):
        name = next((name for name in wanted if name in given), None)
        if name is not None:
            value = getattr(stated, name)
            is_policy = isinstance(value, Policy)
            made[target] = _plain(policy_fields(value)) if is_policy else given[name]
    return made


def _stated_only(thing: HarvestPolicy | TradeIntent) -> dict[str, Any]:
    values = {f.name: getattr(thing, f.name) for f in fields(thing)}
    said = {name: value for name, value in values.items() if value is not None}
    idle = [name for name in OPTIONAL if said.get(name) == 0]
    return {name: value for name, value in said.items() if name not in idle}


def _policy_object(value: object) -> object:
    if isinstance(value, str):
        return HarvestPolicy(value)
    return HarvestPolicy(**value) if isinstance(value, dict) else value


def _policy_of(stated: dict[str, Any]) -> Policy:
    tree, flaws = from_python({"policy": stated})
    faults = list(flaws)
    form = Form(tree if isinstance(tree, dict) else {}, faults)
    policy = read_policy(form, "policy", schema=SCHEMA_ABSENT)
    if policy is None or faults:
        raise InvalidValueError("; ".join(faults))
    return policy


def _plain(policy: Mapping[str, object]) -> dict[str, Any]:
    """Return a policy's numbers as floats: what JSON would give its reader."""
    return {n: float(v) if isinstance(v, Decimal) else v for n, v in policy.items()}

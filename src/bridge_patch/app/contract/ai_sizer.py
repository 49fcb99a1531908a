"""The AI sizer as its users know it: plain numbers in, plain numbers and a dict out."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from functools import cache
from numbers import Real
from typing import Any, Final

from bridge_patch.adapters.wire.policy import OPTIONAL
from bridge_patch.app.contract.arguments import word
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import Mode
from bridge_patch.policy.sizing import Abstained, Sized, SizingBounds, size

__all__ = ["AISizerPolicy", "HarvestMode", "SizingConfig", "get_ai_sizer"]

#: What may stand in a log line as a symbol or an id.
_WORD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_LEVERAGE_MAX: Final = 125
#: There is no unlimited: beyond this a bound is a mistyped number.
_NUMBER_MAX: Final = Decimal("1E+12")


@dataclass(frozen=True)
class SizingConfig:
    """What the sizer may propose; checked whole when it is made.

    Position and order sizes are margin in USD. An order's notional is kept within
    `max_notional_usd` and within the equity multiple, which are the Governor's bounds too.
    """

    ai_sizing_mode: str = "shadow"
    ai_max_leverage: float = 80.0
    ai_min_leverage: float = 5.0
    max_position_usd: float = 10_000.0
    max_notional_usd: float = 100_000.0
    min_order_usd: float = 50.0
    order_notional_max_equity_multiple: float = 1.5

    def __post_init__(self) -> None:
        mode, faults = self.ai_sizing_mode, []
        if mode not in tuple(Mode):
            faults = [f"ai_sizing_mode must be 'shadow' or 'live', was {mode!r}"]
        numbers = {f.name: _exact(getattr(self, f.name)) for f in fields(self)[1:]}
        unusable = [
            f"{name} must be a number above 0 and at most {_NUMBER_MAX:.0e},"
            f" was {getattr(self, name)!r}"
            for name, number in numbers.items()
            if not (number.is_finite() and 0 < number <= _NUMBER_MAX)
        ]
        with exactly():
            faults += unusable or _contradictions(numbers)
        if faults:
            raise InvalidValueError("; ".join(faults))

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> SizingConfig:
        """Read the environment's settings, or say everything that is wrong with them."""
        settings = load_settings(env)
        limits = settings.limits()
        return cls(
            ai_sizing_mode=settings.ai_sizing_mode.value,
            ai_max_leverage=float(limits.leverage_max),
            ai_min_leverage=float(limits.leverage_min),
            max_position_usd=float(limits.margin_max_usd),
            max_notional_usd=float(limits.notional_max_usd),
            min_order_usd=float(limits.margin_min_usd),
            order_notional_max_equity_multiple=float(
                limits.order_notional_max_equity_multiple
            ),
        )

    def bounds(self) -> SizingBounds:
        """Return the same bounds as exact numbers."""
        return SizingBounds(
            margin_min_usd=_exact(self.min_order_usd),
            margin_max_usd=_exact(self.max_position_usd),
            notional_max_usd=_exact(self.max_notional_usd),
            leverage_min=_exact(self.ai_min_leverage),
            leverage_max=_exact(self.ai_max_leverage),
            order_notional_max_equity_multiple=_exact(
                self.order_notional_max_equity_multiple
            ),
        )


class AISizerPolicy:
    """Proposes leverage, margin and exit for a signal.

    Without a config the environment's settings count.
    """

    def __init__(self, config: SizingConfig | None = None) -> None:
        self.config = SizingConfig.from_env() if config is None else config
        self._bounds = self.config.bounds()
        self._mode = Mode(self.config.ai_sizing_mode)
        _say(f"[AI-SIZER] ✅ AI Sizer Policy initialized: mode={self._mode}")

    def compute_size_and_leverage(
        self, signal_confidence: float, volatility_factor: float, account_equity: float
    ) -> tuple[float, float, dict[str, Any]]:
        """Return leverage, margin in USD and the harvest policy, in this order.

        An abstention is `(0.0, 0.0, {"mode": "none", "reason": code, "detail": text})`,
        and so is the answer to anything that is no number. The side is not known here, so
        the leverage suits a long and a short.
        """
        decided = self._decide(signal_confidence, volatility_factor, account_equity)
        return _plain(decided)

    def inject_into_payload(
        self,
        payload: dict[str, Any],
        signal_confidence: float,
        volatility_factor: float,
        account_equity: float,
    ) -> dict[str, Any]:
        """Write the proposal into `payload` itself, log it, and return the same payload.

        Shadow adds `ai_size_usd`, `ai_leverage` and `ai_harvest_policy`. Live also sets
        `position_size_usd`, `leverage` and `harvest_policy`. An abstention adds nothing but
        `ai_abstain_reason`. What is not a dict is given back as it came.
        """
        if not _is(payload, dict):
            return payload
        decided = self._decide(signal_confidence, volatility_factor, account_equity)
        if isinstance(decided, Abstained):
            payload["ai_abstain_reason"] = decided.code.value
        else:
            leverage, margin_usd, policy = _plain(decided)
            payload["ai_size_usd"] = margin_usd
            payload["ai_leverage"] = leverage
            payload["ai_harvest_policy"] = policy
            if self._mode is Mode.LIVE:
                payload["position_size_usd"] = margin_usd
                payload["leverage"] = leverage
                payload["harvest_policy"] = dict(policy)
        symbol, intent_id = payload.get("symbol"), payload.get("intent_id")
        _say(sizer_line(self._mode, symbol, decided, intent_id))
        return payload

    def _decide(
        self, confidence: object, volatility_factor: object, equity: object
    ) -> Sized | Abstained:
        return size(
            _exact(confidence), _exact(volatility_factor), _exact(equity), self._bounds
        )


@cache
def get_ai_sizer() -> AISizerPolicy:
    """Return the process's one sizer, made from the environment when first asked for."""
    return AISizerPolicy()


def sizer_line(
    mode: Mode, symbol: object, decided: Sized | Abstained, intent_id: object = None
) -> str:
    """Return the log line of one sizing; what is no plain word is shown as "?".

    >>> from bridge_patch.policy.sizing import AbstainCode
    >>> sizer_line(Mode.LIVE, "BTCUSDT", Abstained(AbstainCode.EQUITY_INVALID, ""), "i-1")
    '[AI-SIZER] LIVE: BTCUSDT → no size | reason=EQUITY_INVALID intent=i-1'
    """
    if isinstance(decided, Sized):
        margin, leverage = decided.proposal.margin, decided.proposal.leverage
        policy = decided.policy.mode
        what = f"${margin.usd:.0f} @ {leverage.times:.1f}x | policy={policy}"
    else:
        what = f"no size | reason={decided.code}"
    about = "" if intent_id is None else f" intent={_word(intent_id)}"
    return f"[AI-SIZER] {mode.upper()}: {_word(symbol)} → {what}{about}"


def policy_dict(policy: HarvestPolicy) -> dict[str, Any]:
    """Return a harvest policy as payloads carry it.

    `partial_close_pct` is the older name of the fraction (0.5 = half), not a percentage.
    """
    fraction = float(policy.partial_close_fraction)
    said = {name: float(getattr(policy, name)) for name in OPTIONAL}
    return {
        "mode": policy.mode.value,
        "trail_pct": float(policy.trail_pct),
        "max_time_sec": policy.hold_max_sec,
        "partial_close_pct": fraction,
        "partial_trigger_pct": float(policy.partial_trigger_pct),
        "partial_close_fraction": fraction,
        **{name: value for name, value in said.items() if value},
    }


def _plain(decided: Sized | Abstained) -> tuple[float, float, dict[str, Any]]:
    if isinstance(decided, Abstained):
        reason = {"reason": decided.code.value, "detail": decided.detail}
        return 0.0, 0.0, {"mode": "none", **reason}
    proposal = decided.proposal
    return (
        float(proposal.leverage.times),
        float(proposal.margin.usd),
        policy_dict(decided.policy),
    )


def _contradictions(numbers: Mapping[str, Decimal]) -> list[str]:
    """List the bounds that exclude each other."""
    faults = [
        f"{low} {numbers[low]} must not exceed {high} {numbers[high]}"
        for low, high in (
            ("ai_min_leverage", "ai_max_leverage"),
            ("min_order_usd", "max_position_usd"),
        )
        if numbers[low] > numbers[high]
    ]
    if (most := numbers["ai_max_leverage"]) > _LEVERAGE_MAX:
        faults.append(f"ai_max_leverage must be at most {_LEVERAGE_MAX}, was {most}")
    smallest = numbers["min_order_usd"] * numbers["ai_min_leverage"]
    if smallest > (room := numbers["max_notional_usd"]):
        faults.append(
            f"the smallest order, min_order_usd x ai_min_leverage = {smallest},"
            f" must fit under max_notional_usd {room}"
        )
    return faults


def _exact(value: object) -> Decimal:
    """Return a number as it is written; anything else is NaN, on which nobody trades."""
    nan = Decimal("NaN")
    try:
        if isinstance(value, bool):
            return nan
        if isinstance(value, Decimal | int):
            return Decimal(value)
        return Decimal(repr(float(value))) if isinstance(value, Real) else nan
    except Exception:  # noqa: BLE001 - whatever this was, it is no number
        return nan


def _word(value: object) -> str:
    text = word(value) or ""
    return text if _WORD.fullmatch(text) else "?"


def _is(value: object, kind: type) -> bool:
    """Ask for the type alone: `isinstance` also asks the value, which may not answer."""
    return issubclass(type(value), kind)


def _say(line: str) -> None:
    """Print a line for people; nothing depends on anybody being able to read it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()

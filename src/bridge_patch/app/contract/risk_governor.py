"""The Risk Governor as its users know it: plain values in, a verdict and its reasons out.

A question asked here comes without an account, so only the contract's own rules judge it:
the maxima and minima, the order's notional, the confidence floor, the risk budget. `meta`
says so. The execution service judges every intent again, by all the rules.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import cache
from typing import Any, Final

from bridge_patch.adapters.lines.fact import Fact, fact
from bridge_patch.adapters.lines.wording import line_of
from bridge_patch.app.contract.answers import Asked, Reduction, answer
from bridge_patch.app.contract.arguments import How, Unusable, number, word
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Verdict
from bridge_patch.domain.money import ZERO
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS, CONTRACT_BOUNDS, CONTRACT_CHECKS
from bridge_patch.governor.ruling import Finding, Refused, Ruling
from bridge_patch.governor.verdict import word_of

__all__ = ["GovernorConfig", "RiskGovernor", "get_risk_governor"]

#: Each number of the config and the limit it sets.
_LIMITS: Final = {
    "min_order_usd": "margin_min_usd",
    "max_position_usd": "margin_max_usd",
    "max_notional_usd": "notional_max_usd",
    "min_confidence": "confidence_min",
    "max_leverage": "leverage_max",
    "min_leverage": "leverage_min",
}
#: What an execution service asks and a bare question cannot be asked.
_NOT_JUDGED: Final = tuple(
    rule.__name__
    for rule in (*BOUNDS, *CHECKS)
    if rule not in (*CONTRACT_BOUNDS, *CONTRACT_CHECKS)
)
_REDUCES: Final = "reduces what is open; the position was not judged"


@dataclass(frozen=True)
class GovernorConfig:
    """The contract's bounds; checked whole when it is made.

    Sizes are margin in USD. `rest` holds the bounds that need an account, and what happens
    below a minimum; the shipped defaults where it is None.
    """

    min_order_usd: float = 50.0
    max_position_usd: float = 10_000.0
    max_notional_usd: float = 100_000.0
    min_confidence: float = 0.0
    max_leverage: float = 80.0
    min_leverage: float = 5.0
    fail_open: bool = False
    rest: Limits | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.limits()

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> GovernorConfig:
        """Read the environment's settings, or say everything that is wrong with them."""
        limits = load_settings(env).limits()
        numbers = {name: float(getattr(limits, of)) for name, of in _LIMITS.items()}
        return cls(**numbers, fail_open=limits.fail_open, rest=limits)

    def limits(self) -> Limits:
        """Return the same bounds as exact numbers, or raise naming every fault."""
        rest = self.rest or _shipped()
        fail_open: object = self.fail_open
        faults = [] if type(fail_open) is bool else ["fail_open must be True or False"]
        exact: dict[str, Any] = {}
        for name, limit in _LIMITS.items():
            value = getattr(self, name)
            read = _bound(value, getattr(rest, limit))
            if isinstance(read, Unusable):
                faults.append(f"{name} must be a number, {read.why}")
            else:
                exact[limit] = read
        if faults:
            raise InvalidValueError("; ".join(faults))
        try:
            return replace(rest, fail_open=self.fail_open, **exact)
        except InvalidValueError as e:
            raise InvalidValueError(_in_own_names(str(e))) from None


class RiskGovernor:
    """Answers whether an order of this size may be, and how much of it.

    Without a config the environment's settings count.
    """

    def __init__(self, config: GovernorConfig | None = None) -> None:
        self.config = GovernorConfig.from_env() if config is None else config
        self._limits = self.config.limits()
        mode = "fail-open" if self.config.fail_open else "fail-closed"
        _say(fact("governor.started", mode=mode))

    def evaluate(  # noqa: PLR0917 - the order of arguments is the users' contract
        self,
        symbol: str,
        action: str,
        confidence: float | None,
        position_size_usd: float | None,
        leverage: float | None,
        risk_budget_usd: float | None = None,
    ) -> tuple[bool, str, dict[str, Any]]:
        """Return approved, a reason that begins with a code, and the numbers behind it.

        Whatever is passed, this answers: what is no usable value is refused. A CLOSE is
        approved as a reduction of whatever is open, with the numbers given, none needed;
        no bound is asked, and `meta["reduce_only"]` says so. A refusal clamps to zero.
        """
        asked = Asked(
            symbol=symbol,
            action=action,
            confidence=confidence,
            position_size_usd=position_size_usd,
            leverage=leverage,
            risk_budget_usd=risk_budget_usd,
        )
        with exactly():
            said = answer(asked, self._limits)
            reason, approved = _reason(said), not isinstance(said, Refused)
            _say(_verdict(asked, said))
            return approved, reason, _meta(said, self._limits)


@cache
def get_risk_governor() -> RiskGovernor:
    """Return the process's one Governor, made from the environment when first asked for."""
    return RiskGovernor()


@cache
def _shipped() -> Limits:
    return load_settings({}).limits()


def _bound(value: object, standing: Decimal) -> Decimal | Unusable:
    """Return a bound exactly; the settings' own spelling where the float stands for it."""
    if isinstance(value, float) and float(standing) == value:
        return standing
    read = number(value)
    return ZERO if isinstance(read, Unusable) and read.how is How.ZERO else read


def _in_own_names(text: str) -> str:
    for name, limit in _LIMITS.items():
        text = re.sub(rf"\b{limit}\b", name, text)
    return text


def _numbers(said: Ruling | Reduction) -> tuple[Decimal, Decimal]:
    """Return the margin and the leverage that are left; nothing is left of a refusal."""
    if isinstance(said, Refused):
        return ZERO, ZERO
    if isinstance(said, Reduction):
        return said.margin_usd, said.leverage
    return said.proposal.margin.usd, said.proposal.leverage.times


def _findings(said: Ruling | Reduction) -> tuple[Finding, ...]:
    if isinstance(said, Reduction):
        return ()
    return said.findings if isinstance(said, Refused) else (*said.binding, *said.warnings)


def _reason(said: Ruling | Reduction) -> str:
    """Return PASS, PASS with what was cut or softened, or the refusal's codes in order."""
    if isinstance(said, Reduction):
        return f"{Reason.PASS}: {_REDUCES}"
    told = _told(_findings(said))
    if isinstance(said, Refused):
        return told
    raised = ["raised to a minimum"] if said.raised else []
    return ": ".join([Reason.PASS, *raised, *([told] if told else [])])


def _told(findings: Iterable[Finding]) -> str:
    return "; ".join(f"{f.reason}: {f.detail}" for f in findings)


def _meta(said: Ruling | Reduction, limits: Limits) -> dict[str, Any]:
    margin, leverage = _numbers(said)
    votes = () if isinstance(said, Reduction) else said.votes
    warned = () if isinstance(said, Refused | Reduction) else said.warnings
    return {
        "clamped_size_usd": float(margin),
        "clamped_leverage": float(leverage),
        "notional_usd": float(margin * leverage),
        "policies_checked": [cast.rule for cast in votes],
        "votes": {cast.rule: word_of(cast.vote) for cast in votes},
        "warnings": [f"{f.reason}: {f.detail}" for f in warned],
        "raised": not isinstance(said, Reduction) and said.raised,
        "reduce_only": isinstance(said, Reduction),
        "account_judged": False,
        "policies_not_judged": list(_NOT_JUDGED),
        "limits_hash": limits.digest(),
    }


def _verdict(asked: Asked, said: Ruling | Reduction) -> Fact:
    margin, leverage = _numbers(said)
    findings = _findings(said)
    passed = () if isinstance(said, Refused) else (Reason.PASS,)
    codes = dict.fromkeys((*passed, *(f.reason for f in findings)))
    details = dict.fromkeys(f.detail for f in findings)
    return fact(
        "governor.verdict",
        symbol=word(asked.symbol) or "-",
        action=word(asked.action) or "-",
        verdict=Verdict.REJECT if isinstance(said, Refused) else Verdict.ACCEPT,
        codes=tuple(codes),
        detail=_REDUCES if isinstance(said, Reduction) else "; ".join(details) or None,
        size_usd=margin if margin > 0 else None,
        leverage=leverage if leverage > 0 else None,
        notional_usd=margin * leverage if margin * leverage > 0 else None,
    )


def _say(what: Fact) -> None:
    """Print a line for people; nothing depends on anybody being able to read it."""
    line = f"{line_of(what)}\n"
    with contextlib.suppress(OSError, ValueError, AttributeError):
        try:
            sys.stdout.write(line)
        except UnicodeEncodeError:  # a line without its ✅ is still a line
            sys.stdout.write(line.encode("ascii", "backslashreplace").decode("ascii"))
        sys.stdout.flush()

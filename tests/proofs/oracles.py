"""Rules of which nothing is known but what the theorems about single rules have shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge_patch.adapters.prover.cases import (
    PASSES,
    leverage,
    margin,
    stricter,
    symbol,
    whole,
)
from bridge_patch.adapters.prover.explorer import Signal, current
from bridge_patch.adapters.prover.flags import SymBool, truth
from bridge_patch.adapters.prover.records import record
from bridge_patch.adapters.prover.symbols import term_of
from bridge_patch.domain.intent import Proposal, Side, Unknown
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import (
    ALLOW,
    Allow,
    CapLeverage,
    CapMargin,
    Case,
    Deny,
    Vote,
    Warn,
)

KINDS = ("Allow", "Warn", "CapMargin", "CapLeverage", "Deny")
FIRM = ("Allow", "CapMargin", "CapLeverage", "Deny")
BROKEN = ("raises", "no vote")


def judged_case(**fixed: Any) -> Case:
    """Any proposal under any limits; the rest of a case only rules look at."""
    return record(
        Case,
        given={
            "symbol": "S",
            "side": Side.BUY,
            "confidence": None,
            "proposal": record(Proposal, "proposal"),
            "reference_price": None,
            "stated_limits": "",
            "stop": Unknown(""),
            "hold_max_ms": 0,
            "sigma_move": Unknown(""),
            "risk_budget": None,
            "snapshot": None,
            "limits": record(Limits, "limits"),
            "now_ms": 0,
            **fixed,
        },
    )


class ObjectedError(Signal):
    """A rule said no; as a Signal the judge cannot take it for a rule that failed."""


class Oracle:
    """A rule of which nothing is known but that it answers a proposal always alike.

    A lawful one caps below what it was asked: `caps`, shown of every rule.
    """

    lawful = False
    #: An objection is a refusal (`total`), so there is nothing more to be seen.
    stops = True

    def __init__(self, name: str, kinds: Sequence[str] = KINDS) -> None:
        self.__name__ = name
        self.kinds = kinds
        self.said: list[tuple[Any, Any, Vote]] = []
        self.failed = False

    def __call__(self, case: Case) -> Vote:
        return self.at(margin(case), leverage(case))

    def at(self, asked: Any, times: Any) -> Vote:
        for before, factor, vote in self.said:
            if same(asked, before) and same(times, factor):
                return vote
        vote = self.answer(asked, times)
        if isinstance(vote, Deny) and self.stops:
            raise ObjectedError
        if self.lawful and isinstance(vote, CapMargin):
            assume(vote.at_usd < asked)
        if self.lawful and isinstance(vote, CapLeverage):
            assume(vote.at_times < times)
        self.said.append((asked, times, vote))
        return vote

    def answer(self, asked: Any, times: Any) -> Vote:
        name = f"{self.__name__}.{len(self.said)}"
        kind = self.kinds[current().choose(name, self.kinds)]
        if kind == "raises":
            self.failed = True
            raise ZeroDivisionError(name)
        if kind == "no vote":
            self.failed = True
            return None  # type: ignore[return-value]
        return vote_of(kind, name)


def vote_of(kind: str, name: str) -> Vote:
    if kind == "Allow":
        return ALLOW
    if kind == "CapMargin":
        return CapMargin(symbol(f"{name}.at_usd"), Reason.SIZE_ABOVE_MAX, name)
    if kind == "CapLeverage":
        return CapLeverage(symbol(f"{name}.at_times"), Reason.LEVERAGE_ABOVE_MAX, name)
    made = Warn if kind == "Warn" else Deny
    return made(Reason.CONFIDENCE_BELOW_FLOOR, name)


def same(one: Any, other: Any) -> bool:
    """The same number by the way it was made; equal numbers made otherwise may differ."""
    return bool(term_of(one).eq(term_of(other)))


def assume(holds: SymBool | bool) -> None:
    """Go on where this holds, without a branch."""
    current().assume(truth(holds))


def no(holds: Any) -> Any:
    return not holds if isinstance(holds, bool) else ~holds


class Bound(Oracle):
    """A rule that allows less of what it allows, and what is under its own cap.

    It never warns. `falls`, `settles` and `answers`, shown of every bound.
    """

    lawful = True

    def __init__(self, name: str, kinds: Sequence[str] = KINDS) -> None:
        super().__init__(name, [kind for kind in kinds if kind != "Warn"])

    def answer(self, asked: Any, times: Any) -> Vote:
        vote = super().answer(asked, times)
        if isinstance(vote, Allow):
            return vote
        for before, factor, earlier in self.said:
            most, ceiling = before, factor
            if isinstance(earlier, CapMargin):
                most = earlier.at_usd
            if isinstance(earlier, CapLeverage):
                ceiling = earlier.at_times
            assume(no(whole(asked <= most) & whole(times <= ceiling)))
        return vote


class Check(Oracle):
    """A rule that is asked of what is left; none caps the leverage: `answers`."""

    lawful = True

    def __init__(self, name: str, kinds: Sequence[str] = KINDS) -> None:
        super().__init__(name, [kind for kind in kinds if kind != "CapLeverage"])


class Same(Oracle):
    """A rule in a worse world that answers as before or refuses: `steady`."""

    def __init__(self, of: Oracle) -> None:
        super().__init__(of.__name__, ("as before", "Deny"))
        self.of = of

    def answer(self, asked: Any, times: Any) -> Vote:
        name = f"{self.__name__}'.{len(self.said)}"
        if current().choose(name, self.kinds) == 1:
            return vote_of("Deny", name)
        return self.of.at(asked, times)


class Looser(Check):
    """A rule and, as `tight`, itself in a worse world: `monotone` and `between`."""

    def __init__(self, tight: Oracle) -> None:
        super().__init__(f"loose {tight.__name__}", tight.kinds)
        self.tight = tight

    def answer(self, asked: Any, times: Any) -> Vote:
        vote = super().answer(asked, times)
        for at, factor, strict in self.tight.said:
            if same(at, asked) and same(factor, times):
                assume(stricter(strict, vote))
            elif isinstance(strict, PASSES) and not isinstance(vote, PASSES):
                for above in self.said:
                    self._between(asked, times, low=(at, factor), high=above)
        return vote

    def _between(
        self, asked: Any, times: Any, *, low: tuple[Any, Any], high: tuple[Any, Any, Vote]
    ) -> None:
        """Allowed below and not refused above is allowed between: this vote was not."""
        above, factor, said = high
        if isinstance(said, Deny | CapLeverage):
            return
        inside = (
            whole(factor == times)
            & whole(low[1] == times)
            & whole(low[0] <= asked)
            & whole(asked <= above)
        )
        if isinstance(said, CapMargin):
            inside = inside & (asked <= said.at_usd)
        assume(no(inside))


def oracles(
    bounds: int, checks: int, kinds: Sequence[str] = KINDS, *, lawful: bool = True
) -> tuple[list[Oracle], list[Oracle]]:
    bound, check = (Bound, Check) if lawful else (Oracle, Oracle)
    return (
        [bound(f"bound {n}", kinds) for n in range(bounds)],
        [check(f"check {n}", kinds) for n in range(checks)],
    )

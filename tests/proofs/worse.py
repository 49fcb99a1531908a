"""In which direction each field is worse: a tighter limit, more danger, older data.

A direction is a change of a case that should never make a rule more lenient. Limits take
theirs from their names; what the account and the market tell has one row per field; that an
unread or an older reading is worse needs no row. A test finds fields that nobody gave one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, Final, final

import z3

from bridge_patch.adapters.prover.explorer import abandon, current
from bridge_patch.adapters.prover.records import field_value, hints_of, varied
from bridge_patch.adapters.prover.texts import SymNames
from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import RiskBudget, Side, Unknown
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import Known, RiskSnapshot
from bridge_patch.governor.votes import Case

Order = Callable[[Any, Any], Any]


@final
@dataclass(frozen=True, kw_only=True)
class Direction:
    """One way in which a case gets worse; `reads` is the field a rule must look at."""

    name: str
    reads: str
    worsen: Callable[[Case], Case]


def less(new: Any, old: Any) -> Any:
    return new <= old


def more(new: Any, old: Any) -> Any:
    return new >= old


def farther(new: Any, old: Any) -> Any:
    """Farther from zero, on the side it is on."""
    return ((old >= 0) & (new >= old)) | ((old <= 0) & (new <= old))


def given(holds: Any) -> None:
    if not holds:
        abandon()


def moved(path: str, order: Order) -> Callable[[Case], Case]:
    """The case with another value of one field, ordered so to the first."""
    parent, _, name = path.rpartition(".")

    def worsen(case: Case) -> Case:
        owner = at(case, parent)
        if owner is None or isinstance(owner, Unknown):
            abandon()
        old = getattr(owner, name)
        if old is None or isinstance(old, Unknown):
            abandon()
        new = field_value(owner.__class__, name, parent, mark="'")
        if new is None or isinstance(new, Unknown):
            abandon()
        given(order(new, old))
        return varied(case, {path: new})

    return worsen


def at(case: Any, path: str) -> Any:
    """What stands at a dotted path."""
    for name in path.split(".") if path else ():
        case = getattr(case, name)
    return case


def lost(path: str) -> Callable[[Case], Case]:
    """The case with a reading that could not be had."""
    return lambda case: varied(case, {path: Unknown("lost")})


def older(path: str) -> Callable[[Case], Case]:
    """The case with an older reading; one from the future would only become right."""
    parent, _, name = path.rpartition(".")

    def worsen(case: Case) -> Case:
        owner = at(case, parent)
        if isinstance(owner, Unknown):
            abandon()
        seen_ms = getattr(owner, name)
        given(seen_ms is not None and not isinstance(seen_ms, Unknown))
        given(seen_ms <= case.now_ms)
        return moved(path, less)(case)

    return worsen


#: Limits whose name says the other way, or nothing.
LIMITS: Final[MappingProxyType[str, Order]] = MappingProxyType(
    {
        "confidence_min": more,
        "losers_pause_min": less,  # fewer losers are enough
        "losers_latch_min": less,
        "losers_pause_ms": more,
        "shock_pause_ms": more,
        "taker_fee_pct": more,
        "slippage_pct": more,
        "price_collar_pct": less,
        "exit_orders_reserve_pct": more,
    }
)
#: Fields of the limits that no rule compares, or that are no amounts.
NO_LIMIT_DIRECTION: Final = frozenset(
    {"fail_open", "below_min", "symbols", "round_trip_fraction", "_digest"}
)
HELD: Final[MappingProxyType[str, Order]] = MappingProxyType(
    {f.name: more for f in fields(Exposure) if f.name != "unknown_since_ms"}
)
DONE: Final[MappingProxyType[str, Order]] = MappingProxyType(
    {f.name: more for f in fields(Activity)}
)
READINGS: Final[MappingProxyType[str, Order]] = MappingProxyType(
    {
        "equity": less,
        "available": less,
        "shock_sigmas": more,
        "turnover_usd": less,
        "day_loss_pct": more,
        "drawdown_pct": more,
        "equity_jump_pct": farther,
        "clock_skew_ms": farther,
    }
)
#: Neither higher nor lower is worse by itself; volatility acts through `sigma_move`.
NO_READING_DIRECTION: Final = frozenset({"mark", "index", "volatility"})
TIMES: Final = (
    *("taken_ms", "filters_ms", "exits_ms", "funding.at_ms"),
    "exposure.unknown_since_ms",
)
#: Fields of the snapshot with a direction of their own, below.
OTHERS: Final = frozenset(
    {"state", "instrument", "holding", "exposure", "activity", "funding"}
    | {"journal_has_room", "venues"}
)


def limit_order(name: str) -> Order:
    if name in LIMITS:
        return LIMITS[name]
    if "_max" in name:
        return less
    assert "_min" in name, f"{name}: say in LIMITS which way is tighter"
    return more


def _limits() -> Iterator[Direction]:
    for name in hints_of(Limits):
        if name in NO_LIMIT_DIRECTION:
            continue
        path, order = f"limits.{name}", limit_order(name)
        costs = name in ("taker_fee_pct", "slippage_pct")
        yield Direction(
            name=f"{'higher' if order is more else 'lower'} {path}",
            reads="limits.round_trip_fraction" if costs else path,
            worsen=_costlier(name) if costs else moved(path, order),
        )
    yield Direction(name="shorter limits.symbols", reads="limits.symbols", worsen=_fewer)
    yield Direction(
        name="no limits.fail_open",
        reads="limits.fail_open",
        worsen=lambda case: varied(case, {"limits.fail_open": False}),
    )


def _costlier(name: str) -> Callable[[Case], Case]:
    def worsen(case: Case) -> Case:
        case = moved(f"limits.{name}", more)(case)
        li = case.limits
        both = 2 * (li.taker_fee_pct + li.slippage_pct) / 100
        return varied(case, {"limits.round_trip_fraction": both})

    return worsen


def _fewer(case: Case) -> Case:
    before, after = case.limits.symbols, SymNames(["limits.symbols'"])
    given(case.symbol not in after or case.symbol in before)
    return varied(case, {"limits.symbols": after})


def _snapshot() -> Iterator[Direction]:
    for group, orders in (("exposure", HELD), ("activity", DONE)):
        for name, order in orders.items():
            path = f"snapshot.{group}.{name}"
            yield Direction(name=f"worse {path}", reads=path, worsen=moved(path, order))
    for name, order in READINGS.items():
        path = f"snapshot.{name}.value"
        yield Direction(name=f"worse {path}", reads=path, worsen=moved(path, order))
    for name in TIMES:
        path = f"snapshot.{name}"
        yield Direction(name=f"older {path}", reads=path, worsen=older(path))
    for name, hint in hints_of(RiskSnapshot).items():
        path = f"snapshot.{name}"
        if Known in getattr(hint, "__args__", ()):
            yield Direction(
                name=f"older {path}", reads=f"{path}.at_ms", worsen=older(f"{path}.at_ms")
            )
        if Unknown in getattr(hint, "__args__", ()):
            yield Direction(name=f"unread {path}", reads=path, worsen=lost(path))


def _tighter(case: Case) -> Case:
    states = list(TradingState)
    now = current().choose("snapshot.state'", [str(state) for state in states])
    given(now >= states.index(case.snapshot.state))
    return varied(case, {"snapshot.state": states[now]})


def _opened(case: Case) -> Case:
    holding = case.snapshot.holding
    if isinstance(holding, Unknown):
        abandon()
    given(at(case, "snapshot.holding.quantity_base") == 0)
    new = field_value(
        type(holding).__mro__[1], "quantity_base", "snapshot.holding", mark="'"
    )
    return varied(case, {"snapshot.holding.quantity_base": new})


def _dearer(case: Case) -> Case:
    return moved("snapshot.funding.rate_fraction", more if case.side is Side.BUY else less)(
        case
    )


def _budgeted(case: Case) -> Case:
    if case.risk_budget is not None:
        return moved("risk_budget.usd", less)(case)
    budget = z3.Real("risk_budget.usd'")
    from bridge_patch.adapters.prover.records import record
    from bridge_patch.adapters.prover.symbols import Sym

    given(Sym(budget) >= 0)
    return varied(case, {"risk_budget": record(RiskBudget, given={"usd": Sym(budget)})})


def _others() -> Iterator[Direction]:
    for name, path, worsen in (
        ("tighter snapshot.state", "snapshot.state", _tighter),
        ("worse snapshot.holding", "snapshot.holding.quantity_base", _opened),
        ("dearer snapshot.funding", "snapshot.funding.rate_fraction", _dearer),
        ("cramped snapshot.journal_has_room", "snapshot.journal_has_room", _cramped),
        ("lower risk_budget", "risk_budget", _budgeted),
        ("lower confidence", "confidence", moved("confidence", less)),
        ("wider stop", "stop.fraction", moved("stop.fraction", more)),
        ("unread stop", "stop", lost("stop")),
        ("higher sigma_move", "sigma_move", moved("sigma_move", more)),
        ("unread sigma_move", "sigma_move", lost("sigma_move")),
        ("longer hold_max_ms", "hold_max_ms", moved("hold_max_ms", more)),
    ):
        yield Direction(name=name, reads=path, worsen=worsen)


def _cramped(case: Case) -> Case:
    return varied(case, {"snapshot.journal_has_room": False})


DIRECTIONS: Final = (*_limits(), *_snapshot(), *_others())

"""From a path and a model back to a real case, in Decimals, that can be judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Final, TypeVar, cast, final

import z3

from bridge_patch.adapters.prover.explorer import Path, current
from bridge_patch.adapters.prover.flags import SymBool
from bridge_patch.adapters.prover.solving import VERDICT_MS, satisfy
from bridge_patch.adapters.prover.symbols import Sym, SymInt, term_of
from bridge_patch.adapters.prover.terms import Formula, Term, constant, value_of
from bridge_patch.adapters.prover.texts import SymNames, SymText, text_of
from bridge_patch.domain.money import HUNDRED
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.votes import Case

R = TypeVar("R")
_WIDE: Final = Context(prec=24)
_ELSEWHERE: Final = "ELSEWHERE"
_ROUNDS: Final = 3
_GLANCE_MS: Final = 2_000


def complete(record: Any) -> None:
    """Give every field of a record its symbol or its first alternative, within a run."""
    with current().settling():
        for leaf in _values(record):
            if is_dataclass(leaf) and not isinstance(leaf, type):
                complete(leaf)
        if isinstance(record, Limits):
            for holds in _sendable(record):
                current().assume(holds)


def _sendable(limits: Limits) -> Iterator[Formula]:
    """Yield that an order fits between the bounds: others are never made into limits.

    As terms, and here only: as branches of what the class refuses they would multiply the
    paths of every rule.
    """
    share, orders = limits.entry_orders_max_pct, limits.venue_orders_10s_max
    yield term_of(share) * term_of(orders) >= constant(HUNDRED)
    least, most = term_of(limits.margin_min_usd), term_of(limits.margin_max_usd)
    margin = z3.ToReal(z3.ToInt(constant(HUNDRED) * least) + 1) / constant(HUNDRED)
    yield most >= margin
    times = z3.ToReal(z3.ToInt(term_of(limits.leverage_min)) + 1)
    yield term_of(limits.leverage_max) >= times
    yield term_of(limits.notional_max_usd) >= margin * times
    yield times * term_of(limits.round_trip_fraction) < 1


def _values(record: Any) -> Iterator[Any]:
    for f in fields(record):
        value = getattr(record, f.name)
        yield from value if isinstance(value, tuple) else (value,)


def _leaves(record: Any) -> Iterator[Any]:
    for value in _values(record):
        if is_dataclass(value) and not isinstance(value, type):
            yield from _leaves(value)
        else:
            yield value


@final
@dataclass(frozen=True, slots=True)
class Valuation:
    """Numbers for symbols, chosen so that a person can read them."""

    model: Any

    def number(self, term: Term) -> Fraction:
        """Return the value of a term."""
        return value_of(self.model.eval(term, model_completion=True))

    def flag(self, term: Formula) -> bool:
        """Return whether a formula is true."""
        return bool(z3.is_true(self.model.eval(term, model_completion=True)))


def valued(path: Path[Any], case: Case, like: Case | None = None) -> Valuation | None:
    """Find values on a path: whole numbers where those are asked for, short ones if any.

    What the path did not look at is as in `like`, if that is possible.
    """
    formulas = list(path.condition)
    alike = [*formulas, *_as_in(path, case, like)] if like is not None else formulas
    model = satisfy(alike, path.assumed, timeout_ms=VERDICT_MS)
    if model is False and len(alike) > len(formulas):
        model = satisfy(formulas, path.assumed, timeout_ms=VERDICT_MS)
    if model is None or model is False:
        return None
    leaves = [leaf for leaf in _leaves(case) if isinstance(leaf, Sym | SymInt)]
    for _ in range(_ROUNDS):
        long = [leaf for leaf in leaves if not _short(leaf, Valuation(model))]
        for leaf in long:
            model = _shortened(leaf, leaves, (formulas, path.assumed), model)
    found = Valuation(model)
    broken = [x for x in leaves if isinstance(x, SymInt) and not _short(x, found)]
    return None if broken else found


def _short(leaf: Sym | SymInt, values: Valuation) -> bool:
    """Tell whether a value is a whole number, or has few digits where it need not be."""
    now = values.number(leaf.term)
    few = isinstance(leaf, Sym) and 10**6 % now.denominator == 0
    return few or now.denominator == 1


def _shortened(
    leaf: Sym | SymInt,
    leaves: Sequence[Sym | SymInt],
    known: tuple[list[Formula], Sequence[Formula]],
    model: Any,
) -> Any:
    """Return a model with a shorter value for a leaf, others kept where they can be."""
    (formulas, assumed), values = known, Valuation(model)
    kept = [
        other.term == constant(values.number(other.term))
        for other in leaves
        if other is not leaf and _short(other, values)
    ]
    for wanted in _rounder(values.number(leaf.term), whole=isinstance(leaf, SymInt)):
        fixed = leaf.term == constant(wanted)
        for more in (kept, []):
            closer = satisfy([*formulas, fixed, *more], assumed, timeout_ms=_GLANCE_MS)
            if closer is not None and closer is not False:
                formulas.append(fixed)
                return closer
    return model


def _as_in(path: Path[Any], case: Any, like: Any) -> Iterator[Formula]:
    """Yield: what was not looked at has the value it has in another record."""
    for f in fields(case):
        mine, other = getattr(case, f.name), getattr(like, f.name)
        if isinstance(mine, Sym | SymInt) and isinstance(other, Decimal | int):
            if str(mine.term) not in path.seen:
                yield mine.term == constant(other)
        elif is_dataclass(mine) and mine.__class__ is other.__class__:
            yield from _as_in(path, mine, other)


def _rounder(now: Fraction, *, whole: bool) -> Iterator[Fraction]:
    """Yield near values with fewer digits."""
    for places in (0,) if whole else (0, 2, 6):
        scaled = now * 10**places
        below = Fraction(scaled.numerator // scaled.denominator, 10**places)
        yield below
        yield below + Fraction(1, 10**places)


def real_case(case: Case, valuation: Valuation) -> Case:
    """Return the real case: its classes check it again as they are made."""
    symbol = _real(case.symbol, valuation)
    limits = _limits(case, valuation, symbol)
    stated = case.stated_limits
    if isinstance(stated, SymText):
        digest: Any = case.limits.digest()
        same = valuation.flag((stated == digest).term)
        stated = limits.digest() if same else _real(stated, valuation)
    given = {"symbol": symbol, "limits": limits, "stated_limits": stated}
    return _built(case, valuation, given)


def _limits(case: Case, valuation: Valuation, symbol: str) -> Limits:
    symbols: Any = case.limits.symbols
    if isinstance(symbols, SymNames):
        named = valuation.flag(z3.Bool(f"{symbols[0]} has {case.symbol}"))
        return _built(
            case.limits, valuation, {"symbols": (symbol if named else _ELSEWHERE,)}
        )
    return _built(case.limits, valuation, {})


def _built(record: R, valuation: Valuation, given: Mapping[str, Any]) -> R:
    """Build the real class anew; what was real already stays as it is."""
    cls = cast("Any", record).__class__
    if type(record) is cls and not given:
        return record
    return cast(
        "R",
        cls(
            **{
                f.name: given[f.name]
                if f.name in given
                else _real(getattr(record, f.name), valuation)
                for f in fields(cls)
                if f.init
            }
        ),
    )


def _real(value: Any, valuation: Valuation) -> Any:
    if isinstance(value, Sym | SymInt):
        number = valuation.number(value.term)
        if isinstance(value, SymInt):
            return int(number)
        return _WIDE.divide(Decimal(number.numerator), Decimal(number.denominator))
    if isinstance(value, SymBool):
        return valuation.flag(value.term)
    if isinstance(value, SymText):
        return text_of(valuation.model.eval(value.term, model_completion=True))
    if isinstance(value, tuple):
        return tuple(_real(one, valuation) for one in value)
    return _built(value, valuation, {}) if is_dataclass(value) else value

"""From a path and a model back to a real case, in Decimals, that can be judged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any, Final, TypeVar, cast, final

import z3

from bridge_patch.adapters.prover.explorer import Path
from bridge_patch.adapters.prover.flags import SymBool
from bridge_patch.adapters.prover.solving import VERDICT_MS, satisfy
from bridge_patch.adapters.prover.symbols import Sym, SymInt
from bridge_patch.adapters.prover.terms import Formula, Term, constant, value_of
from bridge_patch.adapters.prover.texts import SymNames, SymText, text_of
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.votes import Case

R = TypeVar("R")
_WIDE: Final = Context(prec=24)
_ELSEWHERE: Final = "ELSEWHERE"


def complete(record: Any) -> None:
    """Give every field of a record its symbol or its alternative, within a run."""
    for leaf in _values(record):
        if is_dataclass(leaf) and not isinstance(leaf, type):
            complete(leaf)


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


def valued(path: Path[Any], case: Case, more: Iterable[Formula] = ()) -> Valuation | None:
    """Find values on a path: whole numbers where those are asked for, round ones if any."""
    formulas = [*path.condition, *more]
    model = satisfy(formulas, path.assumed, timeout_ms=VERDICT_MS)
    for leaf in _leaves(case):
        if model is None or isinstance(model, bool):
            return None
        if not isinstance(leaf, Sym | SymInt):
            continue
        now = value_of(model.eval(leaf.term, model_completion=True))
        for wanted in _rounder(now, whole=not isinstance(leaf, Sym)):
            fixed = leaf.term == constant(wanted)
            closer = satisfy([*formulas, fixed], path.assumed, timeout_ms=VERDICT_MS)
            if closer not in (None, False):
                model = closer
                formulas.append(fixed)
                break
        else:
            if isinstance(leaf, SymInt) and now.denominator != 1:
                return None
    return None if model is None or isinstance(model, bool) else Valuation(model)


def _rounder(now: Fraction, *, whole: bool) -> Iterator[Fraction]:
    """Yield near values with fewer digits; none where the value is short as it is."""
    places = (0,) if whole else (0, 2, 6)
    if now.denominator == 1 or (not whole and 10**6 % now.denominator == 0):
        yield now
        return
    for place in places:
        scaled = now * 10**place
        below = Fraction(scaled.numerator // scaled.denominator, 10**place)
        yield below
        yield below + Fraction(1, 10**place)


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

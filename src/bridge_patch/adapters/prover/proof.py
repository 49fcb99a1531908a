"""A theorem is a function of symbols that answers a claim; every path of it is checked.

A claim that holds because nothing ever gets to it proves nothing. So a run also says where
its hypothesis is met (`opens`) and where the claim would fail without it (`bites`); a
theorem that never opens or never bites is vacuous, which is not proved.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from enum import StrEnum
from time import monotonic
from typing import Any, Final, final

import z3

from bridge_patch.adapters.prover.explorer import Explorer, Path
from bridge_patch.adapters.prover.flags import SymBool, truth
from bridge_patch.adapters.prover.solving import VERDICT_MS, satisfy
from bridge_patch.adapters.prover.symbols import Sym, SymInt
from bridge_patch.adapters.prover.terms import Formula, value_of
from bridge_patch.adapters.prover.texts import SymText, text_of

_DIGITS: Final = 12


class Status(StrEnum):
    """What became of a theorem."""

    PROVED = "proved"
    REFUTED = "REFUTED"
    VACUOUS = "VACUOUS"
    UNDECIDED = "UNDECIDED"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What one path of a run claims; `said` is what a counterexample shows."""

    claim: SymBool | bool
    opens: SymBool | bool = True
    bites: SymBool | bool = True
    said: Mapping[str, object] = field(default_factory=dict)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The verdict on a theorem, with what it took and, where it fails, an example."""

    status: Status
    paths: int
    seconds: float
    example: str = ""


#: A run answers a claim, or nothing where its hypothesis is not met.
Run = Callable[[], Claimed | None]


def prove(run: Run, *, timeout_ms: int = VERDICT_MS) -> Proof:
    """Check a claim on every path, and that it is not vacuous."""
    began, paths, undecided = monotonic(), 0, 0
    opened = bitten = False
    for path in Explorer().paths(_caught(run)):
        paths += 1
        said = path.outcome
        if said is None:
            continue
        against = _met(path, z3.Not(truth(said.claim)), timeout_ms)
        if against is None:
            undecided += 1
        elif against is not False:
            return Proof(
                status=Status.REFUTED,
                paths=paths,
                seconds=monotonic() - began,
                example="\n".join(example_lines(path, against, said.said)),
            )
        opened = opened or _is_met(path, truth(said.opens), timeout_ms)
        bitten = bitten or _is_met(path, truth(said.bites), timeout_ms)
    status = Status.PROVED if opened and bitten else Status.VACUOUS
    return Proof(
        status=Status.UNDECIDED if undecided else status,
        paths=paths,
        seconds=monotonic() - began,
        example=f"{undecided} of {paths} paths were not decided" if undecided else "",
    )


def _caught(run: Run) -> Run:
    """Turn what a function raises into a claim that fails, if any input takes that path."""

    def caught() -> Claimed | None:
        try:
            return run()
        except Exception as e:  # noqa: BLE001 - a theorem's own function promises an answer
            return Claimed(claim=False, said={"raised": f"{type(e).__name__}: {e}"})

    return caught


def _met(path: Path[Any], formula: Formula, timeout_ms: int) -> Any | bool | None:
    formula = z3.simplify(formula)
    if z3.is_false(formula):
        return False
    return satisfy([*path.condition, formula], path.assumed, timeout_ms=timeout_ms)


def _is_met(path: Path[Any], formula: Formula, timeout_ms: int) -> bool:
    return _met(path, formula, timeout_ms) not in (False, None)


def example_lines(path: Path[Any], model: Any, said: Mapping[str, object]) -> Iterator[str]:
    """Yield the inputs of a counterexample as field = value, then what was answered."""
    for name, value in path.touched.items():
        if name in path.shape:
            yield f"  {name} = {path.shape[name]}"
        elif isinstance(value, Sym | SymInt | SymBool | SymText):
            yield f"  {name} = {rendered(value, model)}"
    for name, value in said.items():
        yield f"  {name}: {rendered(value, model)}"


def number(term: Any) -> str:
    """Return a term's value as a person writes it."""
    value = value_of(term)
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.{_DIGITS}g}"


def rendered(value: object, model: Any) -> str:
    """Return an answer with every symbol replaced by its value."""
    if isinstance(value, Sym | SymInt):
        return number(model.eval(value.term, model_completion=True))
    if isinstance(value, SymBool):
        return str(z3.is_true(model.eval(value.term, model_completion=True)))
    if isinstance(value, SymText):
        return text_of(model.eval(value.term, model_completion=True))
    if is_dataclass(value) and not isinstance(value, type):
        inner = ", ".join(
            f"{name}={rendered(part, model)}" for name, part in _filled(value)
        )
        return f"{type(value).__name__}({inner})"
    if isinstance(value, tuple):
        return ", ".join(rendered(one, model) for one in value)
    return str(value)


def _filled(value: Any) -> Iterator[tuple[str, object]]:
    """Yield the fields of a record that were looked at, but for what words it has."""
    for f in fields(value):
        try:
            part = object.__getattribute__(value, f.name)
        except AttributeError:
            continue  # a field of a symbol that nobody read
        if f.name != "detail":
            yield f.name, part

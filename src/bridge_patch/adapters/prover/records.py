"""Domain records whose fields are symbols, made when a function first reads them.

A record is an instance of the real class, with its real methods; a field is whatever the
class's own annotation says it may be. So a new field or a new class needs nothing here.
What the class itself refuses to be built with is assumed not to happen: its `__post_init__`
is executed on symbols, and what it lets pass is the assumption.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from itertools import product
from types import MappingProxyType, NoneType, UnionType
from typing import (
    Any,
    Final,
    NewType,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import z3

from bridge_patch.adapters.prover import lifted as _lifted  # noqa: F401 - gives meaning
from bridge_patch.adapters.prover.explorer import NotExecutableError, condition_of, current
from bridge_patch.adapters.prover.flags import SymBool
from bridge_patch.adapters.prover.symbols import Sym, SymInt
from bridge_patch.adapters.prover.terms import Formula
from bridge_patch.adapters.prover.texts import SymNames, SymText
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Instrument, _bracket_faults
from bridge_patch.governor.case import LEVERAGE_QUANTUM
from bridge_patch.governor.limits import Limits, _broken_range
from bridge_patch.governor.votes import Case

R = TypeVar("R")
#: As many tiers as the ladder's own law needs: what holds for neighbours holds for all.
TIERS_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a record's fields come from: named here, else another record, else symbols."""

    name: str
    given: Mapping[str, Any] = field(default_factory=dict)
    source: Any = None
    #: Dotted paths that are symbols although there is a source.
    free: frozenset[str] = frozenset()


def record(cls: type[R], name: str = "", given: Mapping[str, Any] = {}) -> R:
    """Return an instance of any value that the class allows; `given` fixes some fields."""
    made = _laid_out(cls, Origin(name=name, given=given))
    for formula in _assumptions(cls, name) if not given else ():
        current().assume(formula)
    return made


def varied(known: R, changes: Mapping[str, Any]) -> R:
    """Return the same record but for these fields, named by their dotted paths."""
    given: dict[str, Any] = {}
    for name in {path.partition(".")[0] for path in changes}:
        inner = {
            path.partition(".")[2]: value
            for path, value in changes.items()
            if path.partition(".")[0] == name
        }
        given[name] = inner[""] if "" in inner else varied(getattr(known, name), inner)
    name = getattr(known, "prover_origin", Origin(name="")).name
    return _laid_out(known.__class__, Origin(name=name, given=given, source=known))


def freed(known: R, free: Iterable[str], name: str = "") -> R:
    """Return a known record with symbols at these dotted paths, whatever stood there."""
    cls = known.__class__
    for formula in _assumptions(cls, name) if cls is not Limits else ():
        current().assume(formula)
    return _laid_out(cls, Origin(name=name, source=known, free=frozenset(free)))


def _laid_out(cls: type[R], origin: Origin) -> R:
    real: Any = cls
    made: Any = object.__new__(_lazy(real))
    object.__setattr__(made, "prover_origin", origin)
    return cast("R", made)


@cache
def _lazy(cls: Any) -> type:
    """Subclass a frozen class with slots: an empty slot asks `__getattr__`."""
    return type(
        cls.__name__,
        (cls,),
        {
            "__slots__": ("prover_origin",),
            "__getattr__": _fill,
            "__class__": property(lambda _: cls),
        },
    )


def _fill(self: Any, name: str) -> Any:
    cls = self.__class__
    if name not in hints_of(cls):
        raise AttributeError(name)
    origin: Origin = self.prover_origin
    if name in origin.given:
        value = origin.given[name]
    elif origin.source is not None:
        value = _from_source(origin, name)
    else:
        value = field_value(cls, name, origin.name)
    object.__setattr__(self, name, value)
    return value


def _from_source(origin: Origin, name: str) -> Any:
    path, value = path_of(origin.name, name), getattr(origin.source, name)
    if path in origin.free:
        return field_value(origin.source.__class__, name, origin.name)
    if any(free.startswith(f"{path}.") for free in origin.free):
        return freed(value, origin.free, path)
    return value


def path_of(record_name: str, name: str) -> str:
    """Return the dotted path of a field."""
    return f"{record_name}.{name}" if record_name else name


def field_value(cls: type, name: str, record_name: str, mark: str = "") -> Any:
    """Return any value that a field may have; `mark` tells a second one from the first."""
    path = path_of(record_name, name) + mark
    special = FIELDS.get((cls, name))
    value = special(path, record_name) if special else _any(hints_of(cls)[name], path)
    current().touch(path, value)
    for formula in _field_assumptions(cls, name, path, value):
        current().assume(formula)
    return value


@cache
def hints_of(cls: type) -> Mapping[str, Any]:
    """Return what each field of a record class is annotated with."""
    hints = get_type_hints(cls, localns={"Decimal": Decimal, "int": int})
    return MappingProxyType({f.name: hints[f.name] for f in fields(cls)})


def alternatives(hint: Any) -> tuple[Any, ...]:
    """Return what a value of this annotation may be, each of one kind."""
    if isinstance(hint, NewType):
        return alternatives(hint.__supertype__)
    if get_origin(hint) in (Union, UnionType):
        return tuple(one for arg in get_args(hint) for one in alternatives(arg))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(hint)
    if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
        return tuple((get_args(hint)[0], count) for count in range(1, TIERS_MAX + 1))
    return (hint,)


def label_of(alternative: Any) -> str:
    """Return how an alternative is called in a shape."""
    if isinstance(alternative, tuple) and not isinstance(alternative, Enum):
        return f"{alternative[1]} x {alternative[0].__name__}"
    if alternative is NoneType:
        return "None"
    return str(getattr(alternative, "__name__", alternative))


def _any(hint: Any, path: str) -> Any:
    options = alternatives(hint)
    taken = 0
    if len(options) > 1:
        taken = current().choose(path, [label_of(option) for option in options])
    return _one(options[taken], path)


def _one(kind: Any, path: str) -> Any:
    if isinstance(kind, Enum):
        return kind
    if isinstance(kind, tuple):
        cls, count = kind
        return tuple(record(cls, f"{path}[{n}]") for n in range(count))
    if isinstance(kind, type) and is_dataclass(kind):
        return record(kind, path)
    made = _ATOMS.get(kind)
    if made is None:
        msg = f"{path}: nothing is known of a {kind}"
        raise NotExecutableError(msg)
    return made(path)


_ATOMS: Final[Mapping[Any, Callable[[str], Any]]] = {
    Decimal: lambda path: Sym(z3.Real(path)),
    int: lambda path: SymInt(z3.Real(path)),
    bool: lambda path: SymBool(z3.Bool(path)),
    str: lambda path: SymText(path, z3.Real(path)),
    NoneType: lambda _: None,
    tuple[str, ...]: lambda path: SymNames([path]),
}


def _quantum(path: str, _: str) -> Decimal:
    options = tuple(LEVERAGE_QUANTUM.values())
    return options[current().choose(path, [str(option) for option in options])]


def _round_trip(_: str, limits: str) -> Any:
    fee, slip = (
        Sym(z3.Real(path_of(limits, f"{n}_pct"))) for n in ("taker_fee", "slippage")
    )
    return 2 * (fee + slip) / 100


#: Fields that are not simply any value of their type.
FIELDS: Final[Mapping[tuple[type, str], Callable[[str, str], Any]]] = {
    (Case, "leverage_quantum"): _quantum,
    (Limits, "round_trip_fraction"): _round_trip,
}


def _field_assumptions(cls: type, name: str, path: str, value: Any) -> list[Formula]:
    """Return what a class demands of one field by itself."""
    if cls is Limits and isinstance(value, Sym | SymInt):
        return _cached(
            ("range", name, path), lambda: not _broken_range(name, Sym(value.term))
        )
    if (cls, name) == (Instrument, "brackets"):
        return _cached(
            (name, path, len(value)), lambda: next(_bracket_faults(value), None) is None
        )
    if (cls, name) == (Case, "confidence"):
        return [(value >= 0).term, (value <= 1).term]
    if (cls, name) == (Case, "sigma_move") and isinstance(value, Sym):
        return [(value > 0).term]
    return []


_CONDITIONS: Final[dict[object, list[Formula]]] = {}


def _cached(key: object, holds: Callable[[], bool]) -> list[Formula]:
    if key not in _CONDITIONS:
        _CONDITIONS[key] = _parts(condition_of(holds))
    return _CONDITIONS[key]


def _assumptions(cls: type, name: str) -> list[Formula]:
    """Return what a class demands of its fields, asked of a twin with the same names."""
    if not hasattr(cls, "__post_init__") and cls is not Limits:
        return []

    def holds() -> bool:
        twin: Any = _laid_out(cls, Origin(name=name))
        try:
            return _accepts(twin)
        except InvalidValueError:
            return False

    return _cached((cls, name), holds)


def _parts(formula: Formula) -> list[Formula]:
    """Take a conjunction apart: the parts about other variables can be left out."""
    return list(formula.children()) if z3.is_and(formula) else [formula]


def _accepts(twin: Any) -> bool:
    if isinstance(twin, Limits):
        return not twin._contradictions()  # noqa: SLF001 - ranges come with the fields
    if isinstance(twin, Instrument):
        return next(twin._filter_faults(), None) is None  # noqa: SLF001 - tiers too
    twin.__post_init__()
    return True


def shapes(names: Mapping[str, tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Return every combination of values for these fields."""
    return [dict(zip(names, values, strict=True)) for values in product(*names.values())]

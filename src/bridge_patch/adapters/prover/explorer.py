"""One run of a function for each way its branches can go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Generic, NoReturn, TypeVar

import z3

from bridge_patch.adapters.prover.conversions import conversions
from bridge_patch.adapters.prover.solving import glance
from bridge_patch.adapters.prover.terms import Formula, names_in, simple

T = TypeVar("T")
PATHS_MAX: Final = 50_000


class Signal(BaseException):
    """Leaves a run; no Exception, which a judge would turn into a refusal."""


class NoSuchWorldError(Signal):
    """What was assumed does not hold on this path, so it is none."""


class NotExecutableError(Signal):
    """The function did something with a symbol that has no meaning here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path(Generic[T]):
    """One way through a function: what had to be true for it, and what came of it.

    `shape` says which alternative was taken where a field may be one of several things;
    `touched` is what was read, and `seen` the names of it before a record was completed.
    """

    condition: tuple[Formula, ...]
    assumed: tuple[Formula, ...]
    shape: MappingProxyType[str, str]
    touched: MappingProxyType[str, object]
    seen: frozenset[str]
    outcome: T


@dataclass(slots=True)
class _Fork:
    taken: int
    others: list[int]


@dataclass(slots=True)
class Explorer:
    """Depth first, by running again from the start: the function is pure, so it may be.

    Without `pruning` no branch is left out; for functions too small to be worth asking.
    With `patience` it gives up quietly after so many runs: to look for one, not for all.
    """

    pruning: bool = True
    patience: int | None = None
    _settling: bool = False
    #: What was read before the rest of a record was settled.
    _read: frozenset[str] = frozenset()
    _forks: list[_Fork] = field(default_factory=list)
    _at: int = 0
    _condition: list[Formula] = field(default_factory=list)
    #: What was decided on this path, by the term's id, which lives as long as the term.
    _decided: dict[int, bool] = field(default_factory=dict)
    _kept: list[tuple[Formula, Formula]] = field(default_factory=list)
    #: An input that takes the path so far, where one is at hand.
    _model: Any = None
    _assumed: dict[int, Formula] = field(default_factory=dict)
    _shape: dict[str, str] = field(default_factory=dict)
    _touched: dict[str, object] = field(default_factory=dict)

    def paths(self, run: Callable[[], T]) -> Iterator[Path[T]]:
        """Yield every way through `run` that some input can take."""
        for _ in range(self.patience or PATHS_MAX):
            self._forget()
            outcome, done = self._run(run)
            if done is None:
                yield Path(
                    condition=tuple(self._condition),
                    assumed=tuple(self._assumed.values()),
                    shape=MappingProxyType(dict(self._shape)),
                    touched=MappingProxyType(dict(self._touched)),
                    seen=self._read or frozenset(self._touched),
                    outcome=outcome[0],
                )
            if not self._next():
                return
        if self.patience is not None:
            return
        msg = f"more than {PATHS_MAX} paths"
        raise NotExecutableError(msg)

    def _forget(self) -> None:
        self._at, self._model = 0, None
        self._settling, self._read = False, frozenset()
        for kept in (self._condition, self._decided, self._kept):
            kept.clear()
        for known in (self._assumed, self._shape, self._touched):
            known.clear()

    def _run(self, run: Callable[[], T]) -> tuple[list[T], Signal | None]:
        _STACK.append(self)
        try:
            with conversions():
                return [run()], None
        except NoSuchWorldError as e:
            return [], e
        finally:
            _STACK.pop()

    def _next(self) -> bool:
        while self._forks:
            last = self._forks[-1]
            if last.others:
                last.taken = last.others.pop(0)
                return True
            self._forks.pop()
        return False

    def decide(self, term: Formula) -> bool:
        """Take a branch: each side that some input reaches is taken in some run."""
        term = simple(term)
        if z3.is_true(term) or z3.is_false(term):
            return bool(z3.is_true(term))
        known = self._decided.get(term.get_id())
        if known is not None:
            return known
        sides = (term, simple(z3.Not(term)))
        if self._at == len(self._forks):
            fork = self._open(sides)
            self._forks.append(_Fork(fork.taken, []) if self._settling else fork)
        taken = self._step()
        self._condition.append(sides[taken])
        self._decided[sides[0].get_id()] = taken == 0
        self._decided[sides[1].get_id()] = taken == 1
        self._kept.append(sides)
        return taken == 0

    def choose(self, name: str, options: Sequence[str]) -> int:
        """Take one of several alternatives, the same one whenever the name is asked."""
        if name in self._shape:
            return list(options).index(self._shape[name])
        if self._at == len(self._forks):
            others = [] if self._settling else list(range(1, len(options)))
            self._forks.append(_Fork(0, others))
        taken = self._step()
        self._shape[name] = options[taken]
        return taken

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Take the first way at every branch of this block, and none of the others."""
        before, self._settling = self._settling, True
        self._read = self._read or frozenset(self._touched)
        try:
            yield
        finally:
            self._settling = before

    def assume(self, term: Formula) -> None:
        """Go on only in worlds where this is true."""
        term = simple(term)
        if z3.is_false(term):
            raise NoSuchWorldError
        if not z3.is_true(term):
            self._assumed.setdefault(term.get_id(), term)

    def touch(self, name: str, value: object) -> None:
        """Note that a field was read, and what it was."""
        self._touched.setdefault(name, value)

    def _open(self, sides: tuple[Formula, Formula]) -> _Fork:
        """Keep the sides some input reaches; the model at hand often shows one of them."""
        if not self.pruning:
            return _Fork(0, [1])
        seen = self._seen(sides[0])
        order = (0, 1) if seen is None else (1 - seen, seen)
        found = self._look(sides[order[0]])
        if found is False:
            return _Fork(order[1], [])
        if seen is not None:
            self._model = found if order[0] == 0 else self._model
            return _Fork(0, [1])
        if self._look(sides[1]) is False:
            self._model = found
            return _Fork(0, [])
        self._model = found
        return _Fork(0, [1])

    def _seen(self, side: Formula) -> int | None:
        """Return the side that the model at hand takes, if it knows all of it."""
        if not isinstance(self._model, z3.ModelRef):
            return None
        if not names_in(side) <= {str(known) for known in self._model.decls()}:
            return None
        return 0 if z3.is_true(self._model.eval(side)) else 1

    def _look(self, side: Formula) -> Any | bool:
        return glance([*self._condition, side], [*self._assumed.values()])

    def _step(self) -> int:
        fork = self._forks[self._at]
        self._at += 1
        return fork.taken


_STACK: Final[list[Explorer]] = []


def current() -> Explorer:
    """Return the exploration that is running."""
    if not _STACK:
        msg = "a symbol was asked for its value outside an exploration"
        raise NotExecutableError(msg)
    return _STACK[-1]


def abandon() -> NoReturn:
    """Leave this path: it is of no interest."""
    raise NoSuchWorldError


def condition_of(holds: Callable[[], bool]) -> Formula:
    """Return the formula under which a small function of symbols answers yes."""
    paths = Explorer(pruning=False).paths(holds)
    return simple(z3.Or(*[z3.And(*path.condition) for path in paths if path.outcome]))

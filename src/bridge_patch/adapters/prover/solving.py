"""Can these formulas be true together? The only caller of the solver."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Timer
from time import monotonic
from typing import Any, Final

import z3

from bridge_patch.adapters.prover.terms import Formula, laws_for, names_in

#: A quick look, to leave out branches that cannot be taken; not knowing keeps the branch.
_GLANCE_MS: Final = 400
#: A verdict; not knowing is reported as such.
VERDICT_MS: Final = 20_000
#: When whoever asks stops waiting, on the monotonic clock; None where nobody does.
_DEADLINE: Final[ContextVar[float | None]] = ContextVar("deadline", default=None)


class OutOfTimeError(BaseException):
    """The time is over; no Exception, which a claim would take for its own failure."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Leave the block by OutOfTimeError where it asks the solver after so many seconds.

    A question that is being answered then is broken off.
    """
    deadline = monotonic() + seconds
    token, timer = _DEADLINE.set(deadline), Timer(seconds, z3.main_ctx().interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except z3.Z3Exception:
        if monotonic() < deadline:
            raise
        raise OutOfTimeError from None
    finally:
        timer.cancel()
        timer.join()
        _DEADLINE.reset(token)


def satisfy(
    formulas: Sequence[Formula], assumed: Sequence[Formula], *, timeout_ms: int
) -> Any | bool | None:
    """Return a model, False where there is none, None where the solver does not know.

    The fewer assumptions the quicker, and what cannot be true under few of them cannot
    under all: those about other variables are added only where a model was found.
    """
    laws, names = laws_for(formulas)
    near = [formula for formula in assumed if names_in(formula) <= names]
    found = _solve([*formulas, *laws, *near], timeout_ms)
    if found is False or len(near) == len(assumed):
        return found
    more, _ = laws_for([*formulas, *assumed])
    return _solve([*formulas, *more, *assumed], timeout_ms)


def glance(formulas: Sequence[Formula], assumed: Sequence[Formula]) -> Any | bool:
    """Tell whether a branch may be taken, by a model if one was found; in doubt it may."""
    laws, names = laws_for(formulas)
    near = [formula for formula in assumed if names_in(formula) <= names]
    found = _solve([*formulas, *laws, *near], _GLANCE_MS)
    return True if found is None else found


def _solve(formulas: Sequence[Formula], timeout_ms: int) -> Any | bool:
    """Ask the procedure for real arithmetic and, for a verdict, the general one too."""
    answer, model = _ask(z3.SolverFor("QF_NRA"), formulas, _GLANCE_MS)
    for logic in ("ALL", "QF_NRA") if timeout_ms > _GLANCE_MS else ():
        if answer == z3.unknown:
            answer, model = _ask(z3.SolverFor(logic), formulas, timeout_ms)
    if answer == z3.sat:
        return model
    return False if answer == z3.unsat else None


def _ask(solver: Any, formulas: Sequence[Formula], timeout_ms: int) -> tuple[Any, Any]:
    solver.set("timeout", min(timeout_ms, _left_ms()))
    solver.add(*formulas)
    answer = solver.check()
    _left_ms()  # an answer that came too late is none
    return answer, solver.model() if answer == z3.sat else None


def _left_ms() -> int:
    """Return how long a question may take, at least 1; raise where the time is over."""
    deadline = _DEADLINE.get()
    if deadline is None:
        return VERDICT_MS
    if (left_sec := deadline - monotonic()) <= 0:
        raise OutOfTimeError
    return max(1, int(left_sec * 1000))

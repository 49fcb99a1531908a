"""A verdict is computed the same way in every process."""

from decimal import (
    ROUND_DOWN,
    ROUND_HALF_EVEN,
    Context,
    DefaultContext,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
    getcontext,
)
from importlib.util import find_spec, module_from_spec
from types import ModuleType

import pytest

from bridge_patch.domain import arithmetic


@pytest.fixture
def rewritten(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The arithmetic as imported by a process that has changed every default."""
    strange = {"prec": 3, "Emin": -9, "Emax": 9, "capitals": 0, "clamp": 1}
    for name, value in {**strange, "rounding": ROUND_DOWN}.items():
        monkeypatch.setattr(DefaultContext, name, value)
    for trap in list(DefaultContext.traps):
        monkeypatch.setitem(DefaultContext.traps, trap, False)
    spec = find_spec(arithmetic.__name__)
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_arithmetic_is_written_out_in_full(rewritten: ModuleType) -> None:
    """Whatever a library did to the defaults before the Governor was imported."""
    with rewritten.exactly() as context:
        assert isinstance(context, Context)
        assert (context.prec, context.rounding) == (28, ROUND_HALF_EVEN)
        assert (context.Emin, context.Emax) == (-999_999, 999_999)
        assert (context.capitals, context.clamp) == (1, 0)
        assert {trap for trap, on in context.traps.items() if on} == {
            DivisionByZero,
            FloatOperation,
            InvalidOperation,
            Overflow,
        }
        assert getcontext() is context

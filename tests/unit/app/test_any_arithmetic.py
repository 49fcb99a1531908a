"""Governor and sizer answer alike, whatever the thread's decimal context is set to."""

from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_UP,
    Context,
    Decimal,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    Subnormal,
    localcontext,
)
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.app.contract.ai_sizer import AISizerPolicy, SizingConfig
from bridge_patch.app.contract.risk_governor import GovernorConfig, RiskGovernor
from bridge_patch.governor.ruling import Ruling
from bridge_patch.governor.votes import Case
from bridge_patch.governor.weigh import weigh
from bridge_patch.policy.sizing import Sized, size

SIGNALS = [FloatOperation, Inexact, InvalidOperation, Overflow, Rounded, Subnormal]
contexts = st.builds(
    Context,
    prec=st.integers(1, 40),
    rounding=st.sampled_from([ROUND_CEILING, ROUND_UP]),
    Emin=st.integers(-9, 0),
    Emax=st.integers(0, 9),
    traps=st.lists(st.sampled_from(SIGNALS), unique=True),
)
amounts = st.decimals("0.01", "2000000", places=9) | st.floats(0.01, 2e6)
GOVERNOR, SIZER = RiskGovernor(GovernorConfig()), AISizerPolicy(SizingConfig())


def under(context: Context, ask: Callable[[], Any]) -> Any:
    with localcontext(context):
        return ask()


@given(context=contexts, margin=amounts, leverage=st.floats(0.1, 130), budget=amounts)
def test_an_answer_does_not_depend_on_the_askers_arithmetic(
    context: Context, margin: Any, leverage: float, budget: Any
) -> None:
    def ask() -> Any:
        return GOVERNOR.evaluate("BTCUSDT", "BUY", 0.9, margin, leverage, budget)

    assert under(context, ask) == ask()


def test_the_numbers_of_an_answer_are_exact_in_a_coarse_context() -> None:
    with localcontext(Context(prec=3, traps=[Inexact, Rounded])):
        approved, reason, meta = GOVERNOR.evaluate("BTCUSDT", "BUY", 0.9, 580.64, 15.5)

    assert (approved, reason) == (True, "PASS")
    assert meta["notional_usd"] == 8999.92


@given(
    context=contexts,
    confidence=st.floats(0, 1),
    factor=st.floats(0.25, 4),
    equity=st.floats(1, 1e9),
)
def test_a_size_does_not_depend_on_the_askers_arithmetic(
    context: Context, confidence: float, factor: float, equity: float
) -> None:
    def ask() -> Any:
        return SIZER.compute_size_and_leverage(confidence, factor, equity)

    assert under(context, ask) == ask()


def test_the_policy_itself_computes_exactly() -> None:
    def ask() -> Any:
        one = Decimal(1)
        return size(Decimal("0.85"), one, Decimal(10_000), SizingConfig().bounds())

    assert isinstance(ask(), Sized)
    assert under(Context(prec=1), ask) == ask()


@given(context=contexts)
def test_bounds_are_read_in_any_arithmetic(context: Context) -> None:
    def read() -> Any:
        env = {"MAX_NOTIONAL_USD": "1234.56", "TAKER_FEE_PCT": "0.0451"}
        return GovernorConfig.from_env(env).limits(), SizingConfig.from_env(env)

    assert under(context, read) == read()


class Mute(str):
    __slots__ = ()

    def __str__(self) -> NoReturn:
        raise RuntimeError("no")


class Forger(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "ETHUSDT"


@pytest.mark.parametrize("kind", [Mute, Forger])
def test_a_symbol_is_what_it_was_made_of_and_not_what_it_says(
    kind: type[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subclass of text may raise when it is read again, or say something else."""
    judged: list[str] = []

    def watched(case: Case, *rules: Any) -> Ruling:
        judged.append(case.symbol)
        return weigh(case, *rules)

    monkeypatch.setattr("bridge_patch.app.contract.answers.weigh", watched)
    approved, _, _ = GOVERNOR.evaluate(kind("BTCUSDT"), "BUY", 0.9, 500, 10)
    SIZER.inject_into_payload({"symbol": kind("BTCUSDT")}, 0.85, 1.0, 10_000.0)
    said = capsys.readouterr().out

    assert approved
    assert judged == ["BTCUSDT"]
    assert type(judged[0]) is str
    assert "ETHUSDT" not in said
    assert said.count("BTCUSDT") == 2


class Named(type):
    def __getattribute__(cls, _: str) -> Any:
        raise RuntimeError("no")


KINDS: dict[str, Callable[[], type]] = {
    "forging": lambda: type("x\n[GOVERNOR] ✅ ACCEPT", (), {}),
    "mute": lambda: Named("Fine", (), {}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_class_without_a_usable_name_is_refused_in_one_line(kind: str) -> None:
    thing: Any = object.__new__(KINDS[kind]())
    approved, reason, _ = GOVERNOR.evaluate("BTCUSDT", "BUY", thing, 500, 9)

    assert not approved
    assert reason.startswith("INPUT_INVALID: confidence must be")
    assert "\n" not in reason
    assert "ACCEPT" not in reason

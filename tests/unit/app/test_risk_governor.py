"""The Governor under its old name: the contract's examples, and any value at all."""

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.app.contract.risk_governor import (
    GovernorConfig,
    RiskGovernor,
)
from bridge_patch.app.settings import load_settings
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.rules import CONTRACT_BOUNDS, CONTRACT_CHECKS

GOOD: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "action": "BUY",
    "confidence": 0.95,
    "position_size_usd": 500.0,
    "leverage": 10.0,
}
ARGUMENTS = [*GOOD, "risk_budget_usd"]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shipped defaults, whatever the machine's environment says."""
    for name in ("MAX_NOTIONAL_USD", "GOVERNOR_FAIL_OPEN", "GOVERNOR_BELOW_MIN"):
        monkeypatch.delenv(name, raising=False)


def ask(config: GovernorConfig | None = None, /, **changes: Any) -> tuple[bool, str, Any]:
    return RiskGovernor(config or GovernorConfig()).evaluate(**{**GOOD, **changes})


class Evil:
    """Raises wherever it is looked at."""

    def _no(self, *_: object) -> Any:
        raise RuntimeError("no")

    __float__ = __int__ = __index__ = __bool__ = __str__ = __repr__ = _no
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __hash__ = _no
    __len__ = __iter__ = __getitem__ = __neg__ = __abs__ = __format__ = _no


class Liar(Evil):
    """Says it is a float, and raises when asked again."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("no")

    @__class__.setter
    def __class__(self, _: Any) -> None: ...


class EvilFloat(float):
    __float__ = __repr__ = __str__ = __lt__ = __le__ = __eq__ = Evil._no
    __hash__ = Evil._no


class EvilText(str):
    __slots__ = ()
    __eq__ = __str__ = __len__ = __iter__ = __contains__ = Evil._no
    __hash__ = Evil._no


BAD_NUMBERS: list[Any] = [
    *(True, False, "500", b"5", [], {}, (), object(), Evil(), Liar(), 1j, ..., type, len),
    *(float("nan"), float("inf"), float("-inf"), 5e-324, -5e-324, 1e300, -1.0),
    *(10**400, -(10**400), Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")),
    *(Decimal("1E+999999"), Decimal("1E-999999"), Decimal(-1), Fraction(-1, 3)),
    *(EvilFloat("nan"), EvilFloat(-1)),
]
NOTHING: list[Any] = [None, 0, 0.0, -0.0, Decimal(0), Decimal("-0")]
BAD_WORDS: list[Any] = [
    *(None, True, 0, 1.5, float("nan"), b"BUY", [], Evil(), Liar(), object()),
    *("", "buy", " BUY", "BUY\n", "BTC/USDT", "btcusdt", "B" * 25, "\ud800"),
    *(EvilText("buy"), "\uff22\uff35\uff39", "BUY\x00"),
]
BAD: list[tuple[str, Any]] = [
    ("action", "BANANA"),
    *((name, bad) for name in ("symbol", "action") for bad in BAD_WORDS),
    *((name, bad) for name in ARGUMENTS[2:] for bad in BAD_NUMBERS),
    *((name, bad) for name in ARGUMENTS[2:5] for bad in NOTHING),
    *(("risk_budget_usd", bad) for bad in NOTHING[1:]),
    *(("confidence", bad) for bad in (1.0000001, 7.0, 95, Decimal("1.01"))),
]


def code_of(reason: str) -> Reason:
    return Reason(reason.partition(":")[0])


def test_the_good_question_is_approved() -> None:
    """Guards every refusal below."""
    approved, reason, meta = ask()

    assert (approved, reason) == (True, "PASS")
    assert (meta["clamped_size_usd"], meta["clamped_leverage"]) == (500.0, 10.0)
    assert meta["notional_usd"] == 5000.0
    assert ask(risk_budget_usd=500.0)[0]


@pytest.mark.parametrize("fail_open", [False, True])
def test_any_value_in_any_argument_is_refused_with_a_code(fail_open: bool) -> None:
    """Never an exception, never an approval, and nothing is left to trade."""
    governor = RiskGovernor(GovernorConfig(fail_open=fail_open))
    for name, bad in BAD:
        approved, reason, meta = governor.evaluate(**{**GOOD, name: bad})

        assert approved is False, (name, type(bad))
        assert code_of(reason) is not Reason.PASS
        assert meta["clamped_size_usd"] == meta["notional_usd"] == 0.0
        json.dumps(meta)


@given(
    values=st.dictionaries(
        st.sampled_from(ARGUMENTS),
        st.none() | st.booleans() | st.floats() | st.integers() | st.decimals() | st.text(),
        min_size=1,
    )
)
def test_whatever_is_asked_there_is_an_answer_within_bounds(values: dict[str, Any]) -> None:
    approved, reason, meta = ask(**values)
    asked = {**GOOD, **values}

    code_of(reason)
    if approved and asked["action"] != "CLOSE":
        assert (
            50 <= meta["clamped_size_usd"] <= min(10_000, float(asked["position_size_usd"]))
        )
        assert 5 <= meta["clamped_leverage"] <= min(80, float(asked["leverage"]))
        assert meta["notional_usd"] <= 100_000


@pytest.mark.parametrize(
    ("value", "how"),
    [
        (None, "MISSING"),
        (0, "ZERO"),
        (-0.0, "ZERO"),
        (-500, "NEGATIVE"),
        (float("nan"), "NAN"),
        (Decimal("sNaN"), "NAN"),
        (float("inf"), "INFINITE"),
    ],
)
def test_size_and_leverage_have_a_code_for_each_way_to_be_no_amount(
    value: Any, how: str
) -> None:
    assert code_of(ask(position_size_usd=value)[1]) == f"SIZE_{how}"
    assert code_of(ask(leverage=value)[1]) == f"LEVERAGE_{how}"


@pytest.mark.parametrize(
    "number",
    [
        500,
        500.0,
        Decimal(500),
        Decimal("500.00"),
        Fraction(500),
        type("F", (float,), {})(500),
    ],
)
def test_every_kind_of_number_is_a_number(number: Any) -> None:
    assert ask(position_size_usd=number)[2]["clamped_size_usd"] == 500.0


def test_the_largest_and_smallest_values_that_are_still_amounts() -> None:
    assert ask(confidence=1.0)[0]
    assert ask(confidence=1)[0]
    assert ask(position_size_usd=10**12, leverage=10)[2]["clamped_size_usd"] == 10_000.0
    assert code_of(ask(position_size_usd=1e-12)[1]) == "SIZE_BELOW_MIN"
    assert code_of(ask(position_size_usd=10**12 + 1)[1]) == "INPUT_INVALID"
    assert code_of(ask(position_size_usd=9.9e-13)[1]) == "INPUT_INVALID"


def test_a_float_is_read_as_it_is_written() -> None:
    """0.1 is one tenth; a binary expansion is cut off, never rounded up."""
    config = GovernorConfig(min_confidence=0.1)

    assert ask(config, confidence=0.1)[0]
    assert not ask(config, confidence=Decimal("0.0999999999999999999999999999999999"))[0]
    assert ask(position_size_usd=452.61, leverage=15.5)[2]["clamped_size_usd"] == 452.61


def test_the_contracts_two_examples() -> None:
    tight = GovernorConfig(max_notional_usd=50_000)
    refused = ask(tight, position_size_usd=10_000, leverage=10)
    clamped = ask(position_size_usd=100_000, leverage=10)

    assert (refused[0], code_of(refused[1])) == (False, "NOTIONAL_EXCEEDED")
    assert refused[1] == "NOTIONAL_EXCEEDED: notional 100000 > 50000"
    assert clamped[0]
    assert clamped[1] == "PASS: SIZE_ABOVE_MAX: margin 100000 > 10000"
    assert clamped[2]["clamped_size_usd"] == 10_000.0
    assert clamped[2]["clamped_leverage"] == 10.0
    assert clamped[2]["notional_usd"] == 100_000.0


def test_margin_and_leverage_clamp_before_the_notional_is_judged() -> None:
    """250x becomes 80x first; 80 x 1,250 is the bound to the cent."""
    assert ask(position_size_usd=1250, leverage=250)[2]["clamped_leverage"] == 80.0
    assert code_of(ask(position_size_usd=1250.01, leverage=250)[1]) == "NOTIONAL_EXCEEDED"


def test_below_a_minimum_is_refused_with_both_numbers() -> None:
    assert ask(position_size_usd=50, leverage=5)[0]
    assert ask(position_size_usd=49.99)[1] == "SIZE_BELOW_MIN: margin 49.99 < 50"
    assert ask(leverage=4.9)[1] == "LEVERAGE_BELOW_MIN: leverage 4.9 < 5"


def test_without_a_stop_the_loss_is_the_whole_margin() -> None:
    assert ask(risk_budget_usd=500)[0]
    assert ask(risk_budget_usd=499.99)[1] == (
        "EXCEEDS_RISK_BUDGET: loss at stop 500.00 > 499.99"
    )


def test_fail_open_approves_with_a_warning_that_is_no_pass() -> None:
    config = GovernorConfig(min_confidence=0.96, fail_open=True)
    approved, reason, meta = ask(config, risk_budget_usd=1)

    assert approved
    assert reason.startswith("PASS: CONFIDENCE_BELOW_FLOOR: ")
    assert [w.partition(":")[0] for w in meta["warnings"]] == [
        "CONFIDENCE_BELOW_FLOOR",
        "EXCEEDS_RISK_BUDGET",
    ]
    assert (meta["votes"]["confidence_floor"], meta["votes"]["own_risk_budget"]) == (
        "WARN",
        "WARN",
    )
    assert not ask(GovernorConfig(min_confidence=0.96))[0]


def test_meta_says_what_was_asked_and_what_was_not() -> None:
    meta = ask()[2]
    asked = [rule.__name__ for rule in (*CONTRACT_BOUNDS, *CONTRACT_CHECKS)]

    assert meta["policies_checked"] == asked == [*meta["votes"]]
    assert meta["account_judged"] is False
    assert {"total_notional", "trading_state"} <= {*meta["policies_not_judged"]}
    assert not {*asked} & {*meta["policies_not_judged"]}
    assert meta["limits_hash"] == load_settings({}).limits().digest()
    assert (meta["raised"], meta["reduce_only"], meta["warnings"]) == (False, False, [])


@pytest.mark.parametrize("nothing", [None, 0, 0.0])
def test_a_close_needs_no_numbers_and_no_rule_can_refuse_it(nothing: Any) -> None:
    """Exits are never blocked; how much may be closed only the position can say."""
    tight = GovernorConfig(min_confidence=1.0, max_notional_usd=250)
    close = {"action": "CLOSE", "confidence": nothing, "leverage": nothing}
    approved, reason, meta = ask(tight, **close, position_size_usd=nothing)

    assert approved
    assert reason == "PASS: reduces what is open; the position was not judged"
    assert meta["reduce_only"]
    assert (meta["policies_checked"], meta["clamped_size_usd"]) == ([], 0.0)
    echoed = ask(tight, action="CLOSE", position_size_usd=60_000, confidence=0.1)
    assert echoed[0]
    assert echoed[2]["clamped_size_usd"] == 60_000.0


def test_garbage_is_refused_in_a_close_too() -> None:
    for name, bad in BAD:
        if name == "action" or any(bad is nothing for nothing in NOTHING):
            continue
        assert not ask(**{"action": "CLOSE", name: bad})[0], (name, type(bad))

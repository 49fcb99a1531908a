"""What the judge does where a rule above it, or a reading, has failed to hold."""

from dataclasses import replace
from decimal import Decimal, localcontext

import pytest

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import LiveIntent
from bridge_patch.domain.money import Quantity
from bridge_patch.governor import judge as judging
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge, judge_reduction
from bridge_patch.governor.measures import bounded_of
from bridge_patch.governor.ruling import Permitted
from bridge_patch.governor.terms import Terms, terms_of
from bridge_patch.governor.votes import Case
from tests.questions import BTC_RULES, FINE, position, proposal, reasons, reduction

D = Decimal


def approved() -> Approved:
    verdict = FINE.verdict()
    assert isinstance(verdict, Approved)
    return verdict


def test_an_approval_is_good_for_one_order() -> None:
    one = approved()
    one.spend()

    with pytest.raises(BrokenPromiseError, match="good for one order, and i-1 had its own"):
        one.spend()
    approved().spend()


def test_whether_it_is_spent_is_nobodys_to_say_and_nothing_to_tell_it_by() -> None:
    """What was decided is the same before the order and after."""
    one, other = approved(), approved()
    shown, values = (
        repr(one),
        {
            n: getattr(one, n)
            for n in one.__dataclass_fields__
            if n not in ("mint", "_left")
        },
    )
    one.spend()

    assert one == other
    assert repr(one) == shown
    assert "left" not in shown
    with pytest.raises(TypeError, match="_left"):
        Approved(**values, _left=[None], mint=object())  # type: ignore[call-arg]


def test_what_the_rules_let_through_without_a_quantity_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cent at 15x buys less than the venue's step: no rule is needed to see that."""

    def lenient(case: Case) -> Permitted:
        assert case.proposal == FINE.entry.proposal
        return Permitted(
            proposal=proposal("0.01", "15"), binding=(), warnings=(), votes=(), raised=False
        )

    monkeypatch.setattr(judging, "weigh", lenient)
    verdict = judge(LiveIntent(FINE.entry), FINE.snapshot, FINE.limits, FINE.now_ms)

    assert reasons(verdict) == ["QUANTITY_BELOW_MIN"]


def test_rules_that_do_not_compute_keep_no_position_open() -> None:
    """The wish is passed on as it is, and the venue rounds or refuses."""
    tiny = replace(BTC_RULES, quantity_step=D("1E-40"))
    verdict = judge_reduction(reduction(None, "0.0004"), position("1"), tiny)
    assert isinstance(verdict, ApprovedReduction)

    assert verdict.quantity.base == D("0.0004")


@pytest.mark.parametrize(("answer", "closed"), [("1.5", "1"), ("0", "0.4"), ("-1", "0.4")])
def test_no_rounding_closes_more_than_is_open_or_nothing(
    answer: str, closed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the trading rules come to round: more would open the other side."""
    monkeypatch.setattr(Instrument, "reducible", lambda *_: D(answer))
    verdict = judge_reduction(reduction(None, "0.4"), position("1"), BTC_RULES)
    assert isinstance(verdict, ApprovedReduction)

    assert verdict.quantity.base == D(closed)


def test_no_number_of_an_order_depends_on_the_arithmetic_around_it() -> None:
    def numbers() -> tuple[object, object, object]:
        reduced = judge_reduction(reduction(None, "123.4567"), position("200"), BTC_RULES)
        assert isinstance(reduced, ApprovedReduction)
        terms = terms_of(FINE.case(), proposal("9999.99", "13"))
        return reduced.quantity, terms, FINE.case().sigma_move

    before = numbers()
    with localcontext() as context:
        context.prec = 3
        context.clear_traps()
        after = numbers()

    assert after == before
    assert before[0] == Quantity(D("123.456"))
    assert isinstance(before[1], Terms)
    assert before[1].quantity == Quantity(D("1.368"))


@pytest.mark.parametrize(
    ("margin", "leverage", "bounded"),
    [
        ("450", "15", ("450", "15")),
        ("10000.01", "15", ("10000", "15")),
        ("450", "80.1", ("450", "80")),
        ("20000", "125", ("10000", "80")),
    ],
)
def test_a_tier_is_found_by_what_the_maxima_leave(
    margin: str, leverage: str, bounded: tuple[str, str]
) -> None:
    """A wish beyond them is cut anyway; it must not also fall into a stricter tier."""
    assert bounded_of(FINE.sized(margin, leverage).case()) == tuple(map(D, bounded))

"""The page about the Governor says what the code says."""

import re
from pathlib import Path

import pytest

from bridge_patch.app.governor_page import (
    PAGE,
    page_with_tables,
    reasons_of,
    reasons_table,
    rules_table,
)
from bridge_patch.app.settings import ROWS
from bridge_patch.app.why.remedies import REMEDIES
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import MEANINGS, Reason
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.votes import CapLeverage, CapMargin, Case, Deny, Rule, Warn
from tests.questions import FINE
from tests.unit.governor.cuts import CUT
from tests.unit.governor.refusals import REFUSED

ROOT = Path(__file__).parents[3]
AGAIN = "run `python -m bridge_patch.app.governor_page` in the root and read what changed"
RULES = (*BOUNDS, *CHECKS)


def test_the_page_is_current() -> None:
    page = (ROOT / PAGE).read_text()

    assert rules_table() in page, AGAIN
    assert reasons_table() in page, AGAIN
    assert page == page_with_tables(page), AGAIN


def test_the_page_lists_every_rule_and_every_reason_once() -> None:
    page = (ROOT / PAGE).read_text()
    first_cells = re.findall(r"^\| `(\w+)`", page, re.MULTILINE)

    assert first_cells == [rule.__name__ for rule in RULES] + [*MEANINGS]


def test_every_rule_promises_something() -> None:
    assert [r.__name__ for r in RULES if not (r.__doc__ or "").strip().endswith(".")] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_answers_only_what_the_page_says(rule: Rule) -> None:
    """Over every row of the tables: the reasons met are among those listed."""
    cases: list[Case] = [
        disturb(FINE).case()
        for name, disturb, _ in REFUSED
        if name not in {"nothing proposed", "another's rules"}
    ]
    cases += [cut.disturb(FINE).case() for cut in CUT.values()]
    met = {
        vote.reason
        for case in cases
        if isinstance(vote := rule(case), CapMargin | CapLeverage | Warn | Deny)
    }

    assert met
    assert met <= {*reasons_of(rule)}


def test_the_settings_named_exist_and_no_bound_is_forgotten() -> None:
    named = {name for remedy in REMEDIES.values() for name in remedy.settings}
    bounds = {"GOVERNOR_FAIL_OPEN", "GOVERNOR_BELOW_MIN"} | {
        row.name
        for row in ROWS
        if row.name.lower().removesuffix("_sec").removesuffix("_ms") in _LIMIT_WORDS
    }

    assert named <= {row.name for row in ROWS}
    assert set(REMEDIES) == set(Reason)
    assert named >= bounds
    assert len(named) == len(_LIMIT_WORDS)


#: The limits' own words, or the settings' where those differ.
_LIMIT_WORDS = {
    {
        "margin_min_usd": "min_order_usd",
        "margin_max_usd": "max_position_usd",
        "notional_max_usd": "max_notional_usd",
        "leverage_min": "ai_min_leverage",
        "leverage_max": "ai_max_leverage",
        "confidence_min": "min_confidence",
        "fail_open": "governor_fail_open",
        "below_min": "governor_below_min",
    }.get(name, name.removesuffix("_ms"))
    for name, of in Limits.__dataclass_fields__.items()
    if of.init
}

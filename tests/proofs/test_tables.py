"""The tables of the proofs cover the code, and the page lists what there is."""

import re
from dataclasses import fields

import pytest

from bridge_patch.adapters.prover.cases import HYPOTHESES, reads
from bridge_patch.adapters.prover.proof import Status, prove
from bridge_patch.adapters.prover.records import hints_of
from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.snapshot import Known, RiskSnapshot
from bridge_patch.governor.votes import Case
from tests.proofs import exceptions, page, rules, worse
from tests.proofs.promises import PROMISES
from tests.proofs.theorems import THEOREMS

NAMES = [rule.__name__ for rule in (*BOUNDS, *CHECKS)]
BY_NAME = {rule.__name__: rule for rule in (*BOUNDS, *CHECKS)}
WAYS = {way.name: way for way in worse.DIRECTIONS}
AGAIN = "run `make proofs` and read what changed"


def test_every_rule_has_a_promise() -> None:
    assert sorted(PROMISES) == sorted(NAMES)
    assert set(HYPOTHESES) <= set(NAMES)


def test_every_field_has_a_direction_or_none_on_purpose() -> None:
    """A new limit or reading is not forgotten by the theorems about a worse world."""
    hints = hints_of(RiskSnapshot)
    readings = {n for n, hint in hints.items() if Known in getattr(hint, "__args__", ())}
    times = {time.partition(".")[0] for time in worse.TIMES}

    assert set(worse.HELD) | {"unknown_since_ms"} == {f.name for f in fields(Exposure)}
    assert set(worse.DONE) == {f.name for f in fields(Activity)}
    assert set(worse.READINGS) | worse.NO_READING_DIRECTION == readings
    assert readings | times | worse.OTHERS == set(hints)
    assert {f.name for f in fields(Limits)} >= worse.NO_LIMIT_DIRECTION


def test_every_direction_is_read_by_a_rule_or_is_no_bound_of_the_judge() -> None:
    """A limit that no rule reads is enforced elsewhere, and named here."""
    read = frozenset().union(*(reads(rule) for rule in (*BOUNDS, *CHECKS)))
    unread = {way.name for way in worse.DIRECTIONS if way.reads not in read}

    assert unread == exceptions.ELSEWHERE


def test_no_rule_reads_what_is_no_field_of_a_case() -> None:
    roots = {f.name for f in fields(Case)}

    for rule in (*BOUNDS, *CHECKS):
        assert {path.partition(".")[0] for path in reads(rule)} <= roots


@pytest.mark.parametrize(("rule", "way"), exceptions.EXCEPTIONS, ids=lambda name: name)
def test_an_exception_is_one(rule: str, way: str) -> None:
    """What is listed as more lenient in a worse world really is, or it would be proved."""
    about = rules.keeps_steady if BY_NAME[rule] in BOUNDS else rules.monotone

    assert prove(about(BY_NAME[rule], WAYS[way].worsen)).status is Status.REFUTED


def test_the_page_lists_every_theorem_as_proved() -> None:
    text = page.PAGE.read_text()
    rows = re.findall(
        r"^\| `([\w ]+)` \| (.+) \| \d+ \| \d+ \| (\w+) \| [\d.]+ \|$", text, re.MULTILINE
    )

    assert [(name, says) for name, says, _ in rows] == [
        (name, theorem.says) for name, theorem in THEOREMS.items()
    ], AGAIN
    assert {status for *_, status in rows} == {"proved"}


def test_the_page_tells_exceptions_hypotheses_and_every_rule_alone() -> None:
    text = page.PAGE.read_text()
    alone = text.partition("### Each rule alone")[2]

    assert "\n".join(page.exceptions()) in text, AGAIN
    assert "\n".join(page.hypotheses()) in text, AGAIN
    assert re.findall(r"^\| `(\w+)` \| .", alone, re.MULTILINE) == NAMES, AGAIN

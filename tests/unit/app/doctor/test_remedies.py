"""Every cause has something that a person can do."""

from pathlib import Path

import pytest

from bridge_patch.adapters.venue_ccxt.codes import ROWS, Disposition
from bridge_patch.adapters.venue_ccxt.outcome import (
    NoReply,
    NothingSent,
    Refused,
    Reply,
    classify,
)
from bridge_patch.app.doctor.remedies import ADVICE, cause_of, remedy_of
from bridge_patch.domain.intent import Unknown

PAGE = Path("docs/doctor.md").read_text(encoding="utf-8")


def cause(answer: NoReply | NothingSent | Reply) -> str:
    outcome = classify(answer)
    assert isinstance(outcome, Refused | Unknown)
    return cause_of(outcome)


@pytest.mark.parametrize("code", [code for row in ROWS for code in row.codes])
def test_every_published_code_has_a_remedy(code: int) -> None:
    assert remedy_of(str(code))


def test_no_cause_stands_in_two_rows() -> None:
    causes = [cause for advice in ADVICE for cause in advice.causes]

    assert sorted(causes) == sorted(set(causes))


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (401, '{"code":-2015,"msg":"Invalid API-key, IP, or permissions"}', "revoked"),
        (401, '{"code":-2014,"msg":"API-key format invalid."}', "form of a key"),
        (400, '{"code":-1022,"msg":"Signature not valid."}', "signature is wrong"),
        (400, '{"code":-1021,"msg":"outside of the recvWindow"}', "our clock"),
        (400, '{"code":-4061,"msg":"position side"}', "hedge mode"),
        (400, '{"code":-4168,"msg":"Multi-Assets"}', "several assets"),
        (400, '{"code":-4140,"msg":"Invalid symbol status"}', "does not trade"),
        (400, '{"code":-4028,"msg":"Leverage 80 is not valid"}', "less leverage"),
        (400, '{"code":-4203,"msg":"account age"}', "younger than 60 days"),
        (400, '{"code":-4400,"msg":"quantitative rules"}', "only reductions"),
        (503, '{"code":0,"msg":"Service Unavailable."}', "maintenance"),
        (503, "<html>maintenance</html>", "maintenance"),
        (503, '{"code":-1008,"msg":"throttled"}', "maintenance"),
        (500, "", "maintenance"),
        (502, "<html>", "no answer"),
        (408, '{"code":-1007,"msg":"Timeout"}', "no answer"),
        (429, '{"code":-1003,"msg":"Too many requests"}', "too many"),
        (418, "banned", "too many"),
        (403, "<html>", "firewall"),
        (404, "", "does not know"),
        (200, "<html>", "does not know"),
        (200, "", "does not know"),
        (200, '{"code":-2015,"msg":"said as a success"}', "revoked"),
    ],
)
def test_what_a_reading_meets_is_translated(status: int, body: str, means: str) -> None:
    """An answer that reads as a success at first is read into its type, and fails there."""
    outcome = classify(Reply(status=status, body=body))
    if not isinstance(outcome, Refused | Unknown):
        outcome = Unknown("the reply cannot be read: JSON is malformed")
    (advice,) = [a for a in ADVICE if cause_of(outcome) in a.causes]

    assert means in advice.meaning
    assert remedy_of(cause_of(outcome)) == advice.remedy


def test_what_never_came_back_is_told_from_what_never_left() -> None:
    assert cause(NoReply("TimeoutError")) == "NO_REPLY"
    assert cause(NothingSent("ClientConnectorError")) == "NOT_SENT"


def test_a_code_that_nobody_knows_still_has_a_remedy() -> None:
    unheard = Refused(code="-9999", message="?", disposition=Disposition.UNKNOWN)

    assert "report it" in remedy_of(cause_of(unheard))


@pytest.mark.parametrize("advice", ADVICE, ids=lambda advice: advice.causes[0])
def test_every_row_is_on_the_page(advice: object) -> None:
    meaning, remedy = vars_of(advice)

    assert f"| {meaning} | " in PAGE
    assert f" | {remedy} |" in PAGE


def vars_of(advice: object) -> tuple[str, str]:
    (found,) = [a for a in ADVICE if a is advice]
    return found.meaning, found.remedy

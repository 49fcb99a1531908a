"""What an answer proves: accepted, refused, or nothing at all."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge_patch.adapters.venue_ccxt.codes import (
    CODES,
    WORDINGS_503,
    Disposition,
    repeated,
)
from bridge_patch.adapters.venue_ccxt.outcome import (
    Accepted,
    NoReply,
    NothingSent,
    Refused,
    Reply,
    classify,
    read,
)
from bridge_patch.domain.intent import Unknown

SHARED = Path(__file__).parents[5] / "shared"
RECORDED = SHARED / "payloads/errors_recorded.jsonl"
REFERENCE = SHARED / "reference/venue-binance.md"
U = Disposition.UNKNOWN


def fault(status: int, code: int | None = None, msg: str = "said") -> Reply:
    body = {"msg": msg} if code is None else {"code": code, "msg": msg}
    return Reply(status=status, body=json.dumps(body))


def letter(answer: Reply) -> str:
    """The disposition, A for accepted and U for unknown."""
    match classify(answer):
        case Accepted():
            return "A"
        case Refused(disposition=disposition):
            return disposition.value
        case Unknown():
            return "U"


#: The rows of the reference that are decided by status and wording, not by a code.
BY_STATUS = [
    (fault(503, None, "Unknown error, please check your request or try again later."), "U"),
    (
        fault(503, -1000, "Unknown error, please check your request or try again later."),
        "U",
    ),
    (
        Reply(
            status=503,
            body='{"timestamp":"t","path":"/fapi/v1/order","msg":"Unknown error, please'
            ' check your request or try again later."}',
        ),
        "U",
    ),
    (fault(503, None, "Service Unavailable."), "T"),
    (
        fault(
            503, -1001, "Internal error; unable to process your request. Please try again."
        ),
        "T",
    ),
    (fault(503, -1008, "Request throttled by system-level protection."), "T"),
    (fault(503, -2019, "Margin is insufficient."), "U"),
    (fault(503, None, "Request occur unknown error."), "U"),
    (Reply(status=503, body="<html>503 Service Unavailable</html>"), "U"),
    (fault(500, -2019), "U"),
    (fault(502), "U"),
    (fault(504), "U"),
    (fault(408, -2019), "U"),
    (fault(429, -1003), "T"),
    (fault(418), "T"),
    (Reply(status=403, body="<html>blocked</html>"), "T"),
    (fault(404), "C"),
    (fault(405), "C"),
    (Reply(status=400, body=""), "C"),
    (fault(302), "U"),
    (
        fault(
            400, -1001, "Internal error; unable to process your request. Please try again."
        ),
        "U",
    ),
    (Reply(status=200, body=""), "U"),
    (Reply(status=200, body="  "), "U"),
    (fault(200, -2019), "U"),
    (Reply(status=200, body='{"code":"200","msg":"success"}'), "A"),
    (Reply(status=200, body='{"orderId":1}'), "A"),
]


@pytest.mark.parametrize(("answer", "expected"), BY_STATUS)
def test_status_and_wording_decide_as_the_reference_says(
    answer: Reply, expected: str
) -> None:
    assert letter(answer) == expected


#: One code of each row and more, written down a second time.
SAMPLES = {
    "U": (-1000, -1001, -1007, -2012, -4083, -4070, -9000, -1),
    "C": (
        -1013,
        -2015,
        -1102,
        -1118,
        -4137,
        -2007,
        -4003,
        -4164,
        -4120,
        -4028,
        -4161,
        -4067,
        -4531,
        -4061,
        -4109,
        -4104,
        -5039,
        -4054,
    ),
    "T": (-1003, -1008),
    "N": (
        -1021,
        -5028,
        -2020,
        -4140,
        -2010,
        -2019,
        -2021,
        -2022,
        -4118,
        -2023,
        -4045,
        -2027,
        -4131,
        -4088,
        -4400,
        -5022,
        -5026,
    ),
    "Q": (-1125, -2011, -2013),
    "I": (-4046, -4059, -4171, -4052, -4116, -5027),
    "W": (-4117, -5043),
}


@pytest.mark.parametrize("expected", SAMPLES)
def test_a_code_means_what_the_reference_says(expected: str) -> None:
    assert {letter(fault(400, code)) for code in SAMPLES[expected]} == {expected}


def stated() -> dict[int, str]:
    """The reference's table of codes: each with its letter, or what stands there."""
    text = REFERENCE.read_text()
    table = text.split("**Codes**")[1].split("Quant rules")[0]
    found: dict[int, str] = {}
    for line in table.splitlines():
        cells = [cell.strip().replace("*", "") for cell in line.split("|")[1:-1]]
        if len(cells) != 3 or not cells[0].startswith("-"):
            continue
        previous = 0
        for mark, number in re.findall(r"(…?)\s*-(\d+)", cells[0]):
            code = -int(number)
            for each in range(previous, code - 1, -1) if mark else (code,):
                found.setdefault(each, cells[2])
            previous = code
    return found


@pytest.mark.skipif(not REFERENCE.exists(), reason="the reference is not here")
def test_every_code_of_the_reference_is_in_the_table_and_no_other() -> None:
    unreachable = {*range(-4081, -4062), -4114, -4115} - {-4067, -4068}
    expected = {code: said for code, said in stated().items() if code not in unreachable}

    assert len(expected) > 150
    assert set(expected) == set(CODES)
    for code, said in expected.items():
        if said[0] in "NTCU" and said[:2] in {"N", "N,", "N:", "C", "C:", "U", "U:", "U "}:
            ours = letter(fault(400, code))
            assert ours == said[0] or (said.startswith("N, T") and ours == "T"), code


def test_no_code_stands_in_two_rows() -> None:
    assert list(repeated()) == []
    assert len(CODES) > 150


@given(code=st.integers(-99_999, -1).filter(lambda c: c not in CODES))
def test_a_code_that_is_not_listed_is_unknown(code: int) -> None:
    assert letter(fault(400, code)) == "U"


@given(status=st.integers(500, 599), code=st.sampled_from(sorted(CODES)))
def test_no_code_turns_a_server_error_into_a_refusal(status: int, code: int) -> None:
    """Only 503 has words that prove a failure; and one code."""
    if (status, code) != (503, -1008):
        assert letter(fault(status, code)) == "U"


@given(text=st.text())
def test_any_other_503_wording_is_unknown(text: str) -> None:
    if text.strip() not in {w.text for w in WORDINGS_503}:
        assert letter(fault(503, None, text)) == "U"


@given(body=st.text(), status=st.integers(100, 599))
def test_no_body_breaks_the_reading_and_none_claims_a_proof(body: str, status: int) -> None:
    """Garbage is never a definite refusal by a code, and never read as an order."""
    outcome = classify(Reply(status=status, body=body))

    if isinstance(outcome, Accepted):
        assert 200 <= status < 300
        assert body.strip()
    if isinstance(outcome, Refused):
        assert 400 <= status < 504


def test_what_never_left_is_refused_and_what_may_have_left_is_not() -> None:
    never, perhaps = classify(NothingSent("ClientConnectorError")), classify(NoReply("x"))

    assert isinstance(never, Refused)
    assert never.definite
    assert isinstance(perhaps, Unknown)


def test_what_asks_for_a_look_is_no_proof() -> None:
    """-4116 says that the first send stands; -2011 and -2013 may mean the other service."""
    for code in (-4116, -2011, -2013, -4117, -4046):
        outcome = classify(fault(400, code))
        assert isinstance(outcome, Refused)
        assert not outcome.definite


def test_a_refusal_tells_what_a_person_can_do() -> None:
    outcome = classify(fault(400, -4061, "Order's position side does not match."))

    assert isinstance(outcome, Refused)
    assert "one-way mode" in outcome.told()
    assert Refused(code="HTTP 404", message="m", disposition=U).told() == "m"


def test_a_text_from_outside_is_one_printable_line() -> None:
    outcome = classify(fault(400, -2010, "a\n\x1b[31mb" + "c" * 999))

    assert isinstance(outcome, Refused)
    assert outcome.message.isprintable()
    assert len(outcome.message) == 200


def test_a_success_that_lacks_a_field_is_unknown() -> None:
    import msgspec

    class Wanted(msgspec.Struct):
        order: int

    assert read('{"order": 5}', Wanted) == Accepted(Wanted(order=5))
    for body in ("{}", "[]", "null", "<html>", '{"order": "x"}', '{"order":'):
        assert isinstance(read(body, Wanted), Unknown)


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded replies are not here")
def test_recorded_errors_are_all_known() -> None:
    """Real replies, as they came; each has a disposition other than unknown."""
    rows = [json.loads(line) for line in RECORDED.read_text().splitlines()]
    futures = [r for r in rows if r.get("venue") == "fapi" and r["code"] in CODES]

    assert len(futures) >= 10
    for row in futures:
        assert letter(fault(row.get("http", 400), row["code"], row["msg"])) != "A"

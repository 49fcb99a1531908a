"""Our replies beside recorded ones: the same names, and texts where they have texts."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.app.binance_server.errors import words_of
from tests.unit.app.binance_server.desk import Desk

PAYLOADS = Path(__file__).parents[5] / "shared" / "payloads"
needs_payloads = pytest.mark.skipif(
    not PAYLOADS.is_dir(), reason="the recorded payloads are not beside the project"
)


@needs_payloads
@pytest.mark.parametrize("index", [0, 1, 2])
def test_an_order_reply_of_the_old_shape_has_what_was_recorded(index: int) -> None:
    recorded: Any = json.loads((PAYLOADS / "order_responses_recorded.json").read_text())
    response = recorded[index]["response"]
    theirs = response[1] if isinstance(response, list) else response
    desk = Desk()
    desk.dispose(old_replies=True)
    ours = desk.limit("BUY", "0.1", "59000", timeInForce="GTX")

    assert set(theirs) <= set(ours)
    assert {name: type(ours[name]) for name in theirs} == {
        name: type(value) for name, value in theirs.items()
    }


@needs_payloads
def test_refusals_are_worded_as_recorded() -> None:
    lines = (PAYLOADS / "errors_recorded.jsonl").read_text().splitlines()
    recorded: dict[int, set[str]] = {}
    for line in lines:
        one = json.loads(line)
        recorded.setdefault(one["code"], set()).add(one["msg"])
    #: Those whose words carry a number or a name, tested where they arise.
    variable = {-4164, -1106, -1003}

    for code, words in recorded.items():
        if code not in variable:
            assert words_of(code) in words, code

"""What a person types is checked before anything is opened."""

import pytest

from bridge_patch.app.commands.words import (
    read_intent_id,
    read_period,
    read_time,
    read_verdict,
)
from bridge_patch.domain.errors import InvalidValueError


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01", 0),
        ("2025-05-05", 1_746_403_200_000),
        ("2025-05-05T00:00:01", 1_746_403_201_000),
        ("2025-05-05T02:00:00+02:00", 1_746_403_200_000),
        ("2025-05-05 00:00:00.250Z", 1_746_403_200_250),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, ms: int) -> None:
    assert read_time(text) == ms


@pytest.mark.parametrize("text", ["", "yesterday", "05/05/2025", "2025-13-01", "NaN"])
def test_what_is_no_time_is_bad_input(text: str) -> None:
    with pytest.raises(InvalidValueError, match="must read like 2025-05-05"):
        read_time(text)


def test_a_period_runs_forward() -> None:
    assert read_period(None, None) == (None, None)
    assert read_period("1970-01-01", "1970-01-02") == (0, 86_400_000)
    for start, end in (("1970-01-02", "1970-01-01"), ("1970-01-01", "1970-01-01")):
        with pytest.raises(InvalidValueError, match="--from must be before --to"):
            read_period(start, end)


def test_an_id_may_be_copied_with_its_name_from_a_log_line() -> None:
    assert read_intent_id("intent=i-1") == read_intent_id("i-1") == "i-1"
    for text in ("", "intent=", "x" * 513):
        with pytest.raises(InvalidValueError, match="ID must be"):
            read_intent_id(text)


def test_a_verdict_is_one_of_three_words() -> None:
    assert read_verdict("Reject") == "REJECT"
    with pytest.raises(InvalidValueError, match="accept, clamp or reject"):
        read_verdict("maybe")

"""The search for secrets finds what is there, however it is written, and nothing else."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from tests.museum.secret_words import PART, Secrets, Written, made

SECRET = made("one", between="@:/#?%&+<")
HIDDEN = Secrets({"one": SECRET.encode(), "two": made("two").encode()})


def base64_behind(ahead: int) -> Callable[[str], str]:
    return lambda part: base64.b64encode(b"x" * ahead + part.encode() + b"yz").decode()


@pytest.mark.parametrize(
    "written",
    [
        str,
        quote,
        quote_plus,
        html.escape,
        json.dumps,
        lambda part: part.encode().hex(),
        lambda part: part.encode().hex().upper(),
        *(base64_behind(ahead) for ahead in range(7)),
        lambda part: base64.urlsafe_b64encode(b"ab" + part.encode()).decode(),
    ],
)
@pytest.mark.parametrize("at", range(len(SECRET) - PART + 1))
def test_every_part_is_found_however_it_is_written(
    written: Callable[[str], str], at: int
) -> None:
    """A search that finds nothing proves nothing unless this holds."""
    text = f"harmless {written(SECRET[at : at + PART])} harmless"
    (told,) = HIDDEN.told_in([Written("a log", text.encode())])

    assert told.startswith("one in a log: ")


def test_less_than_a_part_and_other_words_are_not_found() -> None:
    harmless = [SECRET[: PART - 1], made("three"), "f" * 999, bytes(range(256)).hex()]

    assert HIDDEN.told_in(Written("x", text.encode()) for text in harmless) == []


def test_the_same_name_makes_the_same_secret_and_another_one_another() -> None:
    assert made("one") == made("one") != made("two")
    assert len(made("one")) == 36

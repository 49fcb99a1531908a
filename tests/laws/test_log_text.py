"""Laws of log text: whatever comes in, a line stays one line and promises nothing."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from bridge_patch.adapters.lines.text import TEXT_MAX, clean, word

#: Wild text, and text made of what could do harm.
RESERVED = ("ACCEPT", "REJECT", "SHADOW", "LIVE", "LI", "VE", "intent=i-2", "intent", "=")
MARKS = (
    "[",
    "]",
    "{0}",
    "\n",
    "\x1b[31m",
    " ",
    "\u202e",
    "\ud800",
    "\u2028",
    "a",
    "%s",
    "\\",
)
harmful = st.lists(st.sampled_from((*RESERVED, *MARKS))).map("".join)
texts = st.one_of(st.text(), harmful)


def test_sane_text_is_left_alone() -> None:
    """Without this, a function that returns "" would keep every law below."""
    said = "notional 150000 > 100000 (2.5 %), σ = 0.5; margin is at most $10"

    assert clean(said) == said
    assert word("e-example-ai-BTCUSDT-buy-1746403200000") == (
        "e-example-ai-BTCUSDT-buy-1746403200000"
    )


@given(text=texts)
@example(text="LILIVEVE")
@example(text="intentintent==i-2")
@example(text="\x00" * 10_000)
def test_cleaned_text_is_one_bounded_printable_line_without_promises(text: str) -> None:
    for shown in (clean(text), word(text)):
        assert shown.isprintable()
        assert not re.search(r"ACCEPT|REJECT|SHADOW|LIVE|intent=|[\[\]{}]", shown)
        assert len(shown) <= 10 * (TEXT_MAX + 1)
        shown.encode("utf-8")


@given(text=texts)
def test_a_word_is_one_word(text: str) -> None:
    """An id with a space in it would end where grep's pattern ends."""
    assert len(word(text).split()) == 1


@given(text=texts)
def test_cleaning_twice_changes_nothing(text: str) -> None:
    short = text[:TEXT_MAX]
    once = clean(short)
    if len(once) <= TEXT_MAX:
        assert clean(once) == once

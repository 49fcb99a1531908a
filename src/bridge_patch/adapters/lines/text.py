"""Makes text from outside fit into one log line that no reader can be fooled by."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

TEXT_MAX: Final = 200
#: The longest id that a message may state is printed whole.
WORD_MAX: Final = 128
_DIGITS_MAX: Final = 30
_RESERVED: Final = re.compile("ACCEPT|REJECT|SHADOW|LIVE")
_BRACKETS: Final = str.maketrans("[]{}", "()()")
#: Whatever `clean` would change in a printable text: most texts hold none of it. As words
#: that each begin with a letter of their own it is sought twice as fast as with a class.
_UNFIT: Final = re.compile(rf"\[|\]|\{{|\}}|intent=|{_RESERVED.pattern}")


def clean(text: str, most: int = TEXT_MAX) -> str:
    r"""Return `text` on one line, printable, bounded, and without words that lines promise.

    Control and format characters are written out, brackets and braces become round (a
    square one would count as a tag), the four reserved words become lower case, and
    `intent=` cannot be claimed by a text.

    >>> clean("a\n[GOVERNOR] ACCEPT intent=i-2\x1b[31m")
    'a\\n(GOVERNOR) accept intent:i-2\\x1b(31m'
    """
    return _clean(text, most) if len(text) <= most else _cleaned(text, most)


def _cleaned(text: str, most: int) -> str:
    shown = printable(text, most)
    if _UNFIT.search(shown) is None:
        return shown
    plain = shown.translate(_BRACKETS).replace("intent=", "intent:")
    return _RESERVED.sub(lambda m: m[0].lower(), plain)


#: What an intent leaves behind says the same few texts over and over.
_clean: Final = lru_cache(maxsize=2048)(_cleaned)


def printable(text: str, most: int = TEXT_MAX) -> str:
    r"""Return `text` on one line, what cannot be printed written out, cut where too long.

    >>> printable("a\n\u202eb")
    'a\\n\\u202eb'
    """
    cut = f"{text[:most]}…" if len(text) > most else text
    if cut.isprintable():
        return str(cut)  # of an enum's member, its text
    return "".join(c if c.isprintable() else _escaped(c) for c in cut)


def word(text: str) -> str:
    """Return `text` as one word: an id or a symbol, cleaned and without spaces.

    >>> word("BTC USDT"), word("")
    ('BTC_USDT', '-')
    """
    return _word(text) if len(text) <= WORD_MAX else _as_word(text)


def _as_word(text: str) -> str:
    return _cleaned(text, WORD_MAX).replace(" ", "_") or "-"


_word: Final = lru_cache(maxsize=2048)(_as_word)


def are_words(texts: Sequence[str]) -> bool:
    """Tell, at one look, whether `word` would leave each of them as it is.

    >>> are_words(("i-1", "i-2")), are_words(("i-1", "i 2")), are_words(("i-1", ""))
    (True, False, False)
    """
    joined = ",".join(texts)
    return (
        joined.isprintable()
        and " " not in joined
        and _UNFIT.search(joined) is None
        and all(texts)
        and max(map(len, texts), default=0) <= WORD_MAX
    )


def exact(value: Decimal) -> str:
    """Return every digit that means something, and no exponent unless it is absurd.

    >>> exact(Decimal("451.610")), exact(Decimal("1E+2")), exact(Decimal("1E+999"))
    ('451.61', '100', '1E+999')
    """
    if not value.is_finite() or abs(value.adjusted()) > _DIGITS_MAX:
        return f"{value}"[:WORD_MAX]
    digits = f"{value:f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _escaped(character: str) -> str:
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")

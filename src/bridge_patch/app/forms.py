"""How each kind of setting is written, and the one strict way to read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Final, final

from bridge_patch.adapters.bus_url import URL_FORMS, read_bus_url
from bridge_patch.adapters.journal_url import EXPECTED as EXPECTED_JOURNAL
from bridge_patch.adapters.journal_url import read_journal_url
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol, parse_symbol
from bridge_patch.domain.secret import Secret

_NUMBER: Final = re.compile(r"[0-9]{1,18}(\.[0-9]{1,12})?")
_WHOLE: Final = re.compile(r"[0-9]{1,18}")
#: As many as 128 bits need in hexadecimal.
KEY_LENGTH_MIN: Final = 32
_KEY: Final = re.compile(rf"[!-+\--~]{{{KEY_LENGTH_MIN},512}}")
_LOOPBACK: Final = re.compile(r"http://127\.0\.0\.1:([0-9]{1,5})")
_PORT_MAX: Final = 65_535
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.-]*://[!-~]{1,2000}")
_PATH_MAX: Final = 4096
_SYMBOLS_MAX: Final = 200


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a person is told to write, and how it is read; `read` raises ValueError."""

    expected: str
    read: Callable[[str], object]
    choices: tuple[str, ...] = ()
    secret: bool = False
    remedy: str = ""


def one_of(words: type[StrEnum]) -> Form:
    """Take exactly one of the listed words, in exactly this spelling."""
    choices = tuple(words)
    return Form(expected=_either(choices), read=words, choices=choices)


def yes_no() -> Form:
    """Take `true` or `false`; yes, 1, on and TRUE are faults, never a silent false."""

    def read(text: str) -> bool:
        return {"true": True, "false": False}[_known(text, ("true", "false"))]

    return Form(expected="true or false", read=read, choices=("true", "false"))


def number(least: str, most: str) -> Form:
    """Take a plain decimal number from `least` to `most`."""
    low, high = Decimal(least), Decimal(most)

    def read(text: str) -> Decimal:
        if not _NUMBER.fullmatch(text):
            raise ValueError
        if not low <= (value := Decimal(text)) <= high:
            raise ValueError
        return value

    return Form(expected=f"a number from {low:,} to {high:,}", read=read)


def zero_or(least: int, most: int) -> Form:
    """Take 0, or a whole number from `least` to `most`."""
    beyond = whole(least, most)

    def read(text: str) -> object:
        return 0 if text == "0" else beyond.read(text)

    return Form(expected=f"0 or {beyond.expected}", read=read)


def whole(least: int, most: int) -> Form:
    """Take a whole number from `least` to `most`."""

    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not least <= (value := int(text)) <= most:
            raise ValueError
        return value

    return Form(expected=f"a whole number from {least:,} to {most:,}", read=read)


def folder() -> Form:
    """Take a path; whether it exists is found out by whoever uses it."""
    return Form(expected="a path", read=_path)


def folder_or_none() -> Form:
    """Take a path, or the word `none`: leaving something out is written down too."""

    def read(text: str) -> Path | None:
        return None if text == "none" else _path(text)

    return Form(expected="a path, or none", read=read, choices=("none",))


def file_or_none() -> Form:
    """Take the path of a file, or the word `none`."""
    return Form(
        expected="a path of a file, or none", read=folder_or_none().read, choices=("none",)
    )


def bus_url() -> Form:
    """Take the place of a bus; a fault does not show it, for it may hold a password."""
    return Form(expected=URL_FORMS, read=read_bus_url, choices=("embedded",), secret=True)


def symbols() -> Form:
    """Take symbols separated by commas, each once."""
    return Form(
        expected="symbols separated by commas, each once, as in BTCUSDT,SOLUSDT",
        read=read_symbols,
    )


def secret() -> Form:
    """Take any printable text, and never show it again."""

    def read(text: str) -> Secret:
        if not text.isprintable() or text != text.strip():
            raise ValueError
        return Secret(text)

    return Form(expected="a secret without spaces around it", read=read, secret=True)


def secret_or_none() -> Form:
    """Take a secret, or the word `none`; never show it again."""
    plain = secret()

    def read(text: str) -> object:
        return None if text == "none" else plain.read(text)

    return Form(
        expected=f"none, or {plain.expected}", read=read, choices=("none",), secret=True
    )


def addresses_or_none() -> Form:
    """Take addresses separated by spaces, or the word `none`; never show them."""

    def read(text: str) -> Secret | None:
        if text == "none":
            return None
        words = text.split(" ")
        if not text.isprintable() or not all(map(_ADDRESS.fullmatch, words)):
            raise ValueError
        return Secret(text)

    return Form(
        expected="none, or addresses such as ntfys://topic, separated by single spaces",
        read=read,
        choices=("none",),
        secret=True,
    )


def loopback_url() -> Form:
    """Take a plain address of this very machine: nothing else is served without TLS."""

    def read(text: str) -> str:
        found = _LOOPBACK.fullmatch(text)
        if not found or not 0 < int(found[1]) <= _PORT_MAX:
            raise ValueError
        return text

    return Form(expected="an address such as http://127.0.0.1:8797", read=read)


def loopback_url_or_none() -> Form:
    """Take such an address, or the word `none`."""
    address = loopback_url()

    def read(text: str) -> str | None:
        return None if text == "none" else str(address.read(text))

    return Form(expected=f"{address.expected}, or none", read=read, choices=("none",))


def journal_url() -> Form:
    """Take where the journal is; what is wrong with it is told without showing it."""
    return Form(expected=EXPECTED_JOURNAL, read=read_journal_url, secret=True)


def keys_or_none() -> Form:
    """Take keys separated by commas, or the word `none`; never show them."""

    def read(text: str) -> Secret | None:
        if text == "none":
            return None
        keys = text.split(",")
        if not all(map(_KEY.fullmatch, keys)):
            raise ValueError
        return Secret(text)

    expected = f"none, or keys of {KEY_LENGTH_MIN} characters or more, separated by commas"
    return Form(
        expected=expected,
        read=read,
        choices=("none",),
        secret=True,
        remedy="make one with `openssl rand -hex 32` and write it alone",
    )


def read_symbols(text: str) -> tuple[Symbol, ...]:
    """Return the symbols of a comma list, or raise InvalidValueError naming the wrong one.

    >>> read_symbols("BTCUSDT,SOLUSDT")
    ('BTCUSDT', 'SOLUSDT')
    """
    found = tuple(parse_symbol(part) for part in text.split(","))
    if len(set(found)) < len(found) or len(found) > _SYMBOLS_MAX:
        msg = f"symbols must each stand once and be at most {_SYMBOLS_MAX}, was {text!r}"
        raise InvalidValueError(msg)
    return found


def written(value: object) -> str:
    """Write a value as it is read, so that it can be copied; secrets stay masked.

    >>> written(Decimal("1.50")), written(True), written(None), written(Secret("x"))
    ('1.50', 'true', 'none', 'Secret(***)')
    """
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case tuple():
            return ",".join(value)
        case _:
            return str(value)


def _either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else f"{last} (the only choice)"


def _known(text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise ValueError
    return text


def _path(text: str) -> Path:
    if not text.isprintable() or text != text.strip() or len(text) > _PATH_MAX:
        raise ValueError
    return Path(text)

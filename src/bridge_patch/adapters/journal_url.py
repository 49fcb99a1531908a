"""Where the journal is, as `JOURNAL_URL` says it; a password in it is never shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, final
from urllib.parse import parse_qsl, unquote, urlsplit

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret

#: What a person is told to write.
EXPECTED: Final = (
    "embedded, or postgresql://[user[:password]@]host[:port]/database (a password with"
    " characters like @ : / # ? % written as %40 %3A %2F %23 %3F %25)"
)


#: A % that stands for itself, and in a password was meant to.
HALF_ENCODED: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


@final
@dataclass(frozen=True, slots=True)
class JournalUrl:
    """Where the journal is; no address is the embedded one, in the state folder.

    >>> str(read_journal_url("postgresql://bridge:p%40ss@10.0.0.5/trading?sslmode=require"))
    'postgresql://bridge:***@10.0.0.5/trading'
    >>> str(read_journal_url("embedded"))
    'embedded'
    """

    address: Secret | None = None

    def __str__(self) -> str:
        if self.address is None:
            return "embedded"
        split = urlsplit(self.address.reveal())
        who = f"{split.username}:***@" if split.password else f"{split.username}@"
        host = split.netloc.rpartition("@")[2]
        return f"postgresql://{who if split.username else ''}{host}{split.path}"

    def is_told_by(self, text: str) -> bool:
        """Whether a text holds the password, or the value of a parameter."""
        if self.address is None:
            return False
        split = urlsplit(self.address.reveal())
        values = {value for _, value in parse_qsl(split.query)}
        password = split.password or ""
        return any(part in text for part in {password, unquote(password), *values} - {""})


EMBEDDED: Final = JournalUrl()


def read_journal_url(text: str) -> JournalUrl:
    """Return where the journal is, or raise InvalidValueError, which hides the text."""
    if text == "embedded":
        return EMBEDDED
    msg = f"must be {EXPECTED}"
    if not text.isprintable() or " " in text:
        raise InvalidValueError(msg)
    try:
        split = urlsplit(text)
        port = split.port
    except ValueError:
        raise InvalidValueError(msg) from None
    named = split.path.strip("/") and not split.fragment and port != 0
    if split.scheme not in {"postgresql", "postgres"} or not named:
        raise InvalidValueError(msg)
    who, _, _ = split.netloc.rpartition("@")
    # A password with such a character ends where nobody expects it, and the rest is shown.
    if "@" in who + split.path + split.query or HALF_ENCODED.search(text):
        raise InvalidValueError(msg)
    if not _is_read_by_driver(text):
        raise InvalidValueError(msg)
    return JournalUrl(Secret(text))


def _is_read_by_driver(text: str) -> bool:
    """Ask the driver, whose own words would show the text; if it is there already."""
    try:
        import psycopg.conninfo  # noqa: PLC0415 - an extra, and 0.1 s to import
    except ImportError:
        return True
    try:
        psycopg.conninfo.conninfo_to_dict(text)
    except (psycopg.Error, ValueError):
        return False
    return True

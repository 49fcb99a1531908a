"""Where the journal is, as `JOURNAL_URL` says it; a password in it is never shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final
from urllib.parse import urlsplit

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret

#: What a person is told to write.
EXPECTED: Final = (
    "embedded, or postgresql://[user[:password]@]host[:port]/database (a password with"
    " characters like @ : / # ? % written as %40 %3A %2F %23 %3F %25)"
)


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
    return JournalUrl(Secret(text))

"""Where the journal is: what is understood, and that a password is never shown."""

from __future__ import annotations

import traceback
from pathlib import Path

import psycopg
import pytest

from bridge_patch.adapters.journal_url import EMBEDDED, read_journal_url
from bridge_patch.adapters.store_postgres import PostgresDatabase
from bridge_patch.domain.errors import (
    BrokenPromiseError,
    InvalidValueError,
    OutageError,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("postgresql://h/db", "postgresql://h/db"),
        ("postgres://u@h:1/db", "postgresql://u@h:1/db"),
        ("postgresql://u:geheim@[::1]:1/db", "postgresql://u:***@[::1]:1/db"),
        ("postgresql://u:ge%40h%2Feim%25@h/db", "postgresql://u:***@h/db"),
        ("postgresql://u:a:geheim@h/db?sslmode=require", "postgresql://u:***@h/db"),
        ("postgresql://u@h/db?password=geheim", "postgresql://u@h/db"),
    ],
)
def test_an_address_is_taken_and_shown_without_its_password(text: str, shown: str) -> None:
    """First of all, the path is open."""
    found = read_journal_url(text)

    assert str(found) == shown
    assert "geheim" not in repr(found)
    assert found.address is not None
    assert found.address.reveal() == text
    assert read_journal_url("embedded") == EMBEDDED


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://bridge:5432/geheim@127.0.0.1/db",
        "postgresql://bridge:1/db?geheim@127.0.0.1/db",
        "postgresql://bridge:pa@geheim@127.0.0.1/db",
        "postgresql://bridge:pa%geheim@127.0.0.1/db",
        "postgresql://bridge:pa%0geheim@127.0.0.1/db",
        "postgresql://bridge:pa%00geheim@127.0.0.1/db",
        "postgresql://bridge:pa%ffgeheim@127.0.0.1/db",
        "postgresql://bridge@127.0.0.1/db?geheim=1",
        "postgresql://bridge@127.0.0.1/db?geheim",
    ],
)
def test_a_password_that_was_not_percent_encoded_is_refused_and_not_shown(
    text: str,
) -> None:
    """Else a part of it is taken for the host or the database, and told everywhere."""
    with pytest.raises(InvalidValueError, match=r"written as %40 %3A") as stopped:
        read_journal_url(text)

    assert "geheim" not in str(stopped.value)
    assert stopped.value.__suppress_context__ or stopped.value.__context__ is None


@pytest.mark.parametrize(
    "parameter", ["sslmode=geheim", "port=geheim", "hostaddr=geheim", "keepalives=geheim"]
)
def test_a_parameter_that_the_driver_refuses_is_no_outage_and_not_shown(
    tmp_path: Path, parameter: str
) -> None:
    url = read_journal_url(f"postgresql://u:pw@127.0.0.1:1/db?{parameter}")
    place = PostgresDatabase(url, tmp_path)
    with pytest.raises(psycopg.Error) as raised:
        place.connect()
    found = place.broken(raised.value)

    traced = "".join(traceback.format_exception(raised.value))

    assert type(found) is BrokenPromiseError
    assert "correct what stands behind the ? of JOURNAL_URL" in str(found)
    assert "geheim" not in str(found) + traced


def test_what_the_driver_says_without_a_part_of_the_address_is_told(tmp_path: Path) -> None:
    """And a server that is away stays an outage."""
    place = PostgresDatabase(read_journal_url("postgresql://u:pw@127.0.0.1:1/db"), tmp_path)
    odd = place.broken(psycopg.ProgrammingError("missing = behind an option"))
    with pytest.raises(psycopg.Error) as raised:
        place.connect()

    assert type(odd) is BrokenPromiseError
    assert "missing = behind an option" in str(odd)
    assert isinstance(place.broken(raised.value), OutageError)

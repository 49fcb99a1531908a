"""Where the bus is: what is understood, what is not, and that a password is never shown."""

import pytest

from bridge_patch.adapters.bus_url import EMBEDDED, Scheme, read_bus_url
from bridge_patch.app.faults import SettingsError
from bridge_patch.app.settings import load_settings
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret


def test_the_bus_is_embedded_unless_somebody_says_otherwise() -> None:
    assert load_settings({}).bus_url == EMBEDDED
    assert EMBEDDED.is_embedded


def test_a_url_is_read_part_by_part() -> None:
    found = read_bus_url("rediss://engine:p%40ss%2F%23%3A%25@bus.example:6380/2")

    assert (found.scheme, found.host, found.port) == (Scheme.REDISS, "bus.example", 6380)
    assert (found.database, found.user) == (2, "engine")
    assert found.password == Secret("p@ss/#:%")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://h", "redis://h:6379/0"),
        ("redis://:pw@h:1/3", "redis://:***@h:1/3"),
        ("redis://u:pw@[::1]", "redis://u:***@[::1]:6379/0"),
        ("rediss://pw@h", "rediss://***@h:6379/0"),
        ("unix:///run/r.sock?db=3", "unix:///run/r.sock?db=3"),
        ("unix://u:pw@/run/r.sock", "unix://u:***@/run/r.sock"),
        ("unix://pw@/run/r.sock", "unix://***@/run/r.sock"),
        ("redis://u:a@pw@h", "redis://u:***@h:6379/0"),
        ("redis://u:a%pw@h", "redis://u:***@h:6379/0"),
    ],
)
def test_it_is_shown_without_its_password(text: str, shown: str) -> None:
    found = read_bus_url(text)

    assert str(found) == f"{found}" == shown
    assert "pw" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "Embedded",
        "none",
        "redis",
        "redis://",
        "redis:///0",
        "http://h",
        "redis://h:0",
        "redis://h:70000",
        "redis://h:port",
        "redis://h/x",
        "redis://h/-1",
        "redis://h/10000",
        "redis://h?db=1",
        "redis://u:a#b@h",
        "redis://u:a/b@h",
        "redis://u:1/b@h",
        "redis://u:1?b@h",
        "unix://u:1/b@/s",
        "unix://:pw/pw@/s",
        "unix://u@/pw@/s",
        "redis://h ",
        "redis://[::1",
        "unix://h/path",
        "unix://",
        "unix:///s?timeout=1",
        "unix:///s?db=x",
        "redis+sentinel://h",
    ],
)
def test_anything_else_is_a_fault_that_does_not_show_it(text: str) -> None:
    """It may be a password with one character wrong."""
    with pytest.raises(InvalidValueError, match="must be embedded, redis://"):
        read_bus_url(text)
    with pytest.raises(SettingsError) as stopped:
        load_settings({"BUS_URL": text, "LOG_FORMAT": "xml"})
    first, second = stopped.value.faults

    assert first.startswith("BUS_URL: expected embedded, redis://")
    assert "found a value that is not shown (environment)" in first
    assert second.startswith("LOG_FORMAT: ")

"""A fixture per server."""

from collections.abc import Iterator

import pytest

from tests.unit.adapters.archive import Archive, serving


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Archive]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with serving() as here:
        yield here

"""What the tests about an installation begin with."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.app.install.stage import Stage


@pytest.fixture
def stage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Stage]:
    root = tmp_path / "root"
    root.mkdir()
    before = os.umask(0o077)  # the narrowest a person may have
    yield Stage(root, capsys)
    os.umask(before)

"""What a start with these settings is told."""

from pathlib import Path

import pytest

from bridge_patch.app.settings import SettingsError, load_settings


def faults(env: dict[str, str], env_file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load_settings(env, env_file)
    return caught.value.faults

"""What is monitored is a setting, and an address that holds a token is never shown."""

import subprocess
import sys

import pytest

from bridge_patch.app.settings import SettingsError, load_settings


def test_two_processes_cannot_be_given_one_port() -> None:
    with pytest.raises(
        SettingsError, match="METRICS_PORT_EXECUTION and METRICS_PORT_EXITS"
    ):
        load_settings({"METRICS_PORT_EXECUTION": "9464", "METRICS_PORT_EXITS": "9464"})


@pytest.mark.parametrize("text", ["http:/x", "plain", "a://b  c://d", "a://b\tc://d"])
def test_an_address_that_is_none_stops_the_start_and_is_not_shown(text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings({"ALERT_URLS": text})
    assert "ALERT_URLS" in str(caught.value)
    assert text not in str(caught.value)


def test_addresses_are_never_shown() -> None:
    settings = load_settings({"ALERT_URLS": "tgram://token-1/chat mailto://user:pw@host"})

    assert "token-1" not in repr(settings)
    assert settings.alert_urls is not None
    assert settings.alert_urls.reveal().split()[1] == "mailto://user:pw@host"


def test_who_serves_no_page_imports_nothing_for_it() -> None:
    code = (
        "import sys, bridge_patch.app.commands.execution;"
        "print(sorted({'prometheus_client', 'apprise', 'http.server'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "prometheus_client" not in done.stdout
    assert "apprise" not in done.stdout

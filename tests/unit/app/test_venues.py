"""A venue that was named is the one that is opened, or nothing is."""

from __future__ import annotations

import io

import pytest

from bridge_patch.adapters.telemetry import LogTelemetry
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue
from bridge_patch.adapters.venue_paper import PaperVenue
from bridge_patch.app.assembly import Run
from bridge_patch.app.settings import load_settings
from bridge_patch.app.venues import contacted, environment_at, keys_of, new_venue
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Mode
from tests.simulation.rig import World, run
from tests.simulation.through import Through

KEYS = {"VENUE_API_KEY": "a-key", "VENUE_API_SECRET": "a-secret"}


def named(venue: str, keys: dict[str, str] | None = None, mode: Mode = Mode.LIVE) -> Run:
    settings = load_settings({"VENUE": venue, **(keys or {})})
    telemetry = LogTelemetry(io.StringIO())
    return Run(settings=settings, mode=mode, feed="none", telemetry=telemetry)


@pytest.mark.parametrize("venue", ["simulator", "binance-demo"])
def test_no_venue_is_silently_played_on_paper(venue: str) -> None:
    """M-77: a silent paper fallback produced thousands of fills believed real."""
    assert isinstance(new_venue(named("paper")), PaperVenue)
    opened = new_venue(named(venue, KEYS))
    assert isinstance(opened, CcxtVenue)
    run(opened.close())


def test_real_money_opens_in_shadow_only_as_long_as_nothing_promotes() -> None:
    with pytest.raises(InvalidValueError, match="real money, and nothing can promote"):
        new_venue(named("binance", KEYS))
    shadow = new_venue(named("binance", KEYS, Mode.SHADOW))
    assert isinstance(shadow, CcxtVenue)
    run(shadow.close())


@pytest.mark.parametrize(
    ("given", "lacks"),
    [
        ({}, "VENUE_API_KEY is none"),
        ({"VENUE_API_KEY": "k"}, "VENUE_API_SECRET is none"),
        ({"VENUE_API_SECRET": "s"}, "VENUE_API_KEY is none"),
    ],
)
def test_a_venue_without_its_keys_is_not_opened(given: dict[str, str], lacks: str) -> None:
    with pytest.raises(InvalidValueError, match=lacks) as caught:
        new_venue(named("binance-demo", given))
    assert "'k'" not in str(caught.value)


def test_the_simulator_has_keys_of_its_own_and_an_address_at_home() -> None:
    settings = load_settings({"VENUE": "simulator", "SIMULATOR_URL": "http://127.0.0.1:9"})
    key, secret = keys_of(settings)
    assert (key.reveal(), secret.reveal()) == ("sim-key", "sim-secret")
    assert environment_at(settings).rest == "http://127.0.0.1:9"
    own = load_settings({"VENUE": "simulator", **KEYS})
    assert keys_of(own)[0].reveal() == "a-key"


def test_a_venue_is_let_go_of_also_where_it_could_not_be_contacted() -> None:
    told: list[str] = []

    class Stuck(Through):
        async def begin(self) -> None:
            told.append("begin")
            raise ConnectionRefusedError

        async def close(self) -> None:
            told.append("close")

    async def scenario() -> None:
        async with contacted(Stuck(World().venue())):
            told.append("inside")

    with pytest.raises(ConnectionRefusedError):
        run(scenario())
    assert told == ["begin", "close"]

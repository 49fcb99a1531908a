"""Secrets for everything, everything asked, every trouble met: and none of it told any."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bridge_patch.adapters.streams import DEAD_LETTER, TRADE_INTENT
from tests.e2e.harness import only_in_soak
from tests.museum.listening import addresses_of
from tests.museum.secret_places import command_lines, files, rows
from tests.museum.secret_scene import (
    PARTS,
    SECRETS,
    Scene,
    playing,
    until,
)
from tests.museum.secret_trials import (
    INVENTED,
    UNSIGNED,
    ask_everything,
    intrude,
    make_mistakes,
    meet_troubles,
    signal_by_hand,
)
from tests.museum.secret_words import PART, Secrets, Written
from tests.postgres_server import PostgresServer
from tests.unit.adapters.bars import NAME

pytestmark = [pytest.mark.e2e, pytest.mark.slow, only_in_soak]

#: What the test wrote with secrets in it, the key that signs, and the market.
OURS: Final = frozenset(
    {"wrong.env", "redis.conf", "venue_api_secret", "journal.key", NAME}
)
#: What has to stand somewhere, or nothing was asked of anybody.
TOLD: Final = (
    "redis://:***@127.0.0.1",
    "postgresql://holder:***@127.0.0.1",
    "a value that is not shown",
    "a name that is not shown",
    "found one in the credential and another",
    "password authentication failed",
    "not shown, it holds part of JOURNAL_URL",
    "invalid username-password pair",
    "-2015",
    "Fatal Python error",
    "Traceback",
    "RESTARTING",
    "bridge_patch_decisions_total",
    "</html>",
)
VERBS: Final = ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")
PATHS: Final = ("/metrics", "/healthz", "/halt", "/")
SIM: Final = ("advance", "tick", "faults", "state", "events")
#: What would be seen of an account that somebody reached.
BLOW: Final = '{"conditions": {"maintenance": true}, "account": {"transfer_usd": "-5000"}}'


def hidden(scene: Scene) -> Secrets:
    """Return every secret, with the two that the processes made for themselves."""
    texts = {name: text.encode() for name, text in SECRETS.items()}
    key = load_pem_private_key((scene.state / "journal.key").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    texts["the key that signs the journal"] = key.private_bytes_raw()
    headers = {"X_MBX_APIKEY": SECRETS["VENUE_API_KEY"]}
    _, told = scene.asked(scene.exchange_port, "POST", "/fapi/v1/listenKey", **headers)
    scene.said.pop()  # the one answer that has to hold one
    # Its digits are those of a time; what is only in it is what it is filled up with.
    texts["the listen key"] = json.loads(told)["listenKey"][-8:].encode()
    return Secrets(texts)


def everything_of(scene: Scene) -> Iterator[Written]:
    yield from scene.said
    yield from rows(scene)
    yield from files(scene.folder, OURS)
    log = scene.postgres.folder / "server.log"
    yield Written("the database's own log", log.read_bytes())


def not_refused(scene: Scene) -> list[str]:
    """Return what the pages let somebody do, besides reading them by name."""
    found = []
    for part in PARTS:
        for verb in VERBS:
            found += [
                f"{part}: {verb} {path} answers {status}"
                for path in PATHS
                if (status := scene.asked(scene.ports[part], verb, path)[0]) < 400
            ]
        for path in ("/metrics", "/healthz"):
            foreign = scene.asked(scene.ports[part], "GET", path, Host="evil.example")
            if foreign[0] != 403:
                found.append(f"{part}: GET {path} answers evil.example")
            scene.asked(scene.ports[part], "GET", path)
    return found


def not_kept_out(scene: Scene) -> list[str]:
    """Return which calls the exchange takes from who holds no key, or from a web page."""
    key = SECRETS["VENUE_API_KEY"]
    callers: Mapping[str, tuple[dict[str, str], int]] = {
        "without a key": ({}, 401),
        "with the key that everybody knows": ({"X_MBX_APIKEY": "sim-key"}, 401),
        "by another name": ({"X_MBX_APIKEY": key, "Host": "evil.example"}, 403),
        "from a page": ({"X_MBX_APIKEY": key, "Origin": "http://evil.example"}, 403),
    }
    paths = (*(f"/sim/{name}" for name in SIM), "/fapi/v1/listenKey")
    return [
        f"{method} {path} {who} answers {status}"
        for who, (headers, wanted) in callers.items()
        for path in paths
        for method in ("POST", "GET")
        if (method, path) != ("GET", "/fapi/v1/listenKey")
        and (status := scene.asked(scene.exchange_port, method, path, BLOW, **headers)[0])
        != wanted
    ]


def exchange_state(scene: Scene) -> dict[str, Any]:
    key = SECRETS["VENUE_API_KEY"]
    port = scene.exchange_port
    told: dict[str, Any] = json.loads(
        scene.asked(port, "GET", "/sim/state", X_MBX_APIKEY=key)[1]
    )
    return told


def assert_only_loopback(scene: Scene) -> None:
    """Nobody but this machine is listened to, at the ports that were named and no other."""
    named = {part: {("127.0.0.1", port)} for part, port in scene.ports.items()}
    named["exchange"] = {("127.0.0.1", scene.exchange_port)}

    assert {p: addresses_of(one.pid) for p, one in scene.processes.items()} == named


def set_aside(scene: Scene) -> int:
    """Return how many entries were set aside for want of a good signature."""
    return scene.entries(DEAD_LETTER).count(b'"reason":"signature_')


def assert_nobody_without_a_key_is_heard(scene: Scene) -> None:
    """A halt stays a halt, whoever writes to the bus; entries and positions are no news."""
    halted = scene.ask("halt", "--why", "a test")
    count = intrude(scene)
    until(lambda: set_aside(scene) >= count, "not all was set aside")
    resumed = scene.ask(
        *("resume", "--why", "go on", "--wait-sec", "1"), but={"BUS_SIGNING_KEY": "none"}
    )
    after = scene.status()

    assert halted.returncode == 0, halted.stderr
    assert resumed.returncode == 1, resumed.stdout
    assert (after["state"]["state"], after["state"]["why"]) == ("HALTED", "a test")
    assert after["run"]["mode"] == "live"
    assert set_aside(scene) == count + 1
    assert INVENTED not in {one["symbol"] for one in after["positions"]}


def assert_nothing_came_of_it(scene: Scene) -> None:
    """Once the market goes on: no verdict on the entry, no reduction of that position."""
    passed_over = "stream=quantum:stream:position.update"
    until(lambda: passed_over in scene.log("exits"), "the position was not passed over")

    assert UNSIGNED not in scene.ask("decisions", "--json").stdout
    assert INVENTED.encode() not in scene.entries(TRADE_INTENT)


def assert_nothing_is_told(scene: Scene, secrets: Secrets) -> None:
    everything = list(everything_of(scene))
    plants = [
        Written("a planted leak", b"... " + text[n : n + PART] + b" ...")
        for text in secrets.texts.values()
        for n in (0, len(text) - PART)
    ]
    whole = b"".join(one.data for one in everything)

    assert len(secrets.told_in(plants)) >= len(plants)
    assert secrets.told_in(everything) == []
    assert [text for text in TOLD if text.encode() not in whole] == []


def test_no_secret_leaks_and_no_open_control_endpoint(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    """M-79: the first characters of a key were printed; who called could reset the account.

    Nine secrets are in use and eight stand in wrong places; whatever was printed, recorded,
    published or served is looked through for six characters of any, in any encoding.
    """
    with playing(tmp_path, postgres) as scene:
        mistakes = make_mistakes(scene)
        with scene.still():
            answers = ask_everything(scene, signal_by_hand(scene))
            assert_nobody_without_a_key_is_heard(scene)
        assert_nothing_came_of_it(scene)
        assert_only_loopback(scene)
        scene.said += command_lines(scene)
        assert not_refused(scene) == []
        assert not_kept_out(scene) == []
        account = exchange_state(scene)
        secrets = hidden(scene)
        meet_troubles(scene)

        assert not account["conditions"]["maintenance"]
        assert float(account["wallet_usd"]) > 9_000
        assert {name for name, code in mistakes.items() if code == 0} == set()
        assert {name for name, code in answers.items() if code not in {0, 1}} == set()
        assert_nothing_is_told(scene, secrets)

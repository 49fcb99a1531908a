"""What is done so that a scene speaks: questions, mistakes, troubles, intruders."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from psycopg.sql import SQL, Literal

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.bus_url import read_bus_url
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.signing import SignedBus
from bridge_patch.adapters.streams import CONTROL, POSITION_UPDATE, TRADE_INTENT
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.secret import Secret
from bridge_patch.services.messages import Command, Wish
from bridge_patch.services.named_order import Grant, NamedOrder
from tests.e2e.test_cli_breadth import SIGNAL
from tests.museum.secret_scene import (
    PARTS,
    ROLE,
    SECRETS,
    Scene,
    bus_url,
    journal_url,
    until,
)
from tests.redis_server import free_port
from tests.simulation.rig import intent
from tests.wire.outcomes import POSITION

#: So many commands at a time: the processes want their share of the machine.
AT_ONCE: Final = 2
UNSIGNED: Final = "unsigned-1"
#: A symbol that nobody trades, stated to be held by somebody without a key.
INVENTED: Final = Symbol("ETHUSDT")


@dataclass(frozen=True)
class Said:
    """A command, and in which settings its environment differs."""

    words: tuple[str, ...]
    but: Mapping[str, str] = field(default_factory=dict)


def ask_everything(scene: Scene, intent_id: str) -> dict[str, int]:
    """Ask every question that a person has; return what each exited with."""
    questions = (
        ("check",),
        ("status",),
        ("why", intent_id),
        ("trace", intent_id, "--json"),
        ("report", "--out", "report.html"),
        ("verify",),
        ("--help",),
    )
    return _all_of(scene, [Said(words) for words in questions])


def make_mistakes(scene: Scene) -> dict[str, int]:
    """Make every mistake with a secret, and ask for a trace; return the exit codes."""
    key, wrong = SECRETS["a wrong key"], SECRETS["a wrong password"]
    _write_wrong_files(scene.folder, wrong)
    journal, right = scene.postgres, SECRETS["the password in JOURNAL_URL"]
    nowhere = free_port()
    unreachable = scene.env["JOURNAL_URL"].replace(f":{journal.port}/", f":{nowhere}/")
    away = bus_url(nowhere, SECRETS["the password in BUS_URL"])
    odd = journal_url(journal, right, f"&sslmode={key}")
    all_wrong = {
        "VENUE_API_SECRT": SECRETS["a value behind a misspelt name"],
        "CREDENTIALS_DIRECTORY": "credentials",
        "BUS_URL": f"unix://:{key[:9]}/{key[9:]}@/run/bus",
    }
    mistakes = (
        Said(("check", "--env-file", "wrong.env"), all_wrong),
        Said(("check", "--env-file", "wrong.env", "--json"), all_wrong),
        Said(("drain",), {"BUS_URL": bus_url(scene.redis.port, wrong)}),
        Said(("drain",), {"BUS_URL": away}),
        Said(("status",), {"JOURNAL_URL": journal_url(journal, wrong)}),
        Said(("why", "i-1"), {"JOURNAL_URL": unreachable}),
        Said(("status",), {"JOURNAL_URL": odd}),
        Said(("doctor", "--json"), {"VENUE_API_KEY": key}),
    )
    debugged = [Said((*one.words, "--debug"), one.but) for one in mistakes]
    return _all_of(scene, debugged)


def _write_wrong_files(folder: Path, wrong: str) -> None:
    """Write an env file in which each line is wrong, and a credential of other words."""
    (folder / "wrong.env").write_text(
        f"EXCHANGE_TOKEN={SECRETS['a value behind an unknown name']}\n"
        f"{SECRETS['a line of the env file']}=\n"
        f"{SECRETS['a line with signs']}==\n"
        f"VENUE={SECRETS['a value beside another name']}\n"
        f"METRICS_PORT_EXITS={SECRETS['a value beside another name']} # a comment\n"
        f"JOURNAL_URL=postgresql://u:{wrong}@127.0.0.1/db\n"
    )
    (folder / "credentials").mkdir()
    contradicting = SECRETS["a credential that contradicts"]
    (folder / "credentials/venue_api_secret").write_text(contradicting)


def _all_of(scene: Scene, commands: Sequence[Said]) -> dict[str, int]:
    """Run some commands, a few at a time; return their exit codes by what they were."""

    def run(one: Said) -> int:
        return scene.ask(*one.words, but=one.but).returncode

    with ThreadPoolExecutor(AT_ONCE) as pool:
        codes = list(pool.map(run, commands))
    return {
        f"{' '.join(one.words)} {' '.join(one.but)}": code
        for one, code in zip(commands, codes, strict=True)
    }


def signal_by_hand(scene: Scene) -> str:
    """Publish an intent and wait for its verdict; return its id."""
    done = scene.ask(*SIGNAL, "--wait", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return str(json.loads(done.stdout)["intent_id"])


def _commands() -> list[Command]:
    """Every word that a person can say, by somebody without a key."""

    def said(wish: Wish, **more: object) -> Command:
        plain = Command(
            at_ms=UnixMs(time.time_ns() // 1_000_000),
            id=f"eve-{wish}",
            wish=Wish.RESUME,
            who="eve",
            why="go on",
        )
        return replace(plain, wish=wish, **more)  # type: ignore[arg-type]

    order = NamedOrder(order_id=ClientOrderId("bp-" + "0" * 24))
    grant = Grant(limits_hash="0" * 16, market="live", evidence="none", override_hours=24)
    return [
        *(said(wish) for wish in (Wish.RESUME, Wish.FLATTEN, Wish.DEMOTE)),
        said(Wish.REARM, symbol=Symbol("BTCUSDT")),
        said(Wish.ADOPT_POSITION, symbol=INVENTED),
        *(said(wish, named=order) for wish in (Wish.ADOPT, Wish.CLOSE)),
        said(Wish.PROMOTE, grant=grant),
    ]


def intrude(scene: Scene) -> int:
    """Write to the bus without a key, and with a wrong one; return how much is to be set
    aside.
    """
    orders = [Post(CONTROL, codec.encode_command(command)) for command in _commands()]
    words = [Post(CONTROL, Envelope((("payload", "resume"),)))]
    payload = json.dumps(intent(UNSIGNED, 0))
    fields = (("event_type", "trade.intent"), ("payload", payload), ("source", "eve"))
    entry = Post(TRADE_INTENT, Envelope(fields))
    held = replace(POSITION, symbol=INVENTED, intent_id=IntentId("eve-1"))
    position = Post(POSITION_UPDATE, codec.encode_position(held))
    with closing(RedisBus(read_bus_url(scene.env["BUS_URL"]))) as bus:
        wrong = SignedBus(bus, Secret(SECRETS["a wrong key"]), None)
        asyncio.run(bus.publish([*orders, *words, entry, position]))
        asyncio.run(wrong.publish(orders))
    return 2 * len(orders) + len(words) + 1


def _missed(scene: Scene, part: str, scheme: str) -> bool:
    """Tell whether a process has said that it cannot work, and named the address."""
    return re.search(rf'why"?[=:]"?{scheme}://', scene.log(part)) is not None


def meet_troubles(scene: Scene) -> None:
    """Take key, bus and journal away from the processes, one after the other."""
    scene.sim("faults", {"conditions": {"key_revoked": True}})
    until(lambda: "Invalid API-key" in scene.log("execution"), "no key was missed")
    scene.sim("faults", {"conditions": {}})
    sessions = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {}"
    scene.postgres.ask(SQL(sessions).format(Literal(ROLE)))
    until(lambda: _missed(scene, "execution", "postgresql"), "no journal was missed")
    scene.redis.stop(signal.SIGKILL)
    until(
        lambda: all(_missed(scene, part, "redis") for part in PARTS),
        "not everybody missed the bus",
    )
    scene.redis.start()
    # What a crash prints of itself, it prints for everybody.
    scene.processes["execution"].send_signal(signal.SIGSEGV)
    until(lambda: "Fatal Python error" in scene.log("execution"), "no crash was told")

"""`kill -9` of a worker and of the server it works on, at random moments."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from bridge_patch.adapters.bus_redis import RedisBus
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.adapters.verify import verify_journal
from tests.contracts.sites import INTENTS, ONE, RESULTS, followed, publish, run, texts
from tests.contracts.test_bus_sqlite import more_results
from tests.contracts.worker import work_on
from tests.redis_server import RedisServer, redis_on

ROOT = Path(__file__).parents[2]
#: More with SOAK_KILLS=50.
KILLS: Final = int(os.environ.get("SOAK_KILLS", "4"))
EACH: Final = 60


def start(file: SqliteFile, server: RedisServer) -> subprocess.Popen[bytes]:
    words = ("-m", "tests.contracts.worker", str(file.path), str(server.url))
    return subprocess.Popen([sys.executable, *words], cwd=ROOT)


def test_nothing_is_lost_or_doubled_under_kill_9(tmp_path: Path) -> None:
    """Whatever dies, each intent is in the journal once, and has one result."""
    chance, sent, place = random.Random(7), list[str](), ""
    file, folder = SqliteFile(tmp_path / "journal.db"), tmp_path / "redis"
    folder.mkdir()
    with redis_on(folder, "appendfsync always") as server:
        for kill in range(KILLS):
            sent += (fresh := [f"{kill}-{n}" for n in range(EACH)])
            with ExitStack() as stack:
                worker = start(file, server)
                stack.callback(worker.wait)
                stack.callback(worker.kill)
                with closing(RedisBus(server.url)) as bus:
                    publish(bus, *fresh)
                    place = run(more_results(bus, place, chance.randint(1, EACH)))
                run(asyncio.sleep(chance.random() / 200))
                if kill % 2:
                    server.stop(signal.SIGKILL)
                    server.start()
        run(work_on(server.url, file, until_empty=True))
        with closing(RedisBus(server.url)) as bus:
            results, place = list[str | None](), ""
            while more := followed(bus, RESULTS, place):
                results, place = results + texts(more), more[-1].entry_id
            depth = run(bus.depth(INTENTS, ONE.group))
    with closing(JournalReader(file)) as reader:
        journaled = [getattr(entry.event, "intent_id", "") for entry in reader.read()]

    assert Counter(journaled) == Counter(sent)
    assert Counter(results) == Counter(sent)
    assert (depth.lag, depth.pending) == (0, 0)
    assert verify_journal(file.path).faults == ()

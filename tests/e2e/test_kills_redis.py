"""The same kills with the bus on a Redis server, which is killed as well."""

import random
import signal
import time
from pathlib import Path

import pytest

from tests.e2e.harness import only_in_soak
from tests.e2e.test_kills import SEED, assert_same, kill_at_random
from tests.e2e.three import PROCESSES, in_one, in_three, make_market
from tests.redis_server import acl_lines, redis_on

pytestmark = [pytest.mark.e2e, only_in_soak]

BARS = 200


def test_killed_processes_and_a_killed_server_lose_nothing(tmp_path: Path) -> None:
    """With `appendfsync always` what the server acknowledged is there when it is back.

    Each process is the user that docs/bus.md gives it.
    """
    market = make_market(tmp_path / "bars", bars=BARS, seed=7)
    (tmp_path / "redis").mkdir()
    with redis_on(tmp_path / "redis", "appendfsync always", *acl_lines()) as server:
        one = in_one(tmp_path, "--data", market)
        three = in_three(
            tmp_path,
            "--data",
            market,
            bus_url=server.url,
            bus_texts={name: server.text_for(name) for name in PROCESSES},
        )
        killed = kill_at_random(three, random.Random(SEED), bars=BARS - 40, each=1)
        server.stop(signal.SIGKILL)
        time.sleep(0.2)
        server.start()
        three.end(timeout=120)

        assert killed == dict.fromkeys(PROCESSES, 1)
        assert_same(three, one, market)
    assert "going on where it ended" in three.log("execution")

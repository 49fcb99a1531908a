"""`kill -9` of any process at any moment: no intent lost, none acted on twice."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.streams import DEAD_LETTER, EXECUTION_RESULT, TRADE_INTENT
from bridge_patch.domain.events import BulkExpired, Filled, Sending
from bridge_patch.domain.intent import IntentId, Mode, ReduceIntent, UnixMs
from bridge_patch.domain.order import Leg
from bridge_patch.services.messages import Poison
from tests.e2e.harness import only_in_soak, run
from tests.e2e.three import PROCESSES, Run, Three, in_one, in_three, make_market

pytestmark = [pytest.mark.e2e, only_in_soak]

BARS = 240
KILLS_EACH = 3
SEED = 20_250_505


def published(left: Run) -> tuple[set[IntentId], int]:
    """Every intent that was understood, and how many messages were not."""
    ids, unread = set[IntentId](), 0
    for message in left.entries(TRADE_INTENT):
        content = codec.decode_delivery(
            message.envelope,
            entry_id=message.entry_id,
            mode=Mode.LIVE,
            now_ms=UnixMs(2**60),
        ).content
        if isinstance(content, Poison):
            unread += 1
        else:
            ids.add(content.id if isinstance(content, ReduceIntent) else content.entry.id)
    return ids, unread


def outcomes(left: Run) -> Counter[IntentId]:
    counted = Counter[IntentId]()
    for message in left.entries(EXECUTION_RESULT):
        result = codec.decode_result(message.envelope)
        if isinstance(result, BulkExpired):
            counted.update(result.intent_ids)
        else:
            counted[result.intent_id] += 1
    return counted


def kill_at_random(
    three: Three, chance: random.Random, *, bars: int, each: int
) -> Counter[str]:
    """Kill each process a few times, spread over the run; tell how often each died."""
    victims = [name for name in PROCESSES for _ in range(each)]
    chance.shuffle(victims)
    killed: Counter[str] = Counter()
    for number, name in enumerate(victims):
        after = 5 + (bars - 60) * number // len(victims) + chance.randrange(30)
        while three.ticks() < after:
            assert all(p.poll() is None for p in three.living.values()), three.log(name)
            time.sleep(0.002)
        time.sleep(chance.random() * 0.05)
        killed[name] += three.kill(name)
    return killed


def test_killed_processes_end_where_an_uninterrupted_run_does(tmp_path: Path) -> None:
    """Not nearly: every verdict, every fill and the last cent of equity are the same."""
    market = make_market(tmp_path / "bars", bars=BARS, seed=7)
    one, three = in_one(tmp_path, "--data", market), in_three(tmp_path, "--data", market)
    chance = random.Random(SEED)
    killed = kill_at_random(three, chance, bars=BARS, each=KILLS_EACH)
    three.end(timeout=60)

    assert killed == dict.fromkeys(PROCESSES, KILLS_EACH)
    assert_same(three, one, market)


def assert_same(three: Three, one: Run, market: Path) -> None:
    """Nothing is lost, nothing is done twice, and all of it is as without a kill."""
    verified = run("verify", "--journal", three.journal, cwd=market)
    ids, unread = published(three)
    orders: list[Sending] = three.events(Sending)
    sent = Counter(order.intent_id for order in orders if order.leg is Leg.ENTRY)

    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert outcomes(three) == dict.fromkeys(ids, 1)
    assert len(three.entries(DEAD_LETTER)) == unread
    assert set(sent.values()) == {1}
    assert three.decisions() == one.decisions()
    assert three.events(Filled) == one.events(Filled)
    assert three.end_equity_usd(market) == one.end_equity_usd(market)
    assert len(one.events(Filled)) > 10

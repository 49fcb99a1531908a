"""What `status` says about a backlog, on the screen and from the end of the journal."""

from __future__ import annotations

from rich.console import Console

from bridge_patch.adapters.bus_look import Place
from bridge_patch.adapters.streams import EXECUTION_GROUP, TRADE_INTENT
from bridge_patch.app.status.behind import backlog_seen
from bridge_patch.app.status.paint import painted
from bridge_patch.domain.events import BulkExpired
from bridge_patch.domain.intent import IntentId, UnixMs
from bridge_patch.services.backlog import BacklogLimits
from bridge_patch.services.ports import Stored
from tests.unit.app.test_status_fold import stands


def test_a_backlog_says_since_when_how_long_still_and_what_is_wrong() -> None:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(painted(stands()))

    (line,) = [x for x in captured.get().splitlines() if x.startswith("backlog")]
    assert line.split(maxsplit=1)[1].rstrip() == (
        "4 waiting, the oldest for 1 min 1 s, 2/s, gone in 2 s,"
        " ALARM: waiting for 61 s, limit 60"
    )


def test_a_rate_is_what_the_end_of_the_journal_says() -> None:
    place = Place(stream=TRADE_INTENT, group=EXECUTION_GROUP, lag=10, pending=2)
    bulk = BulkExpired(
        at_ms=UnixMs(0),
        intent_ids=(IntentId("a"), IntentId("b")),
        entry_ids=("1", "2"),
        age_max_sec=60,
    )
    tail = [
        Stored(seq=n, run_id="r", recorded_ms=1_000 * n, event=bulk, link="")
        for n in (1, 2)
    ]

    limits = BacklogLimits(entries_max=11, age_max_sec=60)
    lately = backlog_seen([place], tail, UnixMs(12_000), limits)
    later = backlog_seen([place], tail, UnixMs(12_001), limits)

    assert (lately.rate_per_sec, lately.eta_sec) == (4, 3)
    assert (later.rate_per_sec, later.eta_sec) == (None, None)
    assert later.alarm == "12 intents wait, limit 11"

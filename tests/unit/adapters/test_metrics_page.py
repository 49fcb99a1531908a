"""What Prometheus is told: a fold of the journal, scraped as Prometheus scrapes it."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import get_args

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bridge_patch.adapters.metrics import METRICS, Kind
from bridge_patch.adapters.metrics_fold import OTHER
from bridge_patch.adapters.metrics_server import CLIENTS_MAX, MetricsServer
from bridge_patch.adapters.metrics_told import Told
from bridge_patch.domain.events import DeadLettered, Event, Verdict
from bridge_patch.domain.intent import UnixMs
from tests.unit.adapters.lines_samples import (
    ACCEPTED,
    AT,
    DRAFT,
    FILLED,
    OTHER_EVENTS,
    SENDING,
    SETTLED,
)
from tests.unit.adapters.monitored import Wound, sample, told

D = Decimal
EVENTS = tuple({id(e): e for e in (ACCEPTED, SENDING, SETTLED, *OTHER_EVENTS)}.values())


@contextmanager
def served(one: Told) -> Iterator[str]:
    server = MetricsServer(one, 0)
    server.open()
    try:
        yield f"http://127.0.0.1:{server.bound_port}"
    finally:
        server.close()


def asked(url: str, **headers: str) -> tuple[int, str]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def scraped(one: Told) -> dict[str, dict[tuple[str, ...], float]]:
    """What a scrape over the network holds: by name, and values in order of the labels."""
    with served(one) as url:
        status, page = asked(f"{url}/metrics")
    assert status == 200
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(page):
        for one_sample in family.samples:
            values = tuple(value for _, value in sorted(one_sample.labels.items()))
            found.setdefault(one_sample.name, {})[values] = one_sample.value
    return found


def test_a_scrape_holds_what_was_journaled_and_how_things_stand() -> None:
    one = told()
    one.published(DRAFT)
    for event in EVENTS:
        one.tell(event)
    one.sample = sample()

    page = scraped(one)

    assert page["bridge_patch_intents_published_total"] == {("shadow",): 1, ("live",): 0}
    assert page["bridge_patch_decisions_total"]["entry", "PASS", "live", "ACCEPT"] == 1
    assert page["bridge_patch_orders_sent_total"][SENDING.leg,] == 1
    assert page["bridge_patch_margin_governed_usd_count"][()] == 1
    assert page["bridge_patch_drawdown_ratio"][()] == 0.1
    assert page["bridge_patch_exposure_usd"]["gross",] == 500
    assert page["bridge_patch_state"]["RUNNING",] == 1
    assert page["bridge_patch_telemetry_lost_total"][()] == 0


def test_every_metric_of_the_table_is_on_the_page_and_no_other() -> None:
    with served(told()) as url:
        _, page = asked(f"{url}/metrics")
    families = {family.name: family.type for family in text_string_to_metric_families(page)}

    assert families == {
        metric.name.removesuffix("_total")
        if metric.kind is Kind.COUNTER
        else metric.name: (metric.kind)
        for metric in METRICS
    }


def test_every_kind_of_event_is_counted_and_none_is_lost() -> None:
    one = told()
    for event in EVENTS:
        one.tell(event)
    counted = scraped(one)["bridge_patch_events_total"]

    grown = {kind for kind, count in counted.items() if count}
    assert grown == {(type(event).__name__,) for event in EVENTS}
    assert {type(event) for event in EVENTS} <= set(get_args(Event))
    assert one.lost == 0


def test_what_a_rule_watches_for_growth_begins_with_a_zero() -> None:
    """`increase()` of a series that begins with 1, and stays there, is 0.

    Going by a series for each reason of a verdict, a first refusal for a new reason was
    nothing judged, and somebody was woken.
    """
    page = scraped(told())

    assert page["bridge_patch_intents_published_total"] == {("live",): 0, ("shadow",): 0}
    assert page["bridge_patch_events_total"]["Judged",] == 0
    assert set(page["bridge_patch_events_total"].values()) == {0}
    assert page["bridge_patch_outcomes_total"]["REFUSED",] == 0


def test_words_that_come_in_a_payload_make_no_series_of_their_own() -> None:
    """Cardinality is bounded: what is in no closed list is counted under one word."""
    one = told()
    for number in range(50):
        odd = DeadLettered(at_ms=AT, entry_id="1-0", reason=f"odd-{number}", faults=())
        one.tell(odd)
        one.tell(replace(ACCEPTED, codes=(f"odd-{number}",), verdict=Verdict.REJECT))
    page = scraped(one)

    letters = page["bridge_patch_dead_letters_total"]
    assert {word: count for word, count in letters.items() if count} == {(OTHER,): 50}
    assert len(letters) == 4
    assert len(page["bridge_patch_decisions_total"]) == 1


def test_what_is_not_known_has_no_series_and_is_no_zero() -> None:
    one = told()
    lost = replace(sample().equity, equity_usd=None, at_ms=None, drawdown_pct=None)
    one.sample = sample(equity=lost, ages=replace(sample().ages, mark_ms=None))
    page = scraped(one)

    assert "bridge_patch_equity_usd" not in page
    assert "bridge_patch_account_age_seconds" not in page
    assert "bridge_patch_mark_age_seconds" not in page
    assert "bridge_patch_bus_lag" not in page


def test_the_times_between_the_steps_of_an_intent_are_spread() -> None:
    one = told()
    later = UnixMs(AT + 250)
    one.tell(replace(ACCEPTED, at_ms=AT))
    one.tell(replace(SENDING, at_ms=later, intent_id=ACCEPTED.intent_id))
    page = scraped(one)["bridge_patch_step_seconds_bucket"]

    assert page["0.1", "judged_sent"] == 0
    assert page["0.25", "judged_sent"] == 1


def test_ages_grow_between_two_samples_of_a_live_run() -> None:
    """A loop that stands still cannot make old readings look fresh."""
    clock = Wound()
    one = told(clock)
    one.sample = sample()
    clock.sec += 45

    assert scraped(one)["bridge_patch_account_age_seconds"][()] == 45


@pytest.mark.parametrize("name", ["evil.example:80", "evil.example", "127.0.0.1.evil", ""])
def test_only_the_names_of_this_machine_are_answered(name: str) -> None:
    """A web page that a browser was led to by another name learns nothing."""
    with served(told()) as url:
        status, page = asked(f"{url}/metrics", Host=name)

    assert status == 403
    assert "bridge_patch" not in page


def test_clients_that_say_nothing_are_few_and_the_next_is_hung_up_on() -> None:
    """A port scan or a stuck scraper takes no more than its share of threads."""
    with served(told()) as url:
        port = int(url.rpartition(":")[2])
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(CLIENTS_MAX)]
        with socket.create_connection(("127.0.0.1", port), timeout=10) as refused:
            said = refused.recv(1)
        for one in idle:
            one.close()
        status = 0
        for _ in range(100):
            try:
                status, _ = asked(f"{url}/healthz")
            except OSError:
                time.sleep(0.02)
            else:
                break

    assert said == b""
    assert status == 200


def test_a_rebate_lowers_no_counter() -> None:
    one = told()
    one.tell(replace(FILLED, fee_usd=D("1.5")))
    one.tell(replace(FILLED, fee_usd=D("-0.5")))

    assert list(scraped(one)["bridge_patch_fees_usd_total"].values()) == [1.5]


def test_a_port_that_is_taken_is_an_error_and_not_shared() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = MetricsServer(told(), taken.getsockname()[1])

        with pytest.raises(OSError, match="in use"):
            server.open()
    assert not server.is_open

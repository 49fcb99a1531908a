"""Rules, dashboard and page are made from the tables, and name only what there is."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.alerts import ALARMS, RUNBOOK, Alarm
from bridge_patch.adapters.metrics import METRICS, PREFIX, Kind
from bridge_patch.app.monitoring_dashboard import dashboard
from bridge_patch.app.monitoring_page import (
    DASHBOARD,
    PAGE,
    RULES,
    page_with_tables,
)
from bridge_patch.app.monitoring_rules import JOB, WATCHES, alarm_rules, rules_file

ROOT = Path(__file__).parents[3]
AGAIN = "run `make docs` and read what changed"
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(
    PROMTOOL is None, reason="promtool is not installed: sh tests/servers.sh promtool"
)
USED = re.compile(rf"({PREFIX}\w+)(?:\{{([^}}]*)\}})?")
LABEL = re.compile(r"(\w+)(?:=~|!~|!=|=)\"")
GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")
#: What Prometheus adds to every series, and a histogram to its own.
ADDED = {"job", "instance", "le"}


def series() -> dict[str, set[str]]:
    """Every name that a scrape may hold, with its labels."""
    found: dict[str, set[str]] = {}
    for metric in METRICS:
        ends = ("_bucket", "_count", "_sum") if metric.kind is Kind.HISTOGRAM else ("",)
        found |= {metric.name + end: set(metric.labels) for end in ends}
    return found


def expressions() -> Iterator[str]:
    yield from (rule.expr for rule in (*alarm_rules(), *WATCHES))
    for panel in json.loads(dashboard())["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def faults(expr: str) -> list[str]:
    """What an expression names that no scrape holds."""
    known, wrong, labels = series(), [], set(ADDED)
    for name, inside in USED.findall(expr):
        if name not in known:
            wrong.append(name)
            continue
        labels |= known[name]
        wrong += [f"{name} {one}" for one in LABEL.findall(inside) if one not in labels]
    for group in GROUPED.findall(expr):
        wrong += [one for one in re.split(r", ?", group) if one not in labels]
    return wrong


def test_rules_dashboard_and_page_are_as_the_tables_are_now() -> None:
    page = (ROOT / PAGE).read_text(encoding="utf-8")

    assert (ROOT / RULES).read_text(encoding="utf-8") == rules_file(), AGAIN
    assert (ROOT / DASHBOARD).read_text(encoding="utf-8") == dashboard(), AGAIN
    assert page == page_with_tables(page), AGAIN


@pytest.mark.parametrize(
    "expr",
    [
        "bridge_patch_nothing_of_ours",
        'bridge_patch_state{colour="red"}',
        "sum by (symbol) (bridge_patch_alarm)",
        "bridge_patch_margin_asked_usd",
    ],
)
def test_a_name_or_label_that_does_not_exist_is_a_fault(expr: str) -> None:
    assert faults(expr)


def test_every_metric_and_label_that_is_asked_for_exists() -> None:
    asked = list(expressions())

    assert len(asked) > 50
    assert [(expr, faults(expr)) for expr in asked if faults(expr)] == []


def test_every_metric_follows_the_conventions_of_prometheus() -> None:
    for metric in METRICS:
        grows = metric.kind is Kind.COUNTER
        assert metric.name.startswith(PREFIX)
        assert metric.name.endswith("_total") is grows
        assert not re.search(r"_(ms|pct|minutes|percent)\b|_(ms|pct)_", metric.name)
        assert bool(metric.buckets) is (metric.kind is Kind.HISTOGRAM)
        assert metric.help
        assert not metric.help.endswith(".")
    assert len({metric.name for metric in METRICS}) == len(METRICS)


def test_no_metric_is_labelled_by_what_has_no_bound() -> None:
    labels = {label for metric in METRICS for label in metric.labels}

    assert labels.isdisjoint({"symbol", "intent", "order", "source", "why", "message"})


def test_every_alarm_has_a_page_a_severity_and_a_rule() -> None:
    rules = {rule.page: rule.severity for rule in alarm_rules()}

    assert set(ALARMS) == set(Alarm)
    assert rules == {alarm.anchor: alarm.severity for alarm in Alarm}
    assert all(page.startswith(f"{RUNBOOK}#alarm-") for page in rules)


def test_the_dashboard_s_panels_stand_beside_each_other() -> None:
    panels = json.loads(dashboard())["panels"]
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24
        assert not taken & cells, panel["title"]
        taken |= cells
    assert len({panel["id"] for panel in panels}) == len(panels)


def promtool(*words: str) -> None:
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *words], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_promtool_takes_the_rules_and_the_example_of_a_scrape() -> None:
    promtool("check", "rules", str(ROOT / RULES))
    promtool("check", "config", str(ROOT / "deploy/prometheus/prometheus.yml"))


#: What each watch fires on, and something near it on which it must not.
WATCHED: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "Down": ({f'up{{job="{JOB}"}}': "0x200"}, {f'up{{job="{JOB}"}}': "1x200"}, "1m"),
    "Unhealthy": (
        {"bridge_patch_healthy": "0x200"},
        {"bridge_patch_healthy": "0x3 1x200"},
        "2m",
    ),
    "DrawdownNear": (
        {"bridge_patch_drawdown_ratio": "0.17", "bridge_patch_drawdown_limit_ratio": "0.2"},
        {"bridge_patch_drawdown_ratio": "0.15", "bridge_patch_drawdown_limit_ratio": "0.2"},
        "0s",
    ),
    "DayLossNear": (
        {"bridge_patch_day_loss_ratio": "5", "bridge_patch_day_loss_limit_ratio": "6"},
        {"bridge_patch_day_loss_ratio": "-9", "bridge_patch_day_loss_limit_ratio": "6"},
        "0s",
    ),
    "ExposureNear": (
        {
            'bridge_patch_exposure_usd{of="net"}': "95x200",
            'bridge_patch_exposure_limit_usd{of="net"}': "100x200",
        },
        {
            'bridge_patch_exposure_usd{of="net"}': "95x200",
            'bridge_patch_exposure_limit_usd{of="gross"}': "100x200",
        },
        "6m",
    ),
    "NothingJudged": (
        {
            "bridge_patch_intents_published_total": "0+1x400",
            'bridge_patch_events_total{kind="Judged"}': "7x400",
        },
        {
            "bridge_patch_intents_published_total": "0+1x400",
            'bridge_patch_events_total{kind="Judged"}': "0+1x400",
        },
        "20m",
    ),
    "LimitsDiffer": (
        {
            'bridge_patch_run_info{part="engine",limits_hash="a"}': "1x200",
            'bridge_patch_run_info{part="exits",limits_hash="b"}': "1x200",
        },
        {
            'bridge_patch_run_info{part="engine",limits_hash="a"}': "1x200",
            'bridge_patch_run_info{part="exits",limits_hash="a"}': "1x200",
        },
        "5m",
    ),
    "SlowAnswers": (
        {
            'bridge_patch_step_seconds_bucket{step="sent_answered",le="2.5"}': "0x400",
            'bridge_patch_step_seconds_bucket{step="sent_answered",le="10"}': "0+1x400",
            'bridge_patch_step_seconds_bucket{step="sent_answered",le="+Inf"}': "0+1x400",
        },
        {
            'bridge_patch_step_seconds_bucket{step="sent_answered",le="1"}': "0+1x400",
            'bridge_patch_step_seconds_bucket{step="sent_answered",le="+Inf"}': "0+1x400",
        },
        "20m",
    ),
    "VenueLimitsNear": (
        {'bridge_patch_venue_limit_used_ratio{limit="weight_1m"}': "0.9x200"},
        {'bridge_patch_venue_limit_used_ratio{limit="weight_1m"}': "0.8x200"},
        "2m",
    ),
    "AlertsLost": (
        {'bridge_patch_alerts_total{outcome="dropped"}': "0+1x200"},
        {'bridge_patch_alerts_total{outcome="sent"}': "0+1x200"},
        "2m",
    ),
    "TelemetryLost": (
        {"bridge_patch_telemetry_lost_total": "0+1x200"},
        {"bridge_patch_telemetry_lost_total": "3x200"},
        "2m",
    ),
}


@needs_promtool
def test_every_rule_fires_when_it_should_and_not_otherwise(tmp_path: Path) -> None:
    """`promtool test rules`; what fires is counted, its labels are the rule's."""
    assert {f"BridgePatch{name}" for name in WATCHED} == {rule.name for rule in WATCHES}
    cases: list[Any] = []
    for rule in alarm_rules():
        alarm = next(a for a in Alarm if a.anchor == rule.page)
        named = f'bridge_patch_alarm{{alarm="{alarm}",severity="{rule.severity}"}}'
        cases += [
            firing(rule.name, {named: "1x4"}, "0s", 1),
            firing(rule.name, {named: "0x4"}, "0s", 0),
        ]
    for name, (fires, keeps_quiet, at) in WATCHED.items():
        cases += [
            firing(f"BridgePatch{name}", fires, at, 1),
            firing(f"BridgePatch{name}", keeps_quiet, at, 0),
        ]
    test = tmp_path / "rules_test.yml"
    rules = {"rule_files": [str(ROOT / RULES)], "evaluation_interval": "5s", "tests": cases}
    test.write_text(json.dumps(rules))

    promtool("test", "rules", str(test))


def firing(alert: str, series: dict[str, str], at: str, count: int) -> Any:
    """One case of promtool: series in its spelling, and how many of an alert fire then."""
    asked = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}}) or vector(0)'
    return {
        "name": f"{alert} {count}",
        "interval": "5s",
        "input_series": [{"series": s, "values": v} for s, v in series.items()],
        "promql_expr_test": [
            {
                "expr": asked,
                "eval_time": at,
                "exp_samples": [{"labels": "{}", "value": count}],
            }
        ],
    }

"""The rules by which Prometheus alerts: one for each alarm, and what only it can see.

A rule per alarm repeats what the process itself says. The others go by the metrics, or by
their absence: a process that is gone cannot say so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters.alerts import ALARMS, RUNBOOK, Alarm, Severity

#: The name that the example of a scrape gives to our processes.
JOB: Final = "bridge-patch"
_P, _W = Severity.PAGE, Severity.WARN


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule; `held` is how long its expression has to hold, in Prometheus' spelling."""

    name: str
    expr: str
    severity: Severity
    summary: str
    page: str
    held: str = "0s"


def alarm_rules() -> Iterator[Rule]:
    """Yield a rule for each alarm."""
    for alarm, about in ALARMS.items():
        yield Rule(
            name=rule_name(alarm),
            expr=f'max by (job, instance) (bridge_patch_alarm{{alarm="{alarm}"}}) > 0',
            severity=about.severity,
            summary=about.when,
            page=alarm.anchor,
        )


def rule_name(alarm: Alarm) -> str:
    """Return what the rule of an alarm is called.

    >>> rule_name(Alarm.ORDER_UNKNOWN)
    'BridgePatchOrderUnknown'
    """
    return "BridgePatch" + "".join(word.capitalize() for word in alarm.split("_"))


def _watch(
    name: str, severity: Severity, expr: str, summary: str, held: str = "0s"
) -> Rule:
    return Rule(
        name=f"BridgePatch{name}",
        expr=expr,
        severity=severity,
        summary=summary,
        page=f"{RUNBOOK}#watch-{name.lower()}",
        held=held,
    )


#: What is watched besides the alarms.
WATCHES: Final = (
    _watch("Down", _P, f'up{{job="{JOB}"}} == 0', "a process answers no scrape", "30s"),
    _watch("Unhealthy", _P, "bridge_patch_healthy == 0", "/healthz says 503", "1m"),
    _watch(
        *("DrawdownNear", _W),
        "bridge_patch_drawdown_ratio / bridge_patch_drawdown_limit_ratio > 0.8",
        "the drawdown is above 80 % of its limit",
    ),
    _watch(
        *("DayLossNear", _W),
        "bridge_patch_day_loss_ratio / bridge_patch_day_loss_limit_ratio > 0.8",
        "the day's loss is above 80 % of its limit",
    ),
    _watch(
        *("ExposureNear", _W),
        "bridge_patch_exposure_usd / bridge_patch_exposure_limit_usd > 0.9",
        "an exposure is above 90 % of its limit",
        "5m",
    ),
    _watch(
        *("NothingJudged", _P),
        "sum(increase(bridge_patch_intents_published_total[10m])) > 0 unless"
        ' sum(increase(bridge_patch_events_total{kind="Judged"}[10m])) > 0',
        "entries are proposed and none is judged",
        "5m",
    ),
    _watch(
        *("LimitsDiffer", _P),
        "count(count by (limits_hash) (bridge_patch_run_info)) > 1",
        "two processes run under different limits",
        "2m",
    ),
    _watch(
        *("SlowAnswers", _W),
        "histogram_quantile(0.99, sum by (le)"
        ' (rate(bridge_patch_step_seconds_bucket{step="sent_answered"}[5m]))) > 2.5',
        "one order in a hundred waits longer than 2.5 s for its answer",
        "5m",
    ),
    _watch(
        *("VenueLimitsNear", _W),
        "max by (limit) (bridge_patch_venue_limit_used_ratio) > 0.8",
        "the venue's request limits are nearly used up; what is left is for exits",
        "1m",
    ),
    _watch(
        *("AlertsLost", _W),
        "sum by (job, instance)"
        ' (increase(bridge_patch_alerts_total{outcome=~"failed|dropped"}[15m])) > 0',
        "alarms could not be sent to people",
    ),
    _watch(
        *("TelemetryLost", _W),
        "increase(bridge_patch_telemetry_lost_total[15m]) > 0",
        "events could not be counted: what the pages say may be too little",
    ),
)


def rules_file() -> str:
    """Return the rules as Prometheus reads them."""
    lines = [
        "# Written by `make docs` from adapters/alerts.py and app/monitoring_rules.py.",
        "groups:",
    ]
    for name, rules in (("alarms", (*alarm_rules(),)), ("watches", WATCHES)):
        lines += [f"  - name: bridge-patch-{name}", "    rules:"]
        for rule in rules:
            lines += _written(rule)
    return "\n".join(lines) + "\n"


def _written(rule: Rule) -> Iterator[str]:
    """Yield one rule; a JSON text is a YAML one too, whatever stands in it."""
    yield f"      - alert: {rule.name}"
    yield f"        expr: {json.dumps(rule.expr)}"
    yield f"        for: {rule.held}"
    yield f"        labels: {{severity: {rule.severity}}}"
    yield "        annotations:"
    yield f"          summary: {json.dumps(rule.summary)}"
    yield f"          runbook: {json.dumps(rule.page)}"

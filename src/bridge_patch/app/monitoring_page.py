"""Writes the tables of `docs/monitoring.md`, the alert rules and the dashboard.

`python -m bridge_patch.app.monitoring_page` in the project's root writes all of them again.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bridge_patch.adapters.alerts import ALARMS
from bridge_patch.adapters.health_progress import RED
from bridge_patch.adapters.metrics import METRICS
from bridge_patch.app.monitoring_dashboard import dashboard
from bridge_patch.app.monitoring_rules import WATCHES, rules_file

PAGE: Final = Path("docs/monitoring.md")
RULES: Final = Path("deploy/prometheus/alerts.yml")
DASHBOARD: Final = Path("deploy/grafana/bridge-patch.json")


def metrics_table() -> str:
    """Return a table of every metric there is."""
    rows = ["| name | kind | labels | of | says |", "|---|---|---|---|---|"]
    for metric in METRICS:
        labels = ", ".join(f"`{label}`" for label in metric.labels) or "–"
        cells = (f"`{metric.name}`", metric.kind, labels, metric.origin, metric.help)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def alarms_table() -> str:
    """Return a table of every alarm there is."""
    rows = [
        "| alarm | severity | stands when | 503 | what to do |",
        "|---|---|---|---|---|",
    ]
    for alarm, about in ALARMS.items():
        red = "yes" if alarm in RED else "–"
        cells = (f"`{alarm}`", about.severity, about.when, red, f"`{alarm.anchor}`")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def watches_table() -> str:
    """Return a table of what only Prometheus watches."""
    rows = ["| rule | severity | fires when | for | what to do |", "|---|---|---|---|---|"]
    for rule in WATCHES:
        cells = (f"`{rule.name}`", rule.severity, rule.summary, rule.held, f"`{rule.page}`")
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def page_with_tables(page: str) -> str:
    """Return the page with its tables, each between its markers, as they are now."""
    for name, table in (
        ("metrics", metrics_table()),
        ("alarms", alarms_table()),
        ("watches", watches_table()),
    ):
        begin = f"<!-- {name}: begin, written by make docs -->\n"
        end = f"<!-- {name}: end -->\n"
        before, _, rest = page.partition(begin)
        page = before + begin + table + end + rest.partition(end)[2]
    return page


def write(root: Path) -> None:
    """Write page, rules and dashboard below `root`."""
    page = root / PAGE
    page.write_text(page_with_tables(page.read_text(encoding="utf-8")), encoding="utf-8")
    for path, text in ((RULES, rules_file()), (DASHBOARD, dashboard())):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path())

"""The Grafana dashboard, as Grafana imports it: the table of panels, laid out in rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final, TypeAlias

from bridge_patch.app.monitoring_panels import ROWS, Panel

Json: TypeAlias = dict[str, object]

_WIDTH: Final = 24
_HEIGHT: Final = 7
_STAT_HEIGHT: Final = 4
_SOURCE: Final = {"type": "prometheus", "uid": "${source}"}


def dashboard() -> str:
    """Return the dashboard as Grafana imports it."""
    board: Json = {
        "title": "BRIDGE-PATCH",
        "uid": "bridge-patch",
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-6h", "to": "now"},
        "tags": ["trading"],
        "templating": {"list": [_source(), _instance()]},
        "panels": list(_panels()),
    }
    return json.dumps(board, indent=1, ensure_ascii=False) + "\n"


def _panels() -> Iterator[Json]:
    number, top = 0, 0
    for title, panels in ROWS:
        number += 1
        place = {"h": 1, "w": _WIDTH, "x": 0, "y": top}
        yield {
            "id": number,
            "type": "row",
            "title": title,
            "gridPos": place,
            "collapsed": False,
            "panels": [],
        }
        top, left, lowest = top + 1, 0, 0
        for panel in panels:
            number += 1
            if left + panel.width > _WIDTH:
                top, left, lowest = top + lowest, 0, 0
            height = _STAT_HEIGHT if panel.kind == "stat" else _HEIGHT
            place = {"h": height, "w": panel.width, "x": left, "y": top}
            left, lowest = left + panel.width, max(lowest, height)
            yield _panel(number, panel, place)
        top += lowest


def _panel(number: int, panel: Panel, place: dict[str, int]) -> Json:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + index),
                "datasource": _SOURCE,
                "expr": expr,
                "legendFormat": legend or "__auto",
                "instant": panel.kind != "timeseries",
            }
            for index, (expr, legend) in enumerate(panel.asks)
        ],
    }


def _source() -> Json:
    return {
        "name": "source",
        "label": "Prometheus",
        "type": "datasource",
        "query": "prometheus",
    }


def _instance() -> Json:
    return {
        "name": "instance",
        "label": "process",
        "type": "query",
        "datasource": _SOURCE,
        "query": "label_values(bridge_patch_healthy, instance)",
        "refresh": 2,
        "includeAll": True,
        "multi": True,
        "current": {"text": "All", "value": "$__all"},
    }

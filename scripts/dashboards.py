"""Write the Grafana dashboards from their tables into the folder given as argument, by default the chart's.

Here belongs Grafana's JSON format. Not here: the contents (`dashboard_tables`).
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dashboard_tables import DASHBOARDS, Dashboard, Panel

FOLDER = Path(__file__).parents[1] / "helm/migraine-platform/files/dashboards"
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
CHOICE = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
COLUMNS = 24
HEIGHT = {"stat": 4, "timeseries": 8, "table": 8, "bargauge": 10, "heatmap": 8}


def document(dashboard: Dashboard) -> dict[str, Any]:
    """Return the JSON document of a dashboard."""
    return {
        "uid": f"migraine-{dashboard.name}",
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": ["migraine-platform"],
        "editable": False,
        "schemaVersion": 39,
        "version": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "graphTooltip": 1,
        "annotations": {"list": []},
        "links": [{"type": "dashboards", "tags": ["migraine-platform"], "title": "Migraine", "asDropdown": True}],
        "templating": {"list": [CHOICE]},
        "panels": list(_placed(dashboard.panels)),
    }


def _placed(panels: Iterable[Panel]) -> Iterable[dict[str, Any]]:
    """Yield panels from left to right. A row is as high as its highest panel."""
    x = y = row = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > COLUMNS:
            x, y, row = 0, y + row, 0
        yield _panel(panel, number) | {"gridPos": {"x": x, "y": y, "w": panel.width, "h": HEIGHT[panel.kind]}}
        x, row = x + panel.width, max(row, HEIGHT[panel.kind])


def _panel(panel: Panel, number: int) -> dict[str, Any]:
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "targets": [_target(panel, index, *query) for index, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": {"unit": panel.unit, "thresholds": _thresholds(panel)}, "overrides": []},
        "options": _options(panel),
    } | ({"transformations": _TABLE} if panel.kind == "table" else {})


def _target(panel: Panel, index: int, expression: str, legend: str) -> dict[str, Any]:
    instant = panel.kind in ("table", "bargauge", "stat")
    layout = {"table": "table", "heatmap": "heatmap"}.get(panel.kind, "time_series")
    return {
        "refId": chr(ord("A") + index),
        "datasource": SOURCE,
        "expr": expression,
        "legendFormat": legend or "__auto",
        "format": layout,
        "instant": instant,
        "range": not instant,
    }


def _thresholds(panel: Panel) -> dict[str, Any]:
    """Return green, orange and red from low to high values, or from high to low with `bad_below`."""
    if panel.limits is None:
        return {"mode": "absolute", "steps": [{"color": "text", "value": None}]}
    first, second = panel.limits
    if panel.bad_below:
        colors: list[tuple[str, float | None]] = [("red", None), ("orange", second), ("green", first)]
    else:
        colors = [("green", None), ("orange", first), ("red", second)]
    return {"mode": "absolute", "steps": [{"color": color, "value": value} for color, value in colors]}


def _options(panel: Panel) -> dict[str, Any]:
    reduced = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    return {
        "stat": {**reduced, "colorMode": "value", "graphMode": "none"},
        "bargauge": {**reduced, "orientation": "horizontal", "displayMode": "gradient"},
        "timeseries": {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi"}},
        "heatmap": {"calculate": False, "yAxis": {"unit": panel.unit}},
    }.get(panel.kind, {})


# The time and the value 1 of an instant query carry no information.
_TABLE = [{"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}}]


def write(folder: Path) -> None:
    """Write the files of all dashboards."""
    folder.mkdir(parents=True, exist_ok=True)
    for dashboard in DASHBOARDS:
        text = json.dumps(document(dashboard), indent=1, ensure_ascii=False)
        (folder / f"{dashboard.name}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)

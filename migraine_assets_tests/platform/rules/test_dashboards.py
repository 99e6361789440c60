"""The dashboards: made from their tables, whole, and each of their queries answered by a Prometheus that watches a
real service."""

import datetime as dt
import json
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorStatus, InstigatorType, TickStatus

from migraine_assets.stores.monitoring import gauges
from migraine_assets.stores.monitoring.results import write_result
from migraine_assets_tests.platform.rules.rule_files import FILES, METRIC, ROOT, rules
from migraine_assets_tests.platform.rules.stack import LEAST_RANGE, Stack
from migraine_assets_tests.platform.rules.test_rules import METRICS
from migraine_assets_tests.support.service import BODY, Service, put_champion
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.defs.automation.place import Place

DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((FILES / "dashboards").glob("*.json"))}
PANELS = [(name, panel) for name, dashboard in DASHBOARDS.items() for panel in dashboard["panels"]]
QUERIES = [
    pytest.param(target["expr"], id=f"{name}: {panel['title']} {target['refId']}")
    for name, panel in PANELS
    for target in panel["targets"]
]
ABROAD = json.dumps({"entries": [{"date": "2026-03-01", "sleep_hours": 23.5, "stress_level": 8}]}).encode()


def test_the_files_are_what_the_tables_say(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "scripts/dashboards.py"), str(tmp_path)], check=True)
    made = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    assert made == DASHBOARDS, "make dashboards"


def test_there_is_one_for_each_concern() -> None:
    assert set(DASHBOARDS) == {"service", "models", "drift", "pipeline"}
    assert len({dashboard["uid"] for dashboard in DASHBOARDS.values()}) == 4


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_lie_side_by_side_and_say_what_they_show(name: str) -> None:
    panels = DASHBOARDS[name]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["description"].endswith(".")
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
        assert panel["datasource"]["uid"] == "${datasource}"
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above


@pytest.mark.parametrize("expression", QUERIES)
def test_queries_read_only_what_is_shown_or_recorded(expression: str) -> None:
    assert set(METRIC.findall(expression)) <= METRICS | {rule.name for rule in rules() if not rule.alert}


@pytest.mark.parametrize("rule", [rule for rule in rules() if not rule.alert], ids=lambda rule: rule.name)
def test_what_is_recorded_is_read_somewhere(rule: Any) -> None:
    read = " ".join([*(query.values[0] for query in QUERIES), *(other.expr for other in rules())])
    assert rule.name in read


@pytest.fixture(scope="module")
def lively(stack: Stack) -> Stack:
    """The stack with something to see on every panel: a failed run, a drift, refused requests, people unknown."""
    service = stack.service
    put_champion(service.store, weight=0.01)
    assert eventually(lambda: service.responds("/ready"), patience=30)
    with dg.instance_for_test() as instance:
        place = Place(service.home, instance)
        _automation(place)
        _monitoring(service)
        place.published()
    deadline = time.monotonic() + 2 * LEAST_RANGE
    while time.monotonic() < deadline:
        for body in (BODY, ABROAD, b"{}", b'{"sleep_hours": 99}'):
            service.request("POST", "/predict", body)
        time.sleep(0.1)
    return stack


def _automation(place: Place) -> None:
    place.run()
    place.run(fails=True)
    place.switched_on("watcher", InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    place.tick("watcher", TickStatus.SKIPPED, time.time())
    place.instance.create_run_for_job(place.definitions.resolve_job_def("nightly"))


def _monitoring(service: Service) -> None:
    now = dt.datetime.now(dt.UTC)
    write_result(service.store, "drift", now.date(), {"tasks": {"attack": {"status": "drift"}}}, now=now)
    figures = {"model_accuracy": {"attack": 0.8}, "drift_score": {"sleep_hours": 0.3}, "drift_detected_total": 1}
    service.store.write(gauges.PATH, json.dumps(figures).encode())


@pytest.mark.parametrize("expression", QUERIES)
def test_each_query_is_answered(lively: Stack, expression: str) -> None:
    asked = expression.replace("$__rate_interval", f"{LEAST_RANGE}s")
    found = eventually(lambda: lively.query(asked), patience=20)
    assert found, f"{asked}: no data"
    assert all(series["value"][1] != "NaN" for series in found)

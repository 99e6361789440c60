"""The dashboards are generated from their tables, and a Prometheus that scrapes a real service answers each query."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.scheduler.instigation import InstigatorStatus, InstigatorType, TickStatus

from migraine_assets_tests.platform.rules.monitored import Monitored
from migraine_assets_tests.platform.rules.rule_files import FILES, METRIC, ROOT, rules
from migraine_assets_tests.platform.rules.stack import LEAST_RANGE, PATIENCE, Stack, repeated, serving
from migraine_assets_tests.platform.rules.test_rules import METRICS
from migraine_assets_tests.support.service import BODY
from migraine_assets_tests.support.waiting import eventually
from migraine_assets_tests.unit.defs.automation.automation_home import AutomationHome

DASHBOARDS = {path.stem: json.loads(path.read_text()) for path in sorted((FILES / "dashboards").glob("*.json"))}
PANELS = [(name, panel) for name, dashboard in DASHBOARDS.items() for panel in dashboard["panels"]]
QUERIES = [
    pytest.param(target["expr"], id=f"{name}: {panel['title']} {target['refId']}")
    for name, panel in PANELS
    for target in panel["targets"]
]
OUT_OF_RANGE = json.dumps({"entries": [{"date": "2026-03-01", "sleep_hours": 23.5, "stress_level": 8}]}).encode()


def test_the_files_are_generated_from_the_tables(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(ROOT / "scripts/dashboards.py"), str(tmp_path)], check=True)
    generated = {path.stem: json.loads(path.read_text()) for path in tmp_path.glob("*.json")}
    assert generated == DASHBOARDS, "make dashboards"


def test_there_is_one_for_each_subject() -> None:
    assert set(DASHBOARDS) == {"service", "models", "drift", "pipeline"}
    assert len({dashboard["uid"] for dashboard in DASHBOARDS.values()}) == 4


@pytest.mark.parametrize("name", DASHBOARDS)
def test_panels_do_not_overlap_and_have_descriptions(name: str) -> None:
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
def test_queries_read_only_exported_or_recorded_series(expression: str) -> None:
    assert set(METRIC.findall(expression)) <= METRICS | {rule.name for rule in rules() if not rule.alert}


@pytest.mark.parametrize("rule", [rule for rule in rules() if not rule.alert], ids=lambda rule: rule.name)
def test_each_recorded_series_is_read(rule: Any) -> None:
    read = " ".join([*(query.values[0] for query in QUERIES), *(other.expr for other in rules())])
    assert rule.name in read


@pytest.fixture(scope="module")
def busy(stack: Stack, shifted_window: Monitored) -> Iterator[Stack]:
    """The stack with data for every panel: a failed run, real drift, refused and out-of-range requests."""
    service = serving(stack)
    published = Path(shifted_window.store.root) / "monitoring"
    shutil.copytree(published, Path(service.store.root) / "monitoring", dirs_exist_ok=True)
    with dg.instance_for_test() as instance:
        home = AutomationHome(service.home, instance)
        _automation(home)
        home.published()

    def ask() -> None:
        for body in (BODY, OUT_OF_RANGE, b"{}", b'{"sleep_hours": 99}'):
            service.request("POST", "/predict", body)
        service.request("PUT", "/diaries/anna/days/2026-03-01", b'{"stress_level": 3}')

    with repeated(ask, seconds=0.1):
        yield stack


def _automation(home: AutomationHome) -> None:
    home.run()
    home.run(fails=True)
    home.switched_on("watcher", InstigatorType.SENSOR, InstigatorStatus.RUNNING)
    home.tick("watcher", TickStatus.SKIPPED, time.time())
    home.instance.create_run_for_job(home.definitions.resolve_job_def("nightly"))


@pytest.mark.parametrize("expression", QUERIES)
def test_each_query_is_answered(busy: Stack, expression: str) -> None:
    query = expression.replace("$__rate_interval", f"{LEAST_RANGE}s")

    def answered() -> bool:
        series = busy.query(query)
        return bool(series) and all(one["value"][1] != "NaN" for one in series)

    assert eventually(answered, patience=PATIENCE), f"{query}: {busy.query(query)}"

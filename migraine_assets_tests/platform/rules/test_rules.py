"""Each rule, evaluated by promtool."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from migraine_assets_tests.platform.rules.rule_files import CASES, METRIC, MONITORED, RULES, Rule, alerts, rules, tool
from serving.metrics.names import MetricName
from serving.metrics.registry import names

SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
METRICS = {
    metric.name + suffix
    for metric in vars(names).values()
    if isinstance(metric, MetricName)
    for suffix in SUFFIXES[metric.kind]
}


def test_prometheus_accepts_every_rule() -> None:
    done = subprocess.run([tool("promtool"), "check", "rules", *map(str, RULES)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_the_rules_fire_when_they_should_and_only_then(case: Path, tmp_path: Path) -> None:
    # As text: a Python reader of YAML takes "0x20" for a hexadecimal number.
    (tmp_path / "case.yaml").write_text(f"rule_files: {[str(path) for path in RULES]}\n{case.read_text()}")
    command = (tool("promtool"), "test", "rules", str(tmp_path / "case.yaml"))
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def _expected() -> dict[str, list[bool]]:
    """Return, for each alert, whether it fires in each of its expectations."""
    expectations: dict[str, list[bool]] = {}
    for case in CASES:
        for test in yaml.safe_load(case.read_text())["tests"]:
            for expectation in test.get("alert_rule_test", ()):
                expectations.setdefault(expectation["alertname"], []).append(bool(expectation["exp_alerts"]))
    return expectations


@pytest.mark.parametrize("rule", [rule for rule in alerts() if rule.name not in MONITORED], ids=lambda rule: rule.name)
def test_each_alert_is_shown_firing_and_silent(rule: Rule) -> None:
    assert set(_expected().get(rule.name, ())) == {True, False}


def test_each_case_is_of_an_existing_alert() -> None:
    assert {*_expected(), *MONITORED} == {rule.name for rule in alerts()}


def test_no_name_is_used_twice() -> None:
    assert len({rule.name for rule in rules()}) == len(rules())


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_each_rule_reads_only_exported_or_recorded_series(rule: Rule) -> None:
    read = set(METRIC.findall(re.sub(r'"[^"]*"', "", rule.expr)))
    assert read <= METRICS | {other.name for other in rules() if not other.alert}


@pytest.mark.parametrize("rule", alerts(), ids=lambda rule: rule.name)
def test_each_alert_has_a_severity_a_summary_and_a_description(rule: Rule) -> None:
    assert rule.name.startswith("Migraine")
    assert rule.content["labels"]["severity"] in {"critical", "warning", "info"}
    annotations = rule.content["annotations"]
    assert set(annotations) == {"summary", "description", "runbook_url"}
    assert annotations["description"].endswith(".")
    assert not annotations["summary"].endswith(".")
    assert "{{" not in annotations["summary"], "alerts are grouped and searched by their summary"
